import { describe, expect, test } from 'vitest';
import type { Size } from '../base/units.ts';
import { LiveBlocks } from './live-blocks.ts';

const NO_COUNTS = { opsCount: 0, linesPassedOverCount: 0 };

function blocksOf(...sizes: readonly Size[]): LiveBlocks {
  const blocks = new LiveBlocks();
  for (const [key, size] of sizes.entries()) blocks.add(key, { slot: key, size, line: 1 });
  return blocks;
}

describe('LiveBlocks', () => {
  test('peaks where the most bytes live, not at the end', () => {
    const blocks = blocksOf(10, 20);
    blocks.remove(0);
    blocks.add(2, { slot: 0, size: 5, line: 2 });
    expect(blocks.summary(NO_COUNTS)).toEqual({
      ...NO_COUNTS,
      blocksCount: 3,
      peakBytes: 30,
      leftCount: 2,
      leftBytes: 25,
    });
  });

  test('counts a replaced block once, with its new size, under its new key', () => {
    const blocks = blocksOf(10);
    blocks.replace(0, 7, { slot: 0, size: 4, line: 2 });
    expect(blocks.get(0)).toBeUndefined();
    expect(blocks.get(7)).toEqual({ slot: 0, size: 4, line: 2 });
    expect(blocks.summary(NO_COUNTS)).toMatchObject({
      blocksCount: 1,
      peakBytes: 10,
      leftBytes: 4,
    });
  });

  test.each<[Size, Size, Size]>([
    [2 ** 53 - 1, 1, 2n ** 53n],
    [2n ** 53n + 1n, 2, 2n ** 53n + 3n],
    [2n ** 64n - 1n, 2n ** 64n - 1n, 2n ** 65n - 2n],
  ])('adds %s and %s without loss, and takes them off again', (first, second, sum) => {
    const blocks = blocksOf(first, second);
    expect(blocks.summary(NO_COUNTS)).toMatchObject({ peakBytes: sum, leftBytes: sum });
    blocks.remove(0);
    expect(blocks.summary(NO_COUNTS).leftBytes).toBe(second);
    blocks.remove(1);
    expect(blocks.summary(NO_COUNTS).leftBytes).toBe(0);
  });
});
