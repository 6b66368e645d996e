import { roundDown, roundUp } from '../base/bits.ts';
import type { Range } from '../base/range.ts';
import { rulesOnPart } from '../base/rule.ts';
import { formatAddress, GIB, MIB, SIZE_MAX } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import type {
  InvariantSet,
  MakeAllocatorTarget,
  Memory,
  MemoryRefusals,
  Promises,
  AllocatorTarget,
  Snapshots,
} from '../check/target.ts';
import type { Arena } from '../heap/arena.ts';
import { FlatArena, type FlatArenaOptions } from '../heap/flat-arena.ts';
import type { HeapCounters } from '../heap/free-list.ts';
import { Heap } from '../heap/heap.ts';
import { HEAP_INVARIANTS, heapState, type HeapState } from '../heap/invariants.ts';
import { completeOptions, type HeapOptions } from '../heap/options.ts';
import { walk } from '../heap/walk.ts';
import { KERNEL_INVARIANTS, type KernelInvariant } from '../kernel/invariants.ts';
import { kernelState, type KernelState } from '../kernel/kernel-state.ts';
import { PRESETS } from '../machine/geometry.ts';
import { describeHeap, flatSnapshots } from './flat-snapshots.ts';
import { heapOptionsOn, PagedArena, placedFor, type PagedArenaOptions } from './paged-arena.ts';

/** Small enough that programs run out of memory, and that a fresh one costs little. */
const ARENA_SIZE = 16 * MIB;
/** Where the addresses end that 4 bytes hold. */
const HEADER_4_END = 4 * GIB;

export interface ReferenceOptions {
  /** Default `reference`; on a machine `reference/paged`, and its preset where that is not x86-64. */
  readonly name?: string;
  readonly heap?: Partial<HeapOptions>;
  /** Default: 16 MiB for maps, and as much for the break where the heap grows by it. */
  readonly arena?: FlatArenaOptions;
  /** Puts the heap on a simulated machine instead of a flat arena. */
  readonly machine?: PagedArenaOptions;
}

/**
 * Makes the reference heap over a flat arena, or over the pages of a simulated machine, in any of its options.
 *
 * @throws {UsageError} Options that do not go together.
 */
export function referenceTarget(options: ReferenceOptions = {}): MakeAllocatorTarget {
  const { arena, heap = {}, machine } = options;
  if (machine === undefined) {
    const heapOptions = completeOptions(heap);
    const arenaOptions = {
      mapSize: ARENA_SIZE,
      brkSize: heapOptions.growth === 'brk' ? ARENA_SIZE : 0,
      ...arena,
    };
    const promises = promisesOf(heapOptions, arena?.pageSize ?? 4096);
    const name = options.name ?? 'reference';
    return () => {
      const flat = new FlatArena(arenaOptions);
      const parts = { name, heapOptions, promises };
      return targetOver(flat, parts, heapRules, (own) => flatSnapshots(own, flat, describeHeap));
    };
  }
  if (arena !== undefined)
    throw new UsageError(
      'arena: got options for a flat arena, and a machine; pass its sizes in machine.',
    );
  const preset = machine.preset ?? 'x86-64';
  const heapOptions = completeOptions({ ...heapOptionsOn(preset), ...heap });
  const { repeats, steady, ...lasting } = promisesOf(heapOptions, PRESETS[preset].pageSize);
  // A random place depends on how many were drawn before, also by earlier programs, and so does what merges.
  const promises = machine.placement === 'random' ? lasting : { ...lasting, repeats, steady };
  const name =
    options.name ?? (preset === 'x86-64' ? 'reference/paged' : `reference/paged/${preset}`);
  const placed = placedFor(heapOptions, machine);
  return () => {
    const paged = new PagedArena(placed);
    return targetOver(paged, { name, heapOptions, promises }, (own) => pagedRules(own, paged));
  };
}

/** What the target needs of the memory under its heap. */
interface TargetArena extends Arena, Memory {
  readonly bounds: Range;
  readonly mappedSize: number;
  readonly refusals: MemoryRefusals;
}

interface TargetParts {
  readonly name: string;
  readonly heapOptions: HeapOptions;
  readonly promises: Promises;
}

function targetOver(
  arena: TargetArena,
  { heapOptions, name, promises }: TargetParts,
  rulesOf: (heap: Heap) => InvariantSet<unknown>,
  snapshotsOf?: (heap: Heap) => Snapshots<unknown>,
): AllocatorTarget {
  if (heapOptions.header === 4 && arena.bounds.end > HEADER_4_END) {
    throw new UsageError(
      `heap: header is 4, and the memory ends at ${formatAddress(arena.bounds.end)}, which no 4 bytes hold; pass header 8, or memory below ${formatAddress(HEADER_4_END)}.`,
    );
  }
  const heap = new Heap(arena, heapOptions);
  const atThreshold = [0, 0, 0];
  const noteThreshold = (size: number): void => {
    const past = size - heapOptions.bigThreshold + 1;
    if (past >= 0 && past <= 2) atThreshold[past]! += 1;
  };
  return {
    name,
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
    refusals: arena.refusals,
    walk: () => walk(heap),
    invariants: rulesOf(heap),
    events: () => ({
      ...eventsOf(heap.counters),
      bigBelowThreshold: atThreshold[0]!,
      bigAtThreshold: atThreshold[1]!,
      bigAboveThreshold: atThreshold[2]!,
    }),
    reset: () => heap.reset(),
    snapshots: snapshotsOf?.(heap),
  };
}

function heapRules(heap: Heap): InvariantSet<HeapState> {
  return { rules: HEAP_INVARIANTS, read: () => heapState(heap) };
}

/** A heap, and what lies under it. */
interface PagedState {
  readonly own: HeapState;
  readonly below: KernelState;
}

/** The rules of the heap, then those of kernel and machine that can be asked: its address space has no model. */
function pagedRules(heap: Heap, { kernel }: PagedArena): InvariantSet<PagedState> {
  const isAsked = ({ needs }: KernelInvariant): boolean =>
    needs === undefined || (needs === 'watch' && kernel.saturated !== undefined);
  const rules = [
    ...rulesOnPart(HEAP_INVARIANTS, ({ own }: PagedState) => own),
    ...rulesOnPart(KERNEL_INVARIANTS.filter(isAsked), ({ below }: PagedState) => below),
  ];
  return { rules, read: () => ({ own: heapState(heap), below: kernelState(kernel) }) };
}

/** What the reference owes with these options, each derived from its own description. */
function promisesOf(
  options: HeapOptions,
  pageSize: number,
): Promises & { readonly repeats: true; readonly steady: true } {
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
    steady: true,
    ...(isSmall && recovers > 0 ? { recovers } : {}),
    ...(bigThreshold === Infinity ? {} : { returnsFrom }),
  };
}

/** The counters of a heap that count events: all but the bytes that it holds right now. */
function eventsOf({ arenaBytes: _, ...events }: HeapCounters): Readonly<Record<string, number>> {
  return events;
}
