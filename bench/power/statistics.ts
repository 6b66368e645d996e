import { assert } from '../../src/base/kit-bug.ts';

/** Two samples compared by ranks. */
export interface RankTest {
  /** Pairs in which the number of `a` is the larger one, ties as half. */
  readonly u: number;
  /** How likely ranks this uneven are, both ways, if both samples come from one distribution. */
  readonly p: number;
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  assert(numbers.length > 0, 'a median is of some numbers');
  const sorted = numbers.toSorted((x, y) => x - y);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * The test of Mann and Whitney by its normal approximation, with continuity correction and with the variance lowered for
 * ties, which censored trials are.
 *
 * Source: Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other",
 * 1947; Hollander and Wolfe, "Nonparametric Statistical Methods", for ties.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): RankTest {
  const u = pairsAbove(a, b);
  const total = a.length + b.length;
  const ties = tieSizes([...a, ...b]).reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = ((a.length * b.length) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance === 0) return { u, p: 1 };
  const distance = Math.max(0, Math.abs(u - (a.length * b.length) / 2) - 0.5);
  return { u, p: complementaryError(distance / Math.sqrt(2 * variance)) };
}

/**
 * How likely a number of `a` is larger than one of `b`, a tie as half: 0.5 where neither is, 1 where each is.
 *
 * Source: Vargha and Delaney, "A Critique and Improvement of the CL Common Language Effect Size Statistics", 2000.
 */
export function a12(a: readonly number[], b: readonly number[]): number {
  return pairsAbove(a, b) / (a.length * b.length);
}

/**
 * Probabilities raised so that, of all tests together, one in 1/alpha batches has a false alarm at the most.
 *
 * Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
 */
export function holm(probabilities: readonly number[]): readonly number[] {
  const order = [...probabilities.keys()].toSorted((x, y) => probabilities[x]! - probabilities[y]!);
  const adjusted = [...probabilities];
  let least = 0;
  for (const [rank, index] of order.entries()) {
    least = Math.max(least, Math.min(1, probabilities[index]! * (order.length - rank)));
    adjusted[index] = least;
  }
  return adjusted;
}

/** When something ended, or up to when it had not. */
export interface Lifetime {
  readonly time: number;
  /** False for one that was watched no longer. */
  readonly ended: boolean;
}

/** From `time` on, this share is left. */
export interface SurvivalStep {
  readonly time: number;
  readonly share: number;
}

/**
 * The share that is left after each time at which something ended.
 *
 * Source: Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", 1958.
 */
export function kaplanMeier(lifetimes: readonly Lifetime[]): readonly SurvivalStep[] {
  const times = new Set(lifetimes.filter(({ ended }) => ended).map(({ time }) => time));
  let share = 1;
  return [...times]
    .toSorted((x, y) => x - y)
    .map((time) => {
      const atRisk = lifetimes.filter((each) => each.time >= time).length;
      const endedCount = lifetimes.filter((each) => each.ended && each.time === time).length;
      share *= 1 - endedCount / atRisk;
      return { time, share };
    });
}

function pairsAbove(a: readonly number[], b: readonly number[]): number {
  const above = (x: number): number =>
    b.reduce((sum, y) => sum + (x === y ? 0.5 : Number(x > y)), 0);
  return a.reduce((sum, x) => sum + above(x), 0);
}

function tieSizes(numbers: readonly number[]): readonly number[] {
  const sizes = new Map<number, number>();
  for (const number of numbers) sizes.set(number, (sizes.get(number) ?? 0) + 1);
  return [...sizes.values()];
}

/** The area under the normal curve beyond ±x·√2: a series near 0, a continued fraction farther out. */
function complementaryError(x: number): number {
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 80; n += 1) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 60; n >= 1; n -= 1) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
