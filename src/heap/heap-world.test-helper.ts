/** A heap on a flat arena, looked at from below: what the tests of the heap share. */
import { Prng } from '../base/prng.ts';
import type { Arena } from './arena.ts';
import { FlatArena, type Placement } from './flat-arena.ts';
import type { Heap } from './heap.ts';
import { HEAP_INVARIANTS, heapState } from './invariants.ts';
import { DEFAULT_OPTIONS, type HeapOptions, LECTURE_NOTE } from './options.ts';
import { listedBlocks } from './walk.ts';

export const PAGE = 4096;

/** Where the arena of `makeWorld` puts its first map. */
export const MAPS_START = 0x1_0000 + 16 * PAGE;

/** Bins, over the preset `lecture-note`. */
export const BINS: Partial<HeapOptions> = {
  alignment: 16,
  tags: 'boundary',
  links: 'double',
  list: 'bins',
};

export const TAGGED: HeapOptions = { ...DEFAULT_OPTIONS, growthUnit: PAGE, bigThreshold: 4 * PAGE };
export const UNTAGGED: HeapOptions = { ...LECTURE_NOTE, bigThreshold: 4 * PAGE };

/** Both ways to keep blocks; what a heap owes its caller is the same. */
export const KINDS: readonly [string, HeapOptions][] = [
  ['with tags', TAGGED],
  ['without tags', UNTAGGED],
];

/** The module `heap/heap`, as it is or with a line changed. */
export interface HeapModule {
  readonly Heap: typeof Heap;
}

export interface World {
  readonly heap: Heap;
  readonly arena: FlatArena;
}

/** A block on the free list, as its own header tells its extent. */
export interface Listed {
  readonly start: number;
  readonly extent: number;
}

/** What to make; the preset `lecture-note` but for these options. */
export interface WorldOptions {
  readonly heap?: Partial<HeapOptions>;
  readonly placement?: Placement;
}

export function makeWorld(
  module: HeapModule,
  { heap, placement = 'up' }: WorldOptions = {},
): World {
  const arena = new FlatArena({ mapSize: 1024 * PAGE, brkSize: 16 * PAGE, placement });
  return { heap: new module.Heap(arena, { ...LECTURE_NOTE, ...heap }), arena };
}

/** What the invariants say. */
export function problemsOf({ heap }: World): string[] {
  const state = heapState(heap);
  return HEAP_INVARIANTS.flatMap(({ check }) => check(state) ?? []);
}

/** The free list in its own order. */
export function listed({ heap }: World): Listed[] {
  return listedBlocks(heap).map((start) => ({ start, extent: heap.layout.extentOf(start) }));
}

/** A live block of a random program. */
export interface Live {
  readonly address: number;
  readonly size: number;
}

export interface Churn {
  readonly steps: number;
  readonly seed: number;
  readonly sizeMax: number;
  readonly made?: (live: Live, all: readonly Live[]) => void;
  readonly freeing?: (live: Live) => void;
  readonly freed?: (live: Live, all: readonly Live[]) => void;
}

/** Mallocs and frees at random, about as many of one as of the other. @returns What is still live. */
export function churn({ heap }: World, { steps, seed, sizeMax, ...hooks }: Churn): Live[] {
  const prng = new Prng(seed);
  const all: Live[] = [];
  for (let step = 0; step < steps; step += 1) {
    if (all.length > 0 && prng.below(64) < all.length + 16) {
      const [live] = all.splice(prng.below(all.length), 1);
      hooks.freeing?.(live!);
      heap.free(live!.address);
      hooks.freed?.(live!, all);
    } else {
      const size = prng.below(sizeMax + 1);
      const live = { address: heap.malloc(size)!, size };
      all.push(live);
      hooks.made?.(live, all);
    }
  }
  return all;
}

/** An arena of 2^46 bytes that keeps only the words that were written. */
export class SparseArena implements Arena {
  readonly pageSize = PAGE;
  readonly #words = new Map<number, number>();
  #end = 2 ** 20;
  mappedSize = 0;

  /** Only of what was stored: a heap without tags reads nothing else. */
  load = (address: number): number => this.#words.get(address)!;
  store = (address: number, value: number): void => void this.#words.set(address, value);
  load32 = this.load;
  store32 = this.store;
  copy = (): void => {};
  zero = (): void => {};
  brk = (): null => null;

  map(size: number): number | null {
    if (this.#end + size > 2 ** 46) return null;
    const start = this.#end;
    this.#end += size;
    this.mappedSize += size;
    return start;
  }

  unmap(_: number, size: number): void {
    this.mappedSize -= size;
  }
}
