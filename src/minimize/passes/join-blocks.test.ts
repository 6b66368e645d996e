import { describe, expect, test } from 'vitest';
import { joinBlocks } from './join-blocks.ts';
import { offers, shrunk } from './offers.test-helper.ts';

/** Mallocs of one byte, one after another. */
function mallocs(count: number): string {
  return Array.from({ length: count }, (_, index) => `b${index} = malloc 1`).join('; ');
}

describe('what is offered', () => {
  test.each([
    ['free b0; free b1', []],
    ['b0 = malloc 0; t1: b1 = malloc 0', []],
    ['free null; b0 = malloc 8', []],
    [
      'b0 = malloc 5; b1 = malloc 9',
      [14, 17, 25].flatMap((size) => [`b0 = malloc ${size}`, `b1 = malloc ${size}`]),
    ],
    [
      'b0 = malloc 0; b1 = malloc 0',
      [9, 17].flatMap((size) => [`b0 = malloc ${size}`, `b1 = malloc ${size}`]),
    ],
    ['b0 = malloc 1; b1 = malloc 18446744073709551615; free b1', []],
    [
      'b0 = malloc 8; b0 = realloc b0 100; free b0',
      ['b0 = malloc 100; free b0', 'b0 = malloc 100; free b0'],
    ],
    [
      'free b0; b2 = malloc 4; free b2',
      ['b0 = realloc b0 4; free b0', 'b0 = realloc b0 4; free b0'],
    ],
  ])('for %j', (text, offered) => {
    expect(offers(joinBlocks, text)).toEqual(offered);
  });

  test('drops what is done to the second block until its slot is filled again', () => {
    const offered = offers(
      joinBlocks,
      'b0 = malloc 16; b1 = malloc 16; free b1; b1 = malloc 0; free b1',
    );
    expect(offered).toContain('b0 = malloc 32; b1 = malloc 0; free b1');
  });

  test('for more than 24 ops joins only neighbours', () => {
    const offersPair = 6;
    expect(offers(joinBlocks, mallocs(24))).toHaveLength(((24 * 23) / 2) * offersPair);
    expect(offers(joinBlocks, mallocs(25))).toHaveLength(24 * offersPair);
  });

  test('for no ops is nothing', () => {
    expect(joinBlocks([], () => true)).toEqual([]);
  });
});

test('what is left is one block as large as all of them', () => {
  expect(shrunk(joinBlocks, 'b0 = malloc 8; b1 = malloc 16; b2 = aligned 64 24', () => true)).toBe(
    'b0 = malloc 48',
  );
});
