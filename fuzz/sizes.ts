import type { Prng } from '../src/base/prng.ts';
import type { Size } from '../src/base/units.ts';
import { type EnginePart, NOTHING } from './parts.ts';

/** Sizes that no allocator can serve, next to what a 32-bit or 64-bit sum or product wraps at. */
const HUGE: readonly Size[] = [
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 64,
  2 ** 36 + 64,
  2 ** 47,
  2 ** 53 - 1,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 64n,
  2n ** 64n - 9n,
  2n ** 64n - 1n,
];
const NUDGES = [-17, -16, -15, -9, -8, -7, -1, 0, 1, 7, 8, 9, 15, 16, 17];

/**
 * Where a program's sizes come from: a handful drawn for it, most of the time, since exact repeats are what makes
 * blocks be used again; now and then a fresh one, or one near those.
 */
export class SizeSource {
  readonly #prng: Prng;
  readonly #few: readonly number[];
  readonly #hugeOneIn: number;
  readonly #without: ReadonlySet<EnginePart>;

  constructor(prng: Prng, without: ReadonlySet<EnginePart> = NOTHING) {
    this.#prng = prng;
    this.#without = without;
    const powerMax = prng.pick([5, 7, 10, 13, 18]);
    this.#few = Array.from({ length: prng.between(1, 6) }, () => drawSize(prng, powerMax));
    this.#hugeOneIn = prng.pick([10, 100, 1000]);
  }

  draw(): Size {
    const prng = this.#prng;
    if (this.#without.has('sizes')) return prng.between(0, 2 ** prng.below(14));
    if (this.#without.has('repeats')) return drawSize(prng, 18);
    if (prng.oneIn(this.#hugeOneIn)) return prng.pick(HUGE);
    switch (prng.below(8)) {
      case 0:
        return drawSize(prng, 10);
      case 1:
        return Math.max(0, prng.pick(this.#few) + prng.pick(NUDGES));
      case 2:
        return prng.pick(this.#few) + prng.pick(this.#few);
      default:
        return prng.pick(this.#few);
    }
  }
}

/** A size up to 2^power, even over the powers; every third one near a power of two. */
function drawSize(prng: Prng, powerMax: number): number {
  const power = prng.below(powerMax + 1);
  if (prng.oneIn(3)) return Math.max(0, 2 ** power + prng.pick(NUDGES));
  return prng.between(2 ** power - 1, 2 ** (power + 1) - 1);
}
