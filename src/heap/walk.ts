import type { Range } from '../base/range.ts';
import { formatAddress } from '../base/units.ts';
import type { Heap } from './heap.ts';
import type { Region } from './regions.ts';

/** A block as it stands in memory: its extent, header included, and for big ones the whole map. */
export interface HeapBlock extends Range {
  readonly state: 'used' | 'free' | 'big';
}

/** A region's blocks as their headers tell them, up to the first header that cannot be. */
export interface RegionWalk {
  readonly region: Region;
  readonly blocks: readonly HeapBlock[];
  readonly problem: string | undefined;
}

/**
 * The listed blocks in the list's order. A list that is broken ends here too: after as many blocks as the heap can
 * hold and one more, or after the first that lies in no region.
 */
export function listedBlocks(heap: Heap): readonly number[] {
  const regions = heap.regions.all();
  const limit = regions.reduce(
    (sum, { first, last }) => sum + (last - first) / heap.layout.extentMin,
    1,
  );
  const listed: number[] = [];
  heap.list.each((block) => {
    listed.push(block);
    return (
      listed.length < limit && regions.some(({ first, last }) => first <= block && block < last)
    );
  });
  return listed;
}

/** Walks every region from header to header. It reads, and changes nothing. */
export function walkRegions(heap: Heap): readonly RegionWalk[] {
  const listed = heap.layout.hasTags ? undefined : new Set(listedBlocks(heap));
  return heap.regions.all().map((region) => walkRegion(heap, region, listed));
}

function walkRegion(
  heap: Heap,
  region: Region,
  listed: ReadonlySet<number> | undefined,
): RegionWalk {
  const blocks: HeapBlock[] = [];
  let start = region.first;
  while (start < region.last) {
    const tag = heap.layout.tagOf(start);
    const extent = heap.layout.extentIn(tag);
    const end = start + extent;
    if (
      extent < heap.layout.extentMin ||
      extent % heap.layout.alignment !== 0 ||
      end > region.last
    ) {
      const problem = `the block at ${formatAddress(start)} has extent ${extent}, with ${region.last - start} bytes left`;
      return { region, blocks, problem };
    }
    const isFree = listed === undefined ? !heap.layout.isUsed(tag) : listed.has(start);
    blocks.push({ start, end, state: isFree ? 'free' : 'used' });
    start = end;
  }
  return { region, blocks, problem: undefined };
}

/** All blocks of a heap by rising address, big ones with them: for pictures and models. */
export function walk(heap: Heap): readonly HeapBlock[] {
  const small = walkRegions(heap).flatMap(({ blocks }) => blocks);
  const big = [...heap.bigMaps].map(([start, size]): HeapBlock => ({
    start,
    end: start + size,
    state: 'big',
  }));
  return [...small, ...big].toSorted((a, b) => a.start - b.start);
}
