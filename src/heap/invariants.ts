import type { CheckedRule } from '../base/rule.ts';
import { formatAddress } from '../base/units.ts';
import { PREVIOUS_USED, USED } from './block.ts';
import type { Heap } from './heap.ts';
import { SegregatedBins } from './segregated-bins.ts';
import { listedBlocks, walkRegions, type HeapBlock, type RegionWalk } from './walk.ts';

/** What the invariants look at: one walk, one reading of the list, shared by all of them. */
export interface HeapState {
  readonly heap: Heap;
  readonly regions: readonly RegionWalk[];
  readonly blocks: readonly HeapBlock[];
  readonly listed: readonly number[];
}

/** Reads a heap for its invariants. */
export function heapState(heap: Heap): HeapState {
  const regions = walkRegions(heap);
  return {
    heap,
    regions,
    blocks: regions.length === 1 ? regions[0]!.blocks : regions.flatMap(({ blocks }) => blocks),
    listed: listedBlocks(heap),
  };
}

/** What the reference heap keeps, seen from inside. */
export type HeapInvariant = CheckedRule<HeapState>;

/** In the order in which they are asked: each may rely on the ones before it. */
export const HEAP_INVARIANTS: readonly HeapInvariant[] = [
  {
    name: 'blocks-tile-regions',
    says: 'Blocks tile every region: each ends where the next starts, the first at its start, the last at its end.',
    rows: 'H5 F5 F12 R34',
    source: 'VulkanMemoryAllocator, Validate: offset + size == nextOffset.',
    check: ({ regions }) => regions.find(({ problem }) => problem !== undefined)?.problem,
  },
  {
    name: 'list-ends',
    says: 'The free list has no ring: it is no longer than the number of free blocks.',
    rows: 'F2 R31',
    source: 'Linux slub: "Freelist cycle detected".',
    check: ({ blocks, listed }) => {
      const freeCount = freeCountOf(blocks);
      return listed.length <= freeCount
        ? undefined
        : `${listed.length} or more blocks are listed, ${freeCount} are free`;
    },
  },
  {
    name: 'free-list-equals-walk',
    says: 'Every free block is listed exactly once, and nothing else is.',
    rows: 'F1 F4 R31 R40',
    source: 'StarMalloc and verus-mimalloc: every free block is in exactly one list.',
    check: ({ blocks, listed }) => {
      const unlisted = new Set<number>();
      for (const { start, state } of blocks) if (state === 'free') unlisted.add(start);
      let extra: number | undefined;
      for (const start of listed) if (!unlisted.delete(start)) extra ??= start;
      for (const start of unlisted)
        return `the free block at ${formatAddress(start)} is not listed`;
      return extra === undefined
        ? undefined
        : `${formatAddress(extra)} is listed, but no free block starts there`;
    },
  },
  {
    name: 'links-agree',
    says: "With double links, each block's successor names it as predecessor.",
    rows: 'F3 R40',
    source: 'glibc: "corrupted double-linked list".',
    check: ({ heap, listed }) => {
      if (heap.options.links === 'single') return undefined;
      const wrong = listed.find((block) => {
        const next = heap.layout.nextOf(block);
        return next !== 0 && heap.layout.previousOf(next) !== block;
      });
      return wrong === undefined
        ? undefined
        : `the block after ${formatAddress(wrong)} names another predecessor`;
    },
  },
  {
    name: 'list-is-sorted',
    says: 'A list by address is strictly ascending.',
    rows: 'F7 R42',
    source: 'The allocator assignment that belongs to the note: a sorted free list.',
    check: ({ heap, listed }) => {
      if (!heap.options.list.startsWith('address')) return undefined;
      const index = listed.findIndex((block, at) => block <= (listed[at - 1] ?? 0));
      return index < 0
        ? undefined
        : `${formatAddress(listed[index]!)} is listed after ${formatAddress(listed[index - 1]!)}`;
    },
  },
  {
    name: 'block-sits-in-its-bin',
    says: 'Each bin holds blocks of its class only, and the bitmap has a bit for exactly the bins that hold any.',
    rows: 'F6 R32',
    source: 'TLSF and o1heap: the bitmap mirrors the lists.',
    check: ({ heap }) =>
      heap.list instanceof SegregatedBins ? binProblem(heap, heap.list) : undefined,
  },
  {
    name: 'free-neighbours-merge',
    says: 'No two free blocks of a region are neighbours.',
    rows: 'F8 R43 R44',
    source: 'TLSF: "blocks should have coalesced".',
    check: ({ regions }) => {
      for (const { blocks } of regions) {
        const at = blocks.findIndex(
          (block, index) => block.state === 'free' && blocks[index - 1]?.state === 'free',
        );
        if (at > 0)
          return `the free block at ${formatAddress(blocks[at]!.start)} was not merged with the one in front`;
      }
      return undefined;
    },
  },
  {
    name: 'tags-agree',
    says: "With boundary tags, each header's word on the block in front is true, and a footer mirrors its header.",
    rows: 'H6 F8',
    source: 'glibc: "corrupted size vs. prev_size"; Knuth, The Art of Computer Programming 1, 2.5.',
    check: ({ heap, regions }) => {
      if (!heap.layout.hasTags) return undefined;
      for (const walk of regions) {
        const problem = tagProblem(heap, walk);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  },
  {
    name: 'big-maps-are-whole-pages',
    says: 'A big block is a map of whole pages, and no region touches it.',
    rows: 'L1 L2 L4 L5 R46 R50',
    source: 'glibc, munmap_chunk; dlmalloc, check_mmapped_chunk.',
    check: ({ heap, regions }) => {
      const page = heap.arena.pageSize;
      for (const [start, size] of heap.bigMaps) {
        const at = formatAddress(start);
        if (start % page !== 0 || size % page !== 0)
          return `the big map of ${size} bytes at ${at} is not whole pages`;
        const shared = regions.find(
          ({ region }) => region.start < start + size && start < region.end,
        );
        if (shared !== undefined) return `the big map of ${size} bytes at ${at} overlaps a region`;
      }
      return undefined;
    },
  },
  {
    name: 'bytes-add-up',
    says: 'Regions and big maps together are what the heap got from the arena and has not given back.',
    rows: 'H9 H13 R33',
    source: 'VulkanMemoryAllocator, Validate: sums; o1heap diagnostics.',
    check: ({ heap, regions }) => {
      let bytes = 0;
      for (const { region } of regions) bytes += region.end - region.start;
      for (const size of heap.bigMaps.values()) bytes += size;
      const { arenaBytes } = heap.counters;
      return bytes === arenaBytes
        ? undefined
        : `regions and big maps have ${bytes} bytes, the arena gave ${arenaBytes}`;
    },
  },
];

function freeCountOf(blocks: readonly HeapBlock[]): number {
  let count = 0;
  for (const { state } of blocks) if (state === 'free') count += 1;
  return count;
}

function binProblem(heap: Heap, bins: SegregatedBins): string | undefined {
  const misjudged = bins.misjudgedBin();
  if (misjudged >= 0) {
    const isEmpty = bins.headOf(misjudged) === 0;
    return `bin ${misjudged} has ${isEmpty ? 'no block, its bit is 1' : 'blocks, its bit is 0'}`;
  }
  for (let bin = bins.binAfter(-1); bin >= 0; bin = bins.binAfter(bin)) {
    for (let block = bins.headOf(bin); block !== 0; block = heap.layout.nextOf(block)) {
      const own = bins.binOf(heap.layout.extentOf(block));
      if (own !== bin)
        return `the block at ${formatAddress(block)} belongs to bin ${own}, but sits in bin ${bin}`;
    }
  }
  return undefined;
}

function tagProblem(heap: Heap, { region, blocks }: RegionWalk): string | undefined {
  const { layout } = heap;
  let isPreviousFree = false;
  for (const { start, end, state } of blocks) {
    if (layout.isPreviousUsed(layout.tagOf(start)) === isPreviousFree) {
      return `the header at ${formatAddress(start)} is wrong about the block in front`;
    }
    isPreviousFree = state === 'free';
    const footer = isPreviousFree ? layout.footerBefore(end) : end - start;
    if (footer !== end - start) {
      return `the free block at ${formatAddress(start)} has extent ${end - start} in its header and ${footer} in its footer`;
    }
  }
  const edge = layout.tagOf(region.last);
  const isRight = edge === USED + (isPreviousFree ? 0 : PREVIOUS_USED);
  return isRight ? undefined : `the edge at ${formatAddress(region.last)} reads ${edge}`;
}
