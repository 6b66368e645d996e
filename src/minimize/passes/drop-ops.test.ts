import { describe, expect, test } from 'vitest';
import { type Program, slotsOf } from '../../program/program.ts';
import { dropOps } from './drop-ops.ts';
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

/** A program of so many ops. */
function nullFrees(count: number): string {
  return Array.from({ length: count }, () => 'free null').join('; ');
}

describe('what is offered', () => {
  test('is the program without stretches, from half of it down to one op, from the back', () => {
    const stretches = digits(offers(dropOps, LETTERS)).slice(0, 7);
    expect(stretches).toEqual(['01', '23f', '0123', '012f', '013f', '023f', '123f']);
    expect(offers(dropOps, 'b0 = malloc 0; free b0').slice(0, 2)).toEqual([
      'b0 = malloc 0',
      'free b0',
    ]);
  });

  test('is then the program without each slot', () => {
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

  test('is last the program without any two ops', () => {
    const offered = digits(offers(dropOps, LETTERS));
    for (const pair of ['012', '013', '01f', '023', '02f', '03f', '123', '12f', '13f', '23f']) {
      expect(offered).toContain(pair);
    }
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

  test('has no pairs for programs of more than 24 ops', () => {
    expect(offers(dropOps, nullFrees(24)).length).toBeGreaterThan((24 * 23) / 2);
    expect(offers(dropOps, nullFrees(25)).length).toBeLessThan(100);
  });
});

/** True for an even number of ops that have the mallocs 1 and 2. */
const even = (program: Program): boolean => program.length % 2 === 0 && has(1, 2)(program);

/** True for programs that have malloc 1, and of slot 0 all three ops or none. */
const whole = (program: Program): boolean =>
  has(1)(program) && [0, 3].includes(program.filter((op) => slotsOf(op)[0] === 'b0').length);

describe('what is left', () => {
  test('is what the bug needs', () => {
    const text = Array.from({ length: 50 }, (_, index) => `b${index} = malloc ${index}`).join('; ');
    expect(shrunk(dropOps, text, has(3, 31, 32))).toBe(
      'b3 = malloc 3; b31 = malloc 31; b32 = malloc 32',
    );
  });

  test('is nothing, when the bug needs nothing', () => {
    expect(shrunk(dropOps, LETTERS, () => true)).toBe('');
  });

  test('has no two ops that only go together', () => {
    expect(shrunk(dropOps, `${LETTERS}; free null`, even)).toBe('b1 = malloc 1; b2 = malloc 2');
  });

  test('has no slot that only goes with all its ops', () => {
    const text = 'b0 = malloc 0; b1 = malloc 1; b0 = realloc b0 8; free b0';
    expect(shrunk(dropOps, text, whole)).toBe('b1 = malloc 1');
  });
});
