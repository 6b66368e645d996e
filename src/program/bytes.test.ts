import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { decodeProgram, encodeProgram } from './bytes.ts';
import { type BlockOp, SLOTS_LIMIT } from './op.ts';
import { printOp } from './text.ts';

function decode(...bytes: readonly number[]): readonly BlockOp[] {
  return decodeProgram(Uint8Array.from(bytes));
}

/** Ops at the edges of what an op can hold, beside their bytes. */
const EDGES: readonly (readonly [op: BlockOp, bytes: string])[] = [
  [{ kind: 'malloc', slot: 0, size: 0 }, '00 00'],
  [{ kind: 'malloc', slot: 30, size: 127 }, 'f0 7f'],
  [{ kind: 'malloc', slot: 31, size: 128 }, 'f8 01 80 01'],
  [{ kind: 'malloc', slot: SLOTS_LIMIT - 1, size: 1 }, 'f8 e1 ff 3f 01'],
  [{ kind: 'malloc', slot: 0, size: 2 ** 53 - 1 }, '00 ff ff ff ff ff ff ff 0f'],
  [{ kind: 'malloc', slot: 0, size: 2n ** 53n }, '00 80 80 80 80 80 80 80 10'],
  [{ kind: 'malloc', slot: 0, size: 2n ** 64n - 1n }, '00 ff ff ff ff ff ff ff ff ff 01'],
  [{ kind: 'free', slot: 2 }, '11'],
  [{ kind: 'free', slot: null }, 'f9 00'],
  [{ kind: 'free', slot: 31 }, 'f9 01'],
  [{ kind: 'realloc', slot: 1, source: 1, size: 40 }, '0a 28'],
  [{ kind: 'realloc', slot: 1, source: null, size: 40 }, '0f 00 28'],
  [{ kind: 'realloc', slot: 1, source: 0, size: 40 }, '0f 01 28'],
  [{ kind: 'realloc', slot: 40, source: 40, size: 1 }, 'fa 0a 01'],
  [{ kind: 'realloc', slot: 0, source: SLOTS_LIMIT - 1, size: 1 }, '07 80 80 40 01'],
  [{ kind: 'calloc', slot: 0, count: 2n ** 63n, size: 3 }, '03 80 80 80 80 80 80 80 80 80 01 03'],
  [{ kind: 'aligned', slot: 0, alignment: 1, size: 5 }, '04 00 05'],
  [{ kind: 'aligned', slot: 0, alignment: 2 ** 30, size: 5 }, '04 1e 05'],
  [{ kind: 'double-free', slot: 3 }, '1d'],
  [{ kind: 'free-inside', slot: 3, offset: 1 }, '1e 00 00'],
  [{ kind: 'free-inside', slot: 0, offset: 2 ** 53 - 1 }, '06 00 fe ff ff ff ff ff ff 0f'],
  [{ kind: 'write-freed', slot: 3, offset: 0 }, '1e 01 00'],
  [{ kind: 'write-freed', slot: 0, offset: 2 ** 53 - 1 }, '06 01 ff ff ff ff ff ff ff 0f'],
  [{ kind: 'free-foreign', slot: null, offset: 0 }, '06 02 00'],
  [{ kind: 'free-foreign', slot: null, offset: -1 }, '06 02 01'],
  [{ kind: 'free-foreign', slot: null, offset: 2 ** 53 - 1 }, '06 02 fe ff ff ff ff ff ff 1f'],
  [{ kind: 'free-foreign', slot: null, offset: 1 - 2 ** 53 }, '06 02 fd ff ff ff ff ff ff 1f'],
];

describe('an op', () => {
  test.each(EDGES.map(([op, hex]) => [printOp(op), hex, op] as const))(
    '%s is the bytes %s',
    (_, hex, op) => {
      const bytes = encodeProgram([op]);
      expect(Buffer.from(bytes).toString('hex')).toBe(hex.replaceAll(' ', ''));
      expect(decodeProgram(bytes)).toEqual([op]);
    },
  );

  test('of the edges in one program decode in order', () => {
    const program = EDGES.map(([op]) => op);
    expect(decodeProgram(encodeProgram(program))).toEqual(program);
  });

  test('with an alignment that is no power of two has no bytes', () => {
    const op: BlockOp = { kind: 'aligned', slot: 0, alignment: 24, size: 1 };
    expect(() => encodeProgram([op])).toThrow('an alignment is a power of two');
  });
});

test('an op of no kind is a bug of ours', () => {
  const op: BlockOp = JSON.parse('{"kind": "mend", "slot": 0}');
  expect(() => encodeProgram([op])).toThrow(KitBug);
});

describe('bytes', () => {
  test('without any are the empty program', () => {
    expect(decode()).toEqual([]);
  });

  test('that end inside an op read zeros from there on', () => {
    expect(decode(0x03, 0x05)).toEqual([{ kind: 'calloc', slot: 0, count: 5, size: 0 }]);
    expect(decode(0x00, 0x85)).toEqual([{ kind: 'malloc', slot: 0, size: 5 }]);
    expect(decode(0x04)).toEqual([{ kind: 'aligned', slot: 0, alignment: 1, size: 0 }]);
  });

  test('of a null where an op takes none read as slot 0', () => {
    expect(decode(0xf8, 0x00, 0x09)).toEqual([{ kind: 'malloc', slot: 0, size: 9 }]);
  });

  test('of numbers out of range wrap around', () => {
    expect(decode(0x04, 32, 1)).toEqual([{ kind: 'aligned', slot: 0, alignment: 2, size: 1 }]);
    const ones = Array<number>(9).fill(0xff);
    const [realloc] = decode(0x07, ...ones, 0x01, 0x00);
    expect(realloc).toMatchObject({
      kind: 'realloc',
      source: Number((2n ** 64n - 1n) % (2n ** 20n + 1n)) - 1,
    });
  });

  test('of a number end at the tenth, whose upper bits are lost', () => {
    const ones = Array<number>(10).fill(0xff);
    expect(decode(0x00, ...ones, 0x11)).toEqual([
      { kind: 'malloc', slot: 0, size: 2n ** 64n - 1n },
      { kind: 'free', slot: 2 },
    ]);
  });
});

test('decode undoes encode for every program that bytes can say', () => {
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x00, 0x80, 0xf8, 0xff));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
      const program = decode(...bytes);
      const encoded = encodeProgram(program);
      expect(decodeProgram(encoded)).toEqual(program);
      expect(program.length).toBeLessThanOrEqual(bytes.length);
    }),
    { seed: 0xb17e5, numRuns: 500 },
  );
});
