import type { Prng } from '../src/base/prng.ts';
import type { Size } from '../src/base/units.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import type { BlockOpKind, Slot } from '../src/program/op.ts';
import type { HeapView } from './heap-view.ts';
import { type EnginePart, NOTHING } from './parts.ts';
import { SizeSweep } from './size-sweep.ts';

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
const NEAR = [-16, -8, -1, 0, 0, 1, 8, 16];
const NUDGES = [-17, -16, -15, -9, -8, -7, -1, 0, 1, 7, 8, 9, 15, 16, 17];
/** Where allocators begin to do something else: at pages, and from where on a block is mapped on its own. */
const USUAL_SIZES = [4096, 8192, 65_536, 131_072];
/** Parts of its room that a few blocks of a target may fill. */
const ROOM_PARTS = [64, 32, 16, 8, 4, 2];
/** Of a target whose bounds are not known. */
const ROOM = 2 ** 22;
/** A largest request below this is that of a heap which has no more, and not of a type. */
const HEAP_LIMIT = 2 ** 31 - 1;
/** How far below a threshold its header may put it. */
const THRESHOLD_REACH = 64;
/** How far two sizes may be from each other that a target rounds to neighbouring classes. */
const CLASS_REACH = 32;
/**
 * How often a long program sweeps, once in so many sizes: always or hardly ever. What is found by one size and what is
 * found by many of the same get in each other's way.
 */
const SWEEPS_ONE_IN = [1, 1, 20, 40, 40];
/** What a header takes, and what it may be rounded up by. */
const HEADERS = [0, 8, 16, 16, 24, 32];

/** Sizes from which on an allocator may do something else. */
export interface Thresholds {
  /** Those that are usual, that it promises, and of which a few fill it. */
  readonly all: readonly number[];
  /** Those that it promises, and twice as much; the usual ones of a target that promises none. */
  readonly promised: readonly number[];
}

const USUAL: Thresholds = { all: USUAL_SIZES, promised: USUAL_SIZES };

export function thresholdsOf({ bounds, promises }: AllocatorTarget): Thresholds {
  const promised = [promises.returnsFrom, promises.recovers].filter((size) => size !== undefined);
  const room = bounds === undefined ? ROOM : bounds.end - bounds.start;
  const { sizeMax = Infinity } = promises;
  const largest = sizeMax < HEAP_LIMIT ? [Number(sizeMax)] : [];
  const parts = [room, ...largest].flatMap((whole) =>
    ROOM_PARTS.map((part) => Math.floor(whole / part)),
  );
  const twice = promised.flatMap((size) => [size, size, 2 * size]);
  const own = [...twice, ...largest];
  return {
    all: [...USUAL_SIZES, ...twice, ...parts, ...largest],
    promised: own.length === 0 ? USUAL_SIZES : own,
  };
}

export interface SizeSourceOptions {
  /** The heap that sizes may fit, where it is known. */
  readonly heap?: HeapView | undefined;
  /** Default: those that are usual. */
  readonly thresholds?: Thresholds | undefined;
  /** What sizes are swept by; default one of this program alone. */
  readonly sweep?: SizeSweep | undefined;
  /** Whether the program is a short one, in which sizes are of every sort. */
  readonly isShort?: boolean;
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
  readonly #sweep: SizeSweep;
  readonly #thresholds: Thresholds;
  readonly #isShort: boolean;
  /** Sizes of every sort that a short program was given. */
  readonly #given: Size[] = [];

  constructor(
    prng: Prng,
    {
      heap,
      isShort = false,
      sweep = new SizeSweep(),
      thresholds = USUAL,
      without = NOTHING,
    }: SizeSourceOptions = {},
  ) {
    this.#prng = prng;
    this.#thresholds = thresholds;
    this.#isShort = isShort;
    this.#sweep = sweep;
    this.#without = without;
    this.#heap = without.has('fits') ? undefined : heap;
    this.#powerMax = prng.pick([5, 7, 10, 13, 18]);
    this.#few = Array.from({ length: prng.between(1, 6) }, () => this.#fresh());
    this.#hugeOneIn = prng.pick([4, 10, 100, 1000]);
    this.#sweepOneIn = prng.pick(SWEEPS_ONE_IN);
  }

  /** A size for an op of this kind. */
  draw(kind: BlockOpKind): Size {
    return this.#isShort ? this.#inShort() : this.#inLong(kind);
  }

  /** Mostly of any sort; often one that was given before, or so, and now and then one that fits between blocks. */
  #inShort(): Size {
    const prng = this.#prng;
    const choice = prng.below(8);
    if (choice === 0 && this.#heap !== undefined) return this.#fit(this.#heap.distance(prng));
    const isAgain = choice <= 2 && this.#given.length > 0 && !this.#without.has('repeats');
    if (isAgain) return this.#again();
    const size = this.#without.has('sizes') ? this.#fresh() : this.#ofAnySort();
    this.#given.push(size);
    return size;
  }

  /** One that was given before, or one that may be of the class beside it. */
  #again(): Size {
    const prng = this.#prng;
    const size = prng.pick(this.#given);
    return typeof size === 'bigint' || !prng.oneIn(3) ? size : this.#beside(size);
  }

  #beside(size: number): number {
    return Math.max(0, size + this.#prng.between(-CLASS_REACH, CLASS_REACH));
  }

  #inLong(kind: BlockOpKind): Size {
    const prng = this.#prng;
    if (!this.#without.has('sizes')) {
      if (prng.oneIn(this.#hugeOneIn)) return prng.pick(HUGE);
      if (prng.oneIn(this.#sweepOneIn)) return this.#sweep.draw(prng, kind);
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

  /** Small, near a power of two or a threshold (twice as likely as the others), large, or what nobody has. */
  #ofAnySort(): Size {
    const prng = this.#prng;
    switch (prng.below(9)) {
      case 0:
        return Math.max(0, prng.below(9) * 8 + prng.pick([-1, 0, 0, 1]));
      case 1:
        return prng.below(128);
      case 2:
      case 3:
        return Math.max(0, 2 ** prng.between(3, 17) + prng.pick(NEAR));
      case 4:
        return Math.max(0, prng.pick(this.#thresholds.all) + this.#nudge());
      case 5:
      case 6:
        return Math.max(0, prng.pick(this.#thresholds.promised) + prng.pick(NEAR));
      case 7:
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
        return Math.max(0, prng.pick(this.#thresholds.all) + this.#nudge());
      if (prng.oneIn(3)) return Math.max(0, 2 ** power + prng.pick(NUDGES));
    }
    return prng.between(2 ** power - 1, 2 ** (power + 1) - 1);
  }

  /** A new size for the block of a slot: often what the free space above it allows, twice as much, or nearly the same. */
  drawFor(slot: Slot): Size {
    const heap = this.#heap;
    if (heap === undefined) return this.draw('realloc');
    switch (this.#prng.below(8)) {
      case 0:
      case 1:
        return this.#fit(heap.room(slot));
      case 2:
        return 2 * heap.sizeOf(slot);
      case 3:
        return this.#beside(heap.sizeOf(slot));
      default:
        return this.draw('realloc');
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
