import type { Prng } from '../src/base/prng.ts';
import type { Size } from '../src/base/units.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import type { Slot } from '../src/program/op.ts';
import type { HeapView } from './heap-view.ts';
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
/** What a short program, which cannot try much, is given in place of the nudges. */
const NEAR = [-16, -8, -1, 0, 1, 8, 16];
const NUDGES = [-17, -16, -15, -9, -8, -7, -1, 0, 1, 7, 8, 9, 15, 16, 17];
/** A sweep goes over all sizes below this, each as likely as any other: a bug may be in exactly one. */
const SWEEP_END = 4096;
/** Where allocators begin to do something else: at pages, and from where on a block is mapped on its own. */
const THRESHOLDS = [4096, 8192, 65_536, 131_072];
/** Parts of its room that a few blocks of a target may fill. */
const ROOM_PARTS = [64, 32, 16, 8, 4, 2];
/** Of a target whose bounds are not known. */
const ROOM = 2 ** 22;
/** A largest request below this is that of a heap which has no more, and not of a type. */
const HEAP_LIMIT = 2 ** 31 - 1;
/** How far below a threshold its header may put it. */
const THRESHOLD_REACH = 64;
/** What a header takes, and what it may be rounded up by. */
const HEADERS = [0, 8, 16, 16, 24, 32];

/** Sizes from which on an allocator may do something else: what is usual, what it promises, and what fills it. */
export function thresholdsOf({ bounds, promises }: AllocatorTarget): readonly number[] {
  const promised = [promises.returnsFrom, promises.recovers].filter((size) => size !== undefined);
  const room = bounds === undefined ? ROOM : bounds.end - bounds.start;
  const { sizeMax = Infinity } = promises;
  const largest = sizeMax < HEAP_LIMIT ? [Number(sizeMax)] : [];
  const parts = [room, ...largest].flatMap((whole) =>
    ROOM_PARTS.map((part) => Math.floor(whole / part)),
  );
  const twice = promised.flatMap((size) => [size, size, 2 * size]);
  return [...THRESHOLDS, ...twice, ...parts, ...largest];
}

export interface SizeSourceOptions {
  /** The heap that sizes may fit, where it is known. */
  readonly heap?: HeapView | undefined;
  /** Default: those that are usual. */
  readonly thresholds?: readonly number[] | undefined;
  /** Whether no size is drawn again: each is of another sort, for programs too short for repeats to matter. */
  readonly isFresh?: boolean;
  readonly without?: ReadonlySet<EnginePart> | undefined;
}

/**
 * Where a program's sizes come from: a handful drawn for it, most of the time, since exact repeats are what makes
 * blocks be used again; some that just fit between the blocks that there are; and fresh ones, which are most in some programs.
 */
export class SizeSource {
  readonly #prng: Prng;
  readonly #powerMax: number;
  readonly #few: readonly number[];
  readonly #hugeOneIn: number;
  readonly #sweepOneIn: number;
  readonly #without: ReadonlySet<EnginePart>;
  readonly #heap: HeapView | undefined;
  readonly #thresholds: readonly number[];
  readonly #isFresh: boolean;

  constructor(
    prng: Prng,
    { heap, isFresh = false, thresholds = THRESHOLDS, without = NOTHING }: SizeSourceOptions = {},
  ) {
    this.#prng = prng;
    this.#thresholds = thresholds;
    this.#isFresh = isFresh;
    this.#without = without;
    this.#heap = without.has('fits') ? undefined : heap;
    this.#powerMax = prng.pick([5, 7, 10, 13, 18]);
    this.#few = Array.from({ length: prng.between(1, 6) }, () => this.#fresh());
    this.#hugeOneIn = prng.pick([4, 10, 100, 1000]);
    this.#sweepOneIn = prng.pick([1, 10, 20, 40]);
  }

  draw(): Size {
    const prng = this.#prng;
    if (this.#isFresh) return this.#without.has('sizes') ? this.#fresh() : this.#ofAnySort();
    if (!this.#without.has('sizes')) {
      if (prng.oneIn(this.#hugeOneIn)) return prng.pick(HUGE);
      if (prng.oneIn(this.#sweepOneIn)) return prng.below(SWEEP_END);
    }
    if (this.#heap !== undefined && prng.oneIn(6)) return this.#fit(this.#heap.distance(prng));
    switch (prng.below(8)) {
      case 0:
        return this.#fresh();
      case 1:
        return Math.max(0, this.#usual() + prng.pick(NUDGES));
      case 2:
        return this.#usual() + this.#usual();
      default:
        return this.#usual();
    }
  }

  /** Small, near a power of two (twice as likely as the others), at a threshold, large, or what nobody has. */
  #ofAnySort(): Size {
    const prng = this.#prng;
    switch (prng.below(7)) {
      case 0:
        return Math.max(0, prng.below(9) * 8 + prng.pick([-1, 0, 0, 1]));
      case 1:
        return prng.below(128);
      case 2:
      case 3:
        return Math.max(0, 2 ** prng.between(3, 17) + prng.pick(NEAR));
      case 4:
        return Math.max(0, prng.pick(this.#thresholds) + this.#nudge());
      case 5:
        return prng.below(2 ** prng.between(8, 18));
      default:
        return prng.pick(HUGE);
    }
  }

  /** One of the program's handful. */
  #usual(): number {
    return this.#without.has('repeats') ? this.#fresh() : this.#prng.pick(this.#few);
  }

  /** A size that was not thought of before; every third one near a power of two or a threshold. */
  #fresh(): number {
    const prng = this.#prng;
    const power = prng.below(this.#powerMax + 1);
    if (!this.#without.has('sizes')) {
      if (this.#powerMax > 8 && prng.oneIn(8))
        return Math.max(0, prng.pick(this.#thresholds) + this.#nudge());
      if (prng.oneIn(3)) return Math.max(0, 2 ** power + prng.pick(NUDGES));
    }
    return prng.between(2 ** power - 1, 2 ** (power + 1) - 1);
  }

  /** A new size for the block of a slot: often what the free space above it allows, or twice as much. */
  drawFor(slot: Slot): Size {
    const heap = this.#heap;
    if (heap === undefined) return this.draw();
    switch (this.#prng.below(8)) {
      case 0:
      case 1:
        return this.#fit(heap.room(slot));
      case 2:
        return 2 * heap.sizeOf(slot);
      default:
        return this.draw();
    }
  }

  /** A few bytes more or less; less is what headers make of a threshold. */
  #nudge(): number {
    return this.#prng.oneIn(2)
      ? this.#prng.pick(NUDGES)
      : this.#prng.between(-THRESHOLD_REACH, THRESHOLD_REACH / 4);
  }

  /** A size for which so many bytes are just enough, or nearly so. */
  #fit(bytes: number | undefined): number {
    const prng = this.#prng;
    const nudge = prng.oneIn(4) ? prng.pick(NUDGES) : 0;
    const header = prng.pick(HEADERS);
    return Math.max(0, (bytes ?? this.#usual()) - header + nudge);
  }
}
