import type { Range } from '../base/range.ts';
import type { Rule } from '../base/rule.ts';
import { formatAddress } from '../base/units.ts';
import { BUMP_HEADER, type BumpView } from './bump.ts';
import type { BuddyBlock } from './buddy.ts';
import type { SlabView } from './slab.ts';

/** What one of the small allocators keeps, seen from inside. */
export interface AllocatorInvariant<State> extends Rule {
  /** @returns What is wrong, with numbers, or undefined. */
  readonly check: (state: State) => string | undefined;
}

export interface BuddyState {
  readonly pool: Range;
  readonly blocks: readonly BuddyBlock[];
  readonly listed: readonly BuddyBlock[];
}

/** In the order in which they are asked. */
export const BUDDY_INVARIANTS: readonly AllocatorInvariant<BuddyState>[] = [
  {
    name: 'buddies-tile-pool',
    says: 'Blocks tile the pool, each at a multiple of its size.',
    rows: 'H5 F5',
    source: 'K. C. Knowlton, "A Fast Storage Allocator", CACM 8 (1965).',
    check: ({ blocks, pool }) => {
      const crooked = blocks.find(({ order, start }) => start % 2 ** order !== 0);
      if (crooked !== undefined)
        return `the block at ${formatAddress(crooked.start)} has order ${crooked.order}`;
      const last = blocks.at(-1);
      const end = last === undefined ? pool.start : last.start + 2 ** last.order;
      return end === pool.end
        ? undefined
        : `blocks end at ${formatAddress(end)}, the pool at ${formatAddress(pool.end)}`;
    },
  },
  {
    name: 'orders-list-free-blocks',
    says: 'The list of each order has exactly the free blocks of that order, each once.',
    rows: 'F1 F4 F6',
    source: 'Linux, mm/page_alloc.c: a free page is on the free list of its order.',
    check: ({ blocks, listed }) => {
      const unlisted = new Map<number, number>();
      for (const { isUsed, order, start } of blocks) if (!isUsed) unlisted.set(start, order);
      for (const { order, start } of listed) {
        if (unlisted.get(start) !== order)
          return `${formatAddress(start)} is on the list of order ${order}, but no free block of it starts there`;
        unlisted.delete(start);
      }
      for (const start of unlisted.keys())
        return `the free block at ${formatAddress(start)} is not listed`;
      return undefined;
    },
  },
  {
    name: 'free-buddies-merge',
    says: 'No block and its buddy are both free.',
    rows: 'F8',
    source: 'D. E. Knuth, The Art of Computer Programming 1, 2.5, algorithm S.',
    check: ({ blocks, pool }) => {
      const free = new Map<number, number>();
      for (const { isUsed, order, start } of blocks) if (!isUsed) free.set(start, order);
      for (const [start, order] of free) {
        const size = 2 ** order;
        const buddy = start % (2 * size) === 0 ? start + size : start - size;
        if (buddy >= pool.start && free.get(buddy) === order)
          return `the free blocks at ${formatAddress(start)} and ${formatAddress(buddy)} are buddies`;
      }
      return undefined;
    },
  },
];

export const SLAB_INVARIANTS: readonly AllocatorInvariant<readonly SlabView[]>[] = [
  {
    name: 'slab-lists-free-cells',
    says: "A slab's free list has exactly its free cells, each once.",
    rows: 'F1 F2 F4',
    source: 'Linux slub: "Freelist cycle detected".',
    check: (slabs) => {
      for (const { listed, start, unused } of slabs) {
        const isSame = new Set(listed).size === unused.length;
        if (
          listed.length !== unused.length ||
          !isSame ||
          unused.some((cell) => !listed.includes(cell))
        )
          return `the slab at ${formatAddress(start)} has ${unused.length} free cells, and others on its list of ${listed.length}`;
      }
      return undefined;
    },
  },
  {
    name: 'slab-counts-used-cells',
    says: "A slab's count of used cells is true.",
    rows: 'H13',
    source: 'Linux slub, on_freelist: recounts the objects of a slab.',
    check: (slabs) => {
      const wrong = slabs.find(
        ({ capacity, unused, usedCount }) => usedCount !== capacity - unused.length,
      );
      return (
        wrong &&
        `the slab at ${formatAddress(wrong.start)} counts ${wrong.usedCount} used cells, ${wrong.capacity - wrong.unused.length} are`
      );
    },
  },
  {
    name: 'slab-with-room-is-found',
    says: 'Requests look at a slab exactly when it has a free cell.',
    rows: 'F6',
    source: 'J. Bonwick, "The Slab Allocator", USENIX Summer 1994: partial slabs and full ones.',
    check: (slabs) => {
      const wrong = slabs.find(({ hasRoom, unused }) => hasRoom !== unused.length > 0);
      return (
        wrong &&
        `the slab at ${formatAddress(wrong.start)} has ${wrong.unused.length} free cells and is ${wrong.hasRoom ? '' : 'not '}looked at`
      );
    },
  },
];

export const BUMP_INVARIANTS: readonly AllocatorInvariant<BumpView>[] = [
  {
    name: 'bump-pointer-ends-blocks',
    says: 'The pointer lies inside the memory, and the newest block ends at it.',
    rows: 'H5',
    source: 'N. Fitzgerald, "bumpalo": the pointer lies within its chunk.',
    check: ({ end, last, pointer, start }) => {
      if (pointer < start || pointer > end)
        return `the pointer is at ${formatAddress(pointer)}, memory ends at ${formatAddress(end)}`;
      if (last === undefined || last.address + last.size === pointer) return undefined;
      return `the newest block ends at ${formatAddress(last.address + last.size)}, the pointer is at ${formatAddress(pointer)}`;
    },
  },
  {
    name: 'empty-bump-starts-over',
    says: 'With nothing live the pointer is at the start, and with a block it is not.',
    rows: 'H9 H13',
    source:
      'P. Oppermann, "Writing an OS in Rust", Allocator Designs: allocations is 0, next is heap_start.',
    check: ({ liveCount, pointer, start }) => {
      const isEmpty = pointer < start + BUMP_HEADER;
      return isEmpty === (liveCount === 0)
        ? undefined
        : `${liveCount} blocks live, and the pointer is ${pointer - start} bytes past the start`;
    },
  },
];

/** All of them, as rules. */
export const SMALL_ALLOCATOR_INVARIANTS: readonly Rule[] = [
  ...BUDDY_INVARIANTS,
  ...SLAB_INVARIANTS,
  ...BUMP_INVARIANTS,
];
