/** Statistics against figures that others published. */
import { describe, expect, test } from 'vitest';
import { a12, holm, kaplanMeier, mannWhitney, median } from './statistics.ts';

/** Ages at which diabetes was found, from the example in SciPy's documentation of `mannwhitneyu`. */
const MALES = [19, 22, 16, 29, 24];
const FEMALES = [20, 11, 17, 12];

describe('the test of Mann and Whitney', () => {
  test('gives the U and the p of the example in SciPy', () => {
    const { u, p } = mannWhitney(MALES, FEMALES);
    expect(u).toBe(17);
    expect(p).toBeCloseTo(0.11134688653314041, 12);
  });

  test('gives both samples together as many pairs as there are, and the same p', () => {
    const other = mannWhitney(FEMALES, MALES);
    expect(other.u).toBe(5 * 4 - 17);
    expect(other.p).toBeCloseTo(0.11134688653314041, 12);
  });

  test('lowers the variance for ties', () => {
    // By hand: U is 2 of 9, four ties make 4^3 - 4 = 60, and so the variance is 9 / 12 * (7 - 60 / 30).
    const { u, p } = mannWhitney([1, 2, 2], [2, 2, 3]);
    expect(u).toBe(2);
    const z = (4.5 - 2 - 0.5) / Math.sqrt((9 / 12) * (7 - 60 / 30));
    expect(z).toBeCloseTo(1.0328, 4);
    expect(p).toBeCloseTo(0.3017, 4);
  });

  test('knows the far tails of the normal curve, as erfc of the C library gives them', () => {
    const { p } = mannWhitney(range(0, 26), range(26, 52));
    expect(p / 6.547526643655674e-10).toBeCloseTo(1, 9);
  });

  test('finds nothing in samples that are all the same', () => {
    expect(mannWhitney([5, 5], [5, 5, 5])).toEqual({ u: 3, p: 1 });
  });
});

test('A12 is the share of pairs in which the first is larger, ties as half', () => {
  expect(a12(MALES, FEMALES)).toBe(17 / 20);
  expect(a12([1, 2], [2, 3])).toBe(0.5 / 4);
  expect(a12([7], [7])).toBe(0.5);
});

test('Holm gives the adjusted p of the example in Wikipedia, "Holm-Bonferroni method"', () => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  for (const [index, expected] of [0.03, 0.06, 0.06, 0.02].entries())
    expect(adjusted[index]).toBeCloseTo(expected, 12);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

test('Kaplan and Meier: the share in remission under 6-MP, of Freireich et al., 1963', () => {
  // As in Kleinbaum and Klein, "Survival Analysis", chapter 2.
  const ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
  const censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
  const steps = kaplanMeier([
    ...ended.map((time) => ({ time, ended: true })),
    ...censored.map((time) => ({ time, ended: false })),
  ]);
  expect(steps.map(({ time, share }) => [time, Number(share.toFixed(4))])).toEqual([
    [6, 0.8571],
    [7, 0.8067],
    [10, 0.7529],
    [13, 0.6902],
    [16, 0.6275],
    [22, 0.5378],
    [23, 0.4482],
  ]);
});

test('a median is the middle one, or lies between the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
