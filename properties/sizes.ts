import * as fc from 'fast-check';
import { GIB, KIB, MIB, SIZE_MAX, type Size, sizeOf } from '../src/base/units.ts';
import type { AllocatorTarget } from '../src/check/target.ts';

/** Where off-by-one bugs sit, next to a power of two or a threshold. */
const NEAR = [-16, -8, -1, 0, 1, 8, 16] as const;

/** Exponents of sizes that no small heap can grant, and where number types end. */
const HUGE_EXPONENTS = [31, 32, 36, 47, 48, 53, 63, 64] as const;
const NEAR_HUGE = [-4096, -16, -8, -1, 0, 1, 8, 64] as const;

const SWEEP_END = 4096;

/** How often sizes of a sort come up, next to each other; a sort that is left out never does. */
export interface SizeWeights {
  readonly zero?: number;
  /** Up to 128 bytes. */
  readonly small?: number;
  /** Powers of two from 8 to 128 KiB, and 1, 8 or 16 bytes off. */
  readonly nearPowers?: number;
  /** Below 4096, each as likely as any other: a bug may be in exactly one. */
  readonly sweep?: number;
  /** Up to 8 KiB. */
  readonly medium?: number;
  /** Up to 256 KiB. */
  readonly large?: number;
  /** The thresholds that a target promises, and 1, 8 or 16 bytes off. */
  readonly thresholds?: number;
  /** Fractions of a target's memory, of which a few fill it. */
  readonly filling?: number;
  /** Near 2^31, 2^32, 2^36, 2^48, 2^53 and 2^64: what cannot be had, and must not wrap. */
  readonly huge?: number;
}

/** Sizes for requests to a target; none is larger than it can express. */
export function sizesFor(target: AllocatorTarget, weights: SizeWeights): fc.Arbitrary<Size> {
  const sizeMax = target.promises.sizeMax ?? Number.MAX_SAFE_INTEGER;
  const fits = (size: Size): boolean => size >= 0 && size <= sizeMax;
  const sorts: readonly (readonly [weight: number | undefined, sizes: fc.Arbitrary<Size>])[] = [
    [weights.small, upTo(128, sizeMax)],
    [weights.zero, fc.constant(0)],
    [weights.nearPowers, fromList(NEAR_POWERS.filter(fits))],
    [weights.sweep, upTo(SWEEP_END - 1, sizeMax)],
    [weights.medium, upTo(8 * KIB, sizeMax)],
    [weights.large, upTo(256 * KIB, sizeMax)],
    [weights.thresholds, fromList(thresholdsOf(target).filter(fits))],
    [weights.filling, fromList(fillingsOf(target).filter(fits))],
    [weights.huge, fromList(HUGE_SIZES.filter(fits))],
  ];
  const wanted = sorts.flatMap(([weight = 0, arbitrary]) =>
    weight > 0 ? [{ weight, arbitrary }] : [],
  );
  return fc.oneof({ withCrossShrink: true }, ...wanted);
}

function upTo(max: number, sizeMax: Size): fc.Arbitrary<number> {
  return fc.nat({ max: sizeMax < max ? Number(sizeMax) : max });
}

/** Sizes of a list, which shrink towards its start; 0 for an empty one. */
function fromList(sizes: readonly Size[]): fc.Arbitrary<Size> {
  if (sizes.length === 0) return fc.constant(0);
  return fc.nat({ max: sizes.length - 1 }).map((index) => sizes[index]!);
}

const NEAR_POWERS: readonly number[] = sorted(
  Array.from({ length: 15 }, (_, index) => 2 ** (index + 3)).flatMap((power) =>
    NEAR.map((more) => power + more),
  ),
);

const HUGE_SIZES: readonly Size[] = HUGE_EXPONENTS.flatMap((exponent) =>
  NEAR_HUGE.map((more) => sizeOf(2n ** BigInt(exponent) + BigInt(more))),
).filter((size) => size <= SIZE_MAX);

function thresholdsOf({ promises: { recovers, returnsFrom } }: AllocatorTarget): readonly number[] {
  const thresholds = [returnsFrom, recovers].filter((size) => size !== undefined);
  const all = thresholds.flatMap((size) => [size, 2 * size]);
  return sorted(all.flatMap((size) => NEAR.map((more) => size + more)));
}

/** Eighths, sixteenths and so on of what lies within the target's bounds; without bounds, a moderate guess. */
function fillingsOf({ bounds }: AllocatorTarget): readonly number[] {
  const total = bounds === undefined ? 4 * MIB : Math.min(4 * GIB, bounds.end - bounds.start);
  const parts = [64, 48, 32, 24, 16, 8].map((part) => Math.floor(total / part));
  return sorted(parts.flatMap((size) => [size - 64, size]));
}

function sorted(sizes: readonly number[]): readonly number[] {
  return [...new Set(sizes)].filter((size) => size >= 0).toSorted((a, b) => a - b);
}
