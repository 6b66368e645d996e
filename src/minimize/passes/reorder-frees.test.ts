import { describe, expect, test } from 'vitest';
import type { Program } from '../../program/program.ts';
import { line, offers, ops, shrunk } from './offers.test-helper.ts';
import { reorderFrees } from './reorder-frees.ts';

/** The slots of what is offered for mallocs of nothing into these slots. */
function slotsOffered(slots: readonly number[]): readonly string[] {
  const text = slots.map((slot) => `b${slot} = malloc 0`).join('; ');
  return offers(reorderFrees, text).map((offered) => slotsOf(ops(offered)));
}

function slotsOf(program: Program): string {
  return program.map((op) => ('slot' in op ? op.slot : '')).join('');
}

describe('what is offered', () => {
  test('has the block of a free in the first slot, and the others a slot further on', () => {
    const text = 'b0 = malloc 8; b1 = malloc 8; b1 = realloc b1 9; free b1; b1 = malloc 7; brk 8';
    expect(offers(reorderFrees, text)).toEqual([
      'b1 = malloc 8; b0 = malloc 8; b0 = realloc b0 9; b2 = malloc 7; brk 8',
    ]);
  });

  test('of three allocations is any two, in any order', () => {
    expect(slotsOffered([0, 1, 2])).toEqual(['01', '10', '01', '10', '01', '10']);
  });

  test('of five is any four in all 24 orders, of six each with one block moved', () => {
    const five = slotsOffered([9, 1, 4, 2, 3]);
    expect([five.length, new Set(five).size]).toEqual([5 * 24, 24]);
    const six = new Set(slotsOffered([0, 1, 2, 3, 4, 5]));
    expect(six).toContain('04123');
    expect(six).not.toContain('43210');
    expect(six.size).toBe(1 + 4 * 4);
  });

  test('of an allocation and a free null is the allocation', () => {
    expect(offers(reorderFrees, 'free null; b3 = calloc 1 2')).toEqual(['b0 = calloc 1 2']);
  });

  test.each([
    ['more than 10 ops', Array.from({ length: 11 }, (_, n) => `b${n} = malloc 0`).join('; ')],
    ['threads', 't1: b0 = malloc 0; b1 = malloc 0'],
    ['two ops that are none', 'brk 8; brk 9; b0 = malloc 8'],
    ['one slot filled twice', 'b0 = malloc 0; b0 = malloc 0; b0 = malloc 0'],
  ])('for a program of %s is nothing', (_name, text) => {
    expect(offers(reorderFrees, text)).toEqual([]);
  });
});

/** True when the blocks of the first two slots come in the other order, and one of the third. */
const isReordered = (program: Program): boolean =>
  slotsOf(program).includes('2') && slotsOf(program).includes('10');

test('what is left is in an order that shows the bug, or is what it was', () => {
  expect(
    shrunk(reorderFrees, 'b0 = malloc 0; b1 = malloc 0; b2 = malloc 0; b3 = malloc 0', isReordered),
  ).toBe('b1 = malloc 0; b0 = malloc 0; b2 = malloc 0');
  expect(shrunk(reorderFrees, 'b0 = malloc 0; free b0', () => false)).toBe(
    line(ops('b0 = malloc 0; free b0')),
  );
});
