import { roundDown, roundUp } from '../base/bits.ts';
import { MIB, SIZE_MAX } from '../base/units.ts';
import type { MakeTarget, Promises } from '../check/target.ts';
import { FlatArena, type FlatArenaOptions } from '../heap/flat-arena.ts';
import type { HeapCounters } from '../heap/free-list.ts';
import { Heap } from '../heap/heap.ts';
import { HEAP_INVARIANTS, heapState } from '../heap/invariants.ts';
import { completeOptions, type HeapOptions } from '../heap/options.ts';
import { walk } from '../heap/walk.ts';

/** Small enough that programs run out of memory, and that a fresh one costs little. */
const ARENA_SIZE = 16 * MIB;

export interface ReferenceOptions {
  /** Default `reference`. */
  readonly name?: string;
  readonly heap?: Partial<HeapOptions>;
  /** Default: 16 MiB for maps, and as much for the break where the heap grows by it. */
  readonly arena?: FlatArenaOptions;
}

/**
 * Makes the reference heap over a flat arena, in any of its options.
 *
 * @throws {UsageError} Options that do not go together.
 */
export function referenceTarget(options: ReferenceOptions = {}): MakeTarget {
  const heapOptions = completeOptions(options.heap ?? {});
  const promises = promisesOf(heapOptions, options.arena?.pageSize ?? 4096);
  const arenaOptions = {
    mapSize: ARENA_SIZE,
    brkSize: heapOptions.growth === 'brk' ? ARENA_SIZE : 0,
    ...options.arena,
  };
  return () => {
    const arena = new FlatArena(arenaOptions);
    const heap = new Heap(arena, heapOptions);
    const atThreshold = [0, 0, 0];
    const noteThreshold = (size: number): void => {
      const past = size - heapOptions.bigThreshold + 1;
      if (past >= 0 && past <= 2) atThreshold[past]! += 1;
    };
    return {
      name: options.name ?? 'reference',
      promises,
      // A bigint is above 2^53: whatever it is rounded to is as impossible as the size itself.
      malloc(size) {
        noteThreshold(Number(size));
        return heap.malloc(Number(size));
      },
      free: (address) => heap.free(address),
      calloc: (count, size) => heap.calloc(Number(count), Number(size)),
      realloc: (address, size) => heap.realloc(address, Number(size)),
      aligned: (alignment, size) => heap.aligned(alignment, Number(size)),
      usableSize: (address) => heap.usableSize(address),
      memory: arena,
      bounds: arena.bounds,
      footprint: () => arena.mappedSize,
      walk: () => walk(heap),
      invariants: { rules: HEAP_INVARIANTS, read: () => heapState(heap) },
      events: () => ({
        ...eventsOf(heap.counters),
        bigBelowThreshold: atThreshold[0]!,
        bigAtThreshold: atThreshold[1]!,
        bigAboveThreshold: atThreshold[2]!,
      }),
      reset: () => heap.reset(),
    };
  };
}

/** What the reference owes with these options, each derived from its own description. */
function promisesOf(options: HeapOptions, pageSize: number): Promises {
  const { alignment, bigCounts, bigThreshold, growthUnit, header, tags } = options;
  const word = header === 4 ? 4 : 8;
  const cell = roundUp(Math.max(header + 1, word * 4), alignment);
  // What the first and the last block of a region leave to its edges, in bytes.
  const edges = roundUp(header, alignment) - header + (tags === 'boundary' ? word : 0);
  const recovers = roundUp(growthUnit, pageSize) - edges - alignment - header;
  // The smallest request that is mapped on its own.
  const returnsFrom =
    bigCounts === 'request' ? bigThreshold : roundDown(bigThreshold - 1, alignment) - header + 1;
  const isSmall = recovers < bigThreshold - header - alignment;
  return {
    alignment,
    sizeMax: SIZE_MAX,
    zeroSize: 'block',
    reallocZero: 'resizes',
    slack: cell + alignment,
    repeats: true,
    ...(isSmall && recovers > 0 ? { recovers } : {}),
    ...(bigThreshold === Infinity ? {} : { returnsFrom }),
  };
}

/** The counters of a heap that count events: all but the bytes that it holds right now. */
function eventsOf({ arenaBytes: _, ...events }: HeapCounters): Readonly<Record<string, number>> {
  return events;
}
