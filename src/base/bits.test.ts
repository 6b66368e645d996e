import { expect, test } from 'vitest';
import { isPowerOfTwo, powerDividing, roundDown, roundUp } from './bits.ts';

test.each([1, 2, 4, 4096, 2 ** 30, 2 ** 31, 2 ** 47])('%d is a power of two', (value) => {
  expect(isPowerOfTwo(value)).toBe(true);
});

test.each([0, 0.5, 1.5, 3, 6, -2, 2 ** 30 - 1, NaN, Infinity])('%d is none', (value) => {
  expect(isPowerOfTwo(value)).toBe(false);
});

/** At both sides of 2^30, where the arithmetic changes from 32-bit operations to divisions. */
test.each([
  { value: 0, step: 8, down: 0, up: 0 },
  { value: 1, step: 8, down: 0, up: 8 },
  { value: 8, step: 8, down: 8, up: 8 },
  { value: 9, step: 1, down: 9, up: 9 },
  { value: 4097, step: 4096, down: 4096, up: 8192 },
  { value: 1, step: 2 ** 30, down: 0, up: 2 ** 30 },
  { value: 2 ** 30 - 1, step: 16, down: 2 ** 30 - 16, up: 2 ** 30 },
  { value: 2 ** 30 - 1, step: 2 ** 30, down: 0, up: 2 ** 30 },
  { value: 2 ** 30, step: 16, down: 2 ** 30, up: 2 ** 30 },
  { value: 2 ** 30 + 1, step: 16, down: 2 ** 30, up: 2 ** 30 + 16 },
  { value: 2 ** 32 + 1, step: 4096, down: 2 ** 32, up: 2 ** 32 + 4096 },
  { value: 2 ** 52 + 1, step: 16, down: 2 ** 52, up: 2 ** 52 + 16 },
])('$value lies between $down and $up, multiples of $step', ({ value, step, down, up }) => {
  expect(roundDown(value, step)).toBe(down);
  expect(roundUp(value, step)).toBe(up);
});

test.each([
  [1, 1],
  [24, 8],
  [4097, 1],
  [3 * 2 ** 31, 2 ** 31],
  [2 ** 47, 2 ** 47],
  [2 ** 53 - 1, 1],
])('%d is divided by %d, and by no larger power of two', (value, power) => {
  expect(powerDividing(value)).toBe(power);
});
