import { describe, expect, test } from 'vitest';
import { type Program, slotsOf } from '../../program/program.ts';
import { dropMost, dropOps } from './drop-ops.ts';
import { offers, shrunk } from './offers.test-helper.ts';

const LETTERS = 'b0 = malloc 0; b1 = malloc 1; b2 = malloc 2; b3 = malloc 3; free b0';

/** A program as digits: the sizes of its mallocs, and `f` for a free. */
function digits(program: readonly string[]): readonly string[] {
  return program.map((text) =>
    text
      .split('; ')
      .map((op) => (op.startsWith('free') ? 'f' : op.at(-1)))
      .join(''),
  );
}

/** True for programs that have a malloc of each of these sizes. */
const has =
  (...sizes: readonly number[]) =>
  (program: Program): boolean =>
    sizes.every((wanted) => program.some((op) => op.kind === 'malloc' && op.size === wanted));

/** Mallocs of 0, 1, 2 and so on bytes. */
function rising(count: number): string {
  return Array.from({ length: count }, (_, index) => `b${index} = malloc ${index}`).join('; ');
}

describe('what is offered to drop most', () => {
  test('is the last op alone, the last two, four and so on, then what lacks long stretches', () => {
    const offered =
      '8 78 5678 12345678 0128 345678 0123458 0123678 0145678 2345678 ' +
      '01234567 01234568 01234578 01234678 01235678 01245678 01345678 02345678 12345678';
    expect(digits(offers(dropMost, rising(9)))).toEqual(offered.split(' '));
  });

  test('of 50 ops is 6 ends, and the program without stretches of 25, 12 and 6 ops', () => {
    expect(offers(dropMost, rising(50))).toHaveLength(6 + 2 + 5 + 9);
  });

  test('is nothing for no ops and for one op', () => {
    expect(dropMost([], () => true)).toEqual([]);
    expect(offers(dropMost, 'free null')).toEqual(['']);
  });
});

describe('what is offered to drop ops', () => {
  test('is the program without stretches, from half of it down to one op, from the back', () => {
    const stretches = digits(offers(dropOps, LETTERS)).slice(0, 7);
    expect(stretches).toEqual(['0f', '123f', '0123', '012f', '013f', '023f', '123f']);
    expect(offers(dropOps, 'b0 = malloc 0; free b0').slice(0, 2)).toEqual([
      'b0 = malloc 0',
      'free b0',
    ]);
  });

  test('is then the program without each block, with all that is done to it while it lives', () => {
    const text =
      'b0 = malloc 0; b0 = realloc b0 8; free b0; b0 = malloc 1; b1 = malloc 2; free b0; free b1';
    const offered = offers(dropOps, text);
    expect(offered).toContain('b0 = malloc 1; b1 = malloc 2; free b0; free b1');
    expect(offered).toContain('b0 = malloc 0; b0 = realloc b0 8; free b0; b1 = malloc 2; free b1');
  });

  test('is the program without each area, with all that is done to it until its slot has another', () => {
    const text =
      'a0 = map 1; store a0 0 1; touch a0 0 9; a0 = map-at a0 9 1; load a0 0 1; load a0 1 1; brk 8';
    const offered = offers(dropOps, text);
    expect(offered).toContain('a0 = map-at a0 9 1; load a0 0 1; load a0 1 1; brk 8');
    expect(offered).toContain('a0 = map 1; store a0 0 1; touch a0 0 9; brk 8');
  });

  test('is the program without each slot', () => {
    const text =
      'b0 = malloc 0; b1 = malloc 1; b0 = realloc b0 8; b2 = realloc b1 9; free b0; free b2';
    const offered = offers(dropOps, text);
    expect(offered).toContain('b1 = malloc 1; b2 = realloc b1 9; free b2');
    expect(offered).toContain('b0 = malloc 0; b0 = realloc b0 8; free b0; free b2');
    expect(offered).toContain('b0 = malloc 0; b1 = malloc 1; b0 = realloc b0 8; free b0');
  });

  test('is the program without each thread, with all that it does', () => {
    const text = 't1 = spawn thread; yield; t1: yield; join t1; t1: exit; t2 = spawn process';
    expect(offers(dropOps, text)).toContain('yield; t2 = spawn process');
  });

  test('is never as long as the program', () => {
    for (const text of [LETTERS, 'free null', 'b0 = malloc 0; free b0; free null']) {
      const length = text.split(';').length;
      for (const offered of offers(dropOps, text)) {
        expect(offered === '' ? 0 : offered.split(';').length).toBeLessThan(length);
      }
    }
  });

  test('for no ops is nothing, and for one op is no op', () => {
    expect(dropOps([], () => true)).toEqual([]);
    expect(offers(dropOps, 'free null')).toEqual(['']);
  });
});

/** True for programs that have malloc 1, and of slot 0 all three ops or none. */
const whole = (program: Program): boolean =>
  has(1)(program) && [0, 3].includes(program.filter((op) => slotsOf(op)[0] === 'b0').length);

describe('what is left', () => {
  test('is what the bug needs', () => {
    expect(shrunk(dropOps, rising(50), has(3, 31, 32))).toBe(
      'b3 = malloc 3; b31 = malloc 31; b32 = malloc 32',
    );
  });

  test('of most is the end, where the bug needs no more', () => {
    expect(shrunk(dropMost, rising(50), has(47, 49))).toBe(
      'b46 = malloc 46; b47 = malloc 47; b48 = malloc 48; b49 = malloc 49',
    );
  });

  test('is nothing, when the bug needs nothing', () => {
    expect(shrunk(dropOps, LETTERS, () => true)).toBe('');
  });

  test('has no slot that only goes with all its ops', () => {
    const text = 'b0 = malloc 0; b1 = malloc 1; b0 = realloc b0 8; free b0';
    expect(shrunk(dropOps, text, whole)).toBe('b1 = malloc 1');
  });
});
