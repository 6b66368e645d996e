/** The entry for byte fuzzers: any bytes run, and those of the program that shows the bug throw. */
import { encodeProgram, parseProgram } from 'heapcheck';
import { expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import type { BlockOp } from '../src/program/op.ts';
import { fuzz } from './fuzz-bytes.js';

/** A freed block with a gap at both sides, and then two blocks in the gap that is listed twice. */
const PROGRAM = `heapcheck program 1
b0 = malloc 0
b1 = malloc 0
b2 = malloc 0
free b1
free b2
b3 = malloc 16
free b0
b4 = malloc 16`;

const BYTES = encodeProgram(parseProgram(PROGRAM, 'text.ops').program as readonly BlockOp[]);

/** What bytes throw. */
function thrownBy(bytes: Uint8Array): string | undefined {
  try {
    fuzz(bytes);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('bytes of a program that breaks a law throw, with the law in front; without its last op they do not', () => {
  const broken = /^blocks-stay-apart: malloc\(16\) returned .+, expected a range/;
  expect(thrownBy(BYTES)).toMatch(broken);
  expect(thrownBy(BYTES.subarray(0, -2))).toBeUndefined();
  expect(thrownBy(BYTES)).toMatch(broken);
});

test('with any byte changed they run to their end or break the same law, some of them each', () => {
  const prng = new Prng(1);
  const thrown = Array.from({ length: 500 }, () => {
    const bytes = BYTES.slice();
    bytes[prng.below(bytes.length)] = prng.below(256);
    return thrownBy(bytes)?.split(':')[0];
  });
  expect(new Set(thrown)).toEqual(new Set([undefined, 'blocks-stay-apart']));
});

test('random bytes run, and so do none', () => {
  const prng = new Prng(1);
  const lengths = [0, ...Array.from({ length: 40 }, () => prng.below(256))];
  const thrown = lengths.map((length) =>
    thrownBy(Uint8Array.from({ length }, () => prng.below(256))),
  );
  expect(thrown.filter((message) => message !== undefined)).toEqual([]);
});
