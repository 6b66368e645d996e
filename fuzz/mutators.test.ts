import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { decodeProgram, encodeProgram } from '../src/program/bytes.ts';
import { BLOCK_OP_KINDS, type BlockOp, type Op } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, printProgram } from '../src/program/text.ts';
import { blockPrograms } from './block-programs.ts';
import type { DrawProgram } from './draw-program.ts';
import { mutate, MUTATORS } from './mutators.ts';
import { pagePrograms } from './page-programs.ts';
import { threadPrograms } from './thread-programs.ts';

const FAMILIES: readonly (readonly [string, DrawProgram])[] = [
  ['blocks', blockPrograms(BLOCK_OP_KINDS)],
  ['pages', pagePrograms(4096)],
  ['threads', threadPrograms(64)],
];

/** Each program of a family, and what one mutation made of it. */
function mutations(draw: DrawProgram, seeds = 300): readonly (readonly [Program, Program])[] {
  return Array.from({ length: seeds }, (_, seed) => {
    const prng = new Prng(seed);
    const program = draw(prng, 24);
    return [program, mutate(program, { prng, other: draw(prng, 24), opsMax: 40 })] as const;
  });
}

const text = (op: Op): string => printProgram([op]);

describe.each(FAMILIES)('a program of %s, mutated', (_, draw) => {
  const all = mutations(draw);

  test('reads as it prints: every number may stand where it does', () => {
    for (const [, mutated] of all)
      expect(parseProgram(printProgram(mutated), 'mutated.ops').program).toEqual(mutated);
  });

  test('has no more ops than it may, and mostly others than before', () => {
    expect(Math.max(...all.map(([, { length }]) => length))).toBeLessThanOrEqual(40);
    const changed = all.filter(([before, after]) => printProgram(before) !== printProgram(after));
    expect(changed.length).toBeGreaterThan(250);
  });

  test('still has most of its ops', () => {
    const shares = all.map(([before, after]) => {
      const texts = new Set(after.map((op) => text(op)));
      return before.filter((op) => texts.has(text(op))).length / before.length;
    });
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.5);
  });

  test('is the same for the same numbers', () => {
    expect(mutations(draw, 20)).toEqual(all.slice(0, 20));
  });
});

test('programs of blocks can be written as bytes still', () => {
  for (const [, mutated] of mutations(FAMILIES[0]![1]))
    expect(decodeProgram(encodeProgram(mutated as readonly BlockOp[]))).toEqual(mutated);
});

test.each(MUTATORS.map((mutator) => [mutator.name, mutator] as const))(
  '%s makes a program of none, and changes one of a few ops',
  (_, mutator) => {
    const program = blockPrograms(['malloc', 'free'])(new Prng(14), 12);
    const material = { prng: new Prng(1), other: [], opsMax: 40 };
    expect(mutator([], material)).toEqual([]);
    const other = blockPrograms(['calloc', 'free'])(new Prng(5), 12);
    const made = Array.from({ length: 40 }, () => mutator(program, { ...material, other }));
    const others = made.filter((each) => printProgram(each) !== printProgram(program));
    expect(others.length).toBeGreaterThan(9);
  },
);
