import { unreachable } from '../src/base/kit-bug.ts';
import type { Prng } from '../src/base/prng.ts';
import {
  ACCESS_SIZES,
  type Base,
  type PageOp,
  type PageOpKind,
  type Protection,
  PROTECTIONS,
  type Slot,
} from '../src/program/op.ts';
import { type DrawProgram, programLength, SHORT_MAX } from './draw-program.ts';
import { type EnginePart, NOTHING } from './parts.ts';
import { drawKind, drawSwarm, fixedSwarm, type Odds, type Swarm } from './swarm.ts';

/** A program that maps nothing still has the break. */
const PAGE_ODDS: Readonly<Record<PageOpKind, Odds>> = {
  map: { offOneIn: 20, weightMax: 60 },
  'map-at': { offOneIn: 2, weightMax: 40 },
  unmap: { offOneIn: 4, weightMax: 50 },
  protect: { offOneIn: 3, weightMax: 40 },
  brk: { offOneIn: 2, weightMax: 40 },
  load: { offOneIn: 4, weightMax: 80 },
  store: { offOneIn: 4, weightMax: 80 },
  touch: { offOneIn: 3, weightMax: 30 },
};

/** No machine has room for these. */
const HUGE: readonly number[] = [2 ** 31, 2 ** 32 + 64, 2 ** 40, 2 ** 46, 2 ** 47, 2 ** 53 - 2];
/** How far apart areas are put at the most, as an exponent of two, in pages: as far as tables of three levels go. */
const FAR_EXPONENT_MAX = 27;
/** Places that lie too far: behind all addresses, or where the indices into four levels of tables begin anew. */
const TOO_FAR: readonly number[] = [2 ** 14, 2 ** 32, 2 ** 47, 2 ** 48];
/** Areas of up to so many pages are usual. */
const PAGES_MAX = 8;
/**
 * A few are larger than a TLB, than one flush of a page each is worth, and than a machine with few frames; many of
 * those leave it just the frames that tables need.
 */
const MANY_PAGES_MAX = 64;

/** Programs for a machine whose pages have so many bytes. */
export function pagePrograms(
  pageSize: number,
  without: ReadonlySet<EnginePart> = NOTHING,
): DrawProgram {
  return (prng, opsMax) => {
    const swarm = without.has('swarm') ? fixedSwarm(PAGE_ODDS) : drawSwarm(prng, PAGE_ODDS);
    const draft = new Draft(prng, pageSize, swarm);
    return Array.from({ length: programLength(prng, { opsMax, shortMax: SHORT_MAX }) }, () =>
      draft.op(),
    );
  };
}

/** Memory that a program may have mapped: where it begins, and how many pages it had at first. */
interface Reach {
  readonly base: Base;
  readonly pagesCount: number;
}

/** A program in the making. It supposes that what it maps is granted, and comes back to the same few pages. */
class Draft {
  readonly #prng: Prng;
  readonly #pageSize: number;
  readonly #swarm: Swarm<PageOpKind>;
  readonly #slotsCount: number;
  readonly #hugeOneIn: number;
  readonly #manyOneIn: number;
  readonly #reaches: Reach[] = [];

  constructor(prng: Prng, pageSize: number, swarm: Swarm<PageOpKind>) {
    this.#prng = prng;
    this.#pageSize = pageSize;
    this.#swarm = swarm;
    this.#slotsCount = prng.pick([1, 2, 4, 8]);
    this.#hugeOneIn = prng.pick([20, 200]);
    this.#manyOneIn = prng.pick([5, 100]);
  }

  op(): PageOp {
    const kind = drawKind(this.#prng, this.#swarm) ?? 'map';
    if (kind === 'map' || (this.#reaches.length === 0 && kind !== 'brk')) return this.#map();
    switch (kind) {
      case 'map-at':
        return this.#mapAt();
      case 'unmap':
      case 'touch':
        return { kind, ...this.#range() };
      case 'protect':
        return { kind, ...this.#range(), protection: this.#prng.pick(PROTECTIONS) };
      case 'brk':
        return this.#brk();
      case 'load':
      case 'store':
        return { kind, ...this.#place(), size: this.#prng.pick(ACCESS_SIZES) };
      default:
        return unreachable(kind);
    }
  }

  #map(): PageOp {
    const size = this.#size();
    return { kind: 'map', area: this.#area(size), size, protection: this.#protection() };
  }

  #mapAt(): PageOp {
    const prng = this.#prng;
    const { base, pagesCount } = prng.pick(this.#reaches);
    const pages = prng.oneIn(3)
      ? 2 ** prng.below(FAR_EXPONENT_MAX + 1)
      : prng.pick([pagesCount, pagesCount + 1, prng.below(pagesCount + 1)]);
    const offset = pages * this.#pageSize + (prng.oneIn(30) ? 1 : 0);
    const size = this.#size();
    return {
      kind: 'map-at',
      area: this.#area(size),
      base,
      offset,
      size,
      protection: this.#protection(),
    };
  }

  #brk(): PageOp {
    const prng = this.#prng;
    const isKnown = this.#reaches.some(({ base }) => base === 'brk');
    if (!isKnown) this.#reaches.push({ base: 'brk', pagesCount: 4 });
    const isDown = isKnown && prng.oneIn(2);
    const size = prng.oneIn(8) ? 1 : this.#size();
    return { kind: 'brk', increment: isDown ? 0 - size : size };
  }

  /** A slot for an area of so many bytes; the area is within reach from now on. */
  #area(size: number): Slot {
    const area = this.#prng.below(this.#slotsCount);
    const known = this.#reaches.findIndex(({ base }) => base === area);
    if (known >= 0) this.#reaches.splice(known, 1);
    const pagesCount = Math.ceil(size / this.#pageSize);
    this.#reaches.push({
      base: area,
      pagesCount: pagesCount > MANY_PAGES_MAX ? PAGES_MAX : pagesCount,
    });
    return area;
  }

  /** Bytes, whole pages or nearly so. */
  #size(): number {
    const prng = this.#prng;
    if (prng.oneIn(this.#hugeOneIn)) return prng.pick(HUGE);
    if (prng.oneIn(40)) return 0;
    const size = this.#pageSize * this.#pagesCount();
    return prng.oneIn(4) ? size + prng.pick([-1, 1]) : size;
  }

  #pagesCount(): number {
    const prng = this.#prng;
    if (!prng.oneIn(this.#manyOneIn)) return prng.pick([1, 1, 1, 2, 2, 3, 4, PAGES_MAX]);
    return prng.oneIn(2)
      ? prng.between(PAGES_MAX + 1, MANY_PAGES_MAX)
      : prng.between(MANY_PAGES_MAX - 8, MANY_PAGES_MAX - 4);
  }

  #protection(): Protection {
    return this.#prng.oneIn(4) ? this.#prng.pick(PROTECTIONS) : 'read-write';
  }

  /** Pages of an area, all, one or some, and now and then one past its end. */
  #range(): { readonly base: Base; readonly offset: number; readonly size: number } {
    const prng = this.#prng;
    const { base, pagesCount } = prng.pick(this.#reaches);
    const isWhole = pagesCount > PAGES_MAX && prng.oneIn(2);
    const first = isWhole || prng.oneIn(3) ? 0 : prng.below(pagesCount + 1);
    const offset = first * this.#pageSize + (prng.oneIn(30) ? 1 : 0);
    const count = isWhole || prng.oneIn(3) ? pagesCount - first : prng.between(1, pagesCount + 1);
    const size = prng.oneIn(this.#hugeOneIn) ? prng.pick(HUGE) : count * this.#pageSize;
    return { base, offset, size: prng.oneIn(6) ? size + 1 : size };
  }

  /** A byte of an area, mostly where a page begins or ends; now and then one that is much too far. */
  #place(): { readonly base: Base; readonly offset: number } {
    const prng = this.#prng;
    const { base, pagesCount } = prng.pick(this.#reaches);
    const page = prng.oneIn(3) ? 0 : prng.below(pagesCount + 1);
    const inPage = prng.pick([
      0,
      0,
      1,
      8,
      this.#pageSize - 8,
      this.#pageSize - 3,
      this.#pageSize - 1,
    ]);
    const far = prng.oneIn(50) ? prng.pick(TOO_FAR) : 0;
    return { base, offset: far + page * this.#pageSize + inPage };
  }
}
