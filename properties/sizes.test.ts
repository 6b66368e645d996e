import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Size } from '../src/base/units.ts';
import type { Target } from '../src/check/target.ts';
import { sizesFor, type SizeWeights } from './sizes.ts';

/** The sizes that come up for a target with these parts. */
function sizesOf(weights: SizeWeights, parts: Partial<Target> = {}): ReadonlySet<Size> {
  const target = { name: 'none', promises: {}, malloc: () => null, free: () => true, ...parts };
  return new Set(fc.sample(sizesFor(target, weights), { seed: 0x512e, numRuns: 4000 }));
}

test('sizes near powers of two come up a little below, at and above', () => {
  const sizes = sizesOf({ nearPowers: 1 });
  for (const size of [0, 8, 15, 16, 17, 24, 4080, 4095, 4096, 4097, 131_072]) {
    expect(sizes).toContain(size);
  }
});

test('a sweep comes to most sizes below 4096, and to none above', () => {
  const sizes = [...sizesOf({ sweep: 1 })];
  expect(Math.max(...sizes.map(Number))).toBeLessThan(4096);
  expect(sizes.length).toBeGreaterThan(2000);
});

test('huge sizes come up where number types end', () => {
  const sizes = sizesOf({ huge: 1 }, { promises: { sizeMax: 2n ** 64n - 1n } });
  const ends = [2 ** 32 - 1, 2 ** 32 + 64, 2 ** 36 + 64, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n];
  for (const size of ends) expect(sizes).toContain(size);
});

test('no size exceeds what a target can express', () => {
  const every = { zero: 1, small: 1, nearPowers: 1, medium: 1, large: 1, thresholds: 1, huge: 1 };
  const promises = { sizeMax: 100, returnsFrom: 96 };
  const sizes = [...sizesOf({ ...every, filling: 1 }, { promises })];
  expect(sizes.every((size) => size <= 100)).toBe(true);
  expect(sizes).toContain(97);
});

test('thresholds are what the target promises, and none without a promise', () => {
  const sizes = sizesOf({ thresholds: 1 }, { promises: { returnsFrom: 5000, recovers: 700 } });
  for (const size of [4999, 5000, 5001, 10_000, 700, 684]) expect(sizes).toContain(size);
  expect([...sizesOf({ thresholds: 1 })]).toEqual([0]);
});

test('a few filling sizes fill what lies within the bounds', () => {
  const sizes = [...sizesOf({ filling: 1 }, { bounds: { start: 4096, end: 4096 + 6400 } })];
  expect(sizes).toContain(6400 / 8);
  expect(sizes.every((size) => size <= 6400 / 8)).toBe(true);
});
