import { describe, expect, test } from 'vitest';
import type { Size } from '../../base/units.ts';
import type { Op } from '../../program/op.ts';
import { offers, shrunk } from './offers.test-helper.ts';
import { shrinkSizes } from './shrink-sizes.ts';

/** True for an op that asks for at least this many bytes. */
const asks =
  (size: Size) =>
  (op: Op | undefined): boolean =>
    op !== undefined && 'size' in op && op.size >= size;

/** True for an unmap that starts with a page, the sixth or a later one. */
const isWhole = (op: Op | undefined): boolean =>
  op?.kind === 'unmap' && op.offset % 4096 === 0 && op.offset >= 5 * 4096;

describe('what is offered', () => {
  test.each([
    ['free null', []],
    ['b0 = malloc 0', []],
    ['free-inside b0 8', []],
    ['b0 = malloc 1', ['b0 = malloc 0']],
    ['b0 = malloc 5', ['b0 = malloc 0', 'b0 = malloc 1', 'b0 = malloc 3', 'b0 = malloc 4']],
    ['touch brk 4096 1', ['touch brk 0 1', 'touch brk 2048 1', 'touch brk 3072 1']],
    ['b0 = aligned 64 1', ['b0 = aligned 64 0']],
    ['b1 = realloc b0 1', ['b1 = realloc b0 0']],
    ['b0 = calloc 1 2', ['b0 = calloc 1 0', 'b0 = calloc 1 1', 'b0 = calloc 0 2']],
    ['quantum 1', []],
    ['quantum 3', ['quantum 1', 'quantum 2']],
    ['push 8', []],
    ['t1: pop 24', ['t1: pop 8', 't1: pop 16']],
    ['q0 = queue 2', ['q0 = queue 1']],
    ['s0 = semaphore 1', ['s0 = semaphore 0']],
    ['sleep 1', ['sleep 0']],
    ['t1 = spawn thread', []],
    ['t1 = spawn thread 2', ['t1 = spawn thread 0', 't1 = spawn thread 1']],
    ['b0 = malloc 18446744073709551615', ['b0 = malloc 0', 'b0 = malloc 9223372036854775807']],
  ])('for %j starts with', (text, offered) => {
    const unique = [...new Set(offers(shrinkSizes, text))];
    expect(unique.slice(0, Math.max(offered.length, 1))).toEqual(offered);
  });

  test('is first all ops of one size at once, then larger ones with them, then each alone', () => {
    expect(offers(shrinkSizes, 'b0 = malloc 1; b1 = malloc 1; b2 = malloc 2')).toEqual([
      'b0 = malloc 1; b1 = malloc 1; b2 = malloc 0',
      'b0 = malloc 1; b1 = malloc 1; b2 = malloc 1',
      'b0 = malloc 0; b1 = malloc 0; b2 = malloc 2',
      'b0 = malloc 0; b1 = malloc 0; b2 = malloc 1',
      'b0 = malloc 0; b1 = malloc 1; b2 = malloc 2',
      'b0 = malloc 1; b1 = malloc 0; b2 = malloc 2',
      'b0 = malloc 1; b1 = malloc 1; b2 = malloc 0',
      'b0 = malloc 1; b1 = malloc 1; b2 = malloc 1',
    ]);
  });

  test('for no ops is nothing', () => {
    expect(shrinkSizes([], () => true)).toEqual([]);
  });
});

describe('what is left', () => {
  test('of two sizes that have to lie so far apart has both at the bottom', () => {
    const text = 'b0 = malloc 5000; b1 = malloc 4992';
    const left = shrunk(shrinkSizes, text, ([first, second]) => {
      const [a, b] = [first, second].map((op) => (op?.kind === 'malloc' ? Number(op.size) : NaN));
      return a === b! + 8 && b! >= 100;
    });
    expect(left).toBe('b0 = malloc 108; b1 = malloc 100');
  });

  test('of two sizes that have to lie so far apart, with one between them that stays, has both at the bottom', () => {
    const text = 'b0 = malloc 5040; b1 = malloc 5000; b2 = malloc 4000';
    const left = shrunk(shrinkSizes, text, (program) => {
      const [a, b, c] = program.map((op) => (op.kind === 'malloc' ? Number(op.size) : NaN));
      return a! - c! >= 1024 && a! - c! <= 1056 && b === 5000 && c! >= 100;
    });
    expect(left).toBe('b0 = malloc 1124; b1 = malloc 5000; b2 = malloc 100');
  });

  test.each([0, 1, 2, 9, 4081, 131_049, 2 ** 32 + 1, 2 ** 53 - 1, 2n ** 53n + 1n, 2n ** 64n - 9n])(
    'of the largest size is %s, when the bug needs as much',
    (size) => {
      expect(
        shrunk(shrinkSizes, 'b0 = malloc 18446744073709551615', ([op]) => asks(size)(op)),
      ).toBe(`b0 = malloc ${size}`);
    },
  );

  test('of a number that has to be whole pages is the fewest pages', () => {
    expect(shrunk(shrinkSizes, 'unmap brk 45056 0', ([op]) => isWhole(op))).toBe(
      'unmap brk 20480 0',
    );
  });

  test('of two sizes that have to be equal is equal', () => {
    const equal = shrunk(
      shrinkSizes,
      'b0 = malloc 700; b1 = malloc 700',
      ([a, b]) => asks(25)(a) && 'size' in b! && 'size' in a! && a.size === b.size,
    );
    expect(equal).toBe('b0 = malloc 25; b1 = malloc 25');
  });

  test('of two sizes that need not be equal is different', () => {
    const different = shrunk(
      shrinkSizes,
      'b0 = malloc 700; b1 = malloc 700',
      ([a, b]) => asks(25)(a) && asks(40)(b),
    );
    expect(different).toBe('b0 = malloc 25; b1 = malloc 40');
  });

  test('of count and size is the least of each', () => {
    const product = shrunk(
      shrinkSizes,
      'b0 = calloc 100 300',
      ([op]) => op?.kind === 'calloc' && op.count >= 3 && op.size >= 7,
    );
    expect(product).toBe('b0 = calloc 3 7');
  });

  test('keeps alignments and offsets as they are', () => {
    expect(shrunk(shrinkSizes, 'b0 = aligned 64 9; free-inside b0 8', () => true)).toBe(
      'b0 = aligned 64 0; free-inside b0 8',
    );
  });
});
