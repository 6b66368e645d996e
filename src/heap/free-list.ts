/**
 * Which blocks are free, kept in the free blocks themselves. An implementation may keep heads, a bitmap or an index
 * outside; that is its side cost.
 *
 * Invariant `free-list-equals-walk`: the list holds exactly the free blocks of the heap, each once.
 */
export interface FreeList {
  /** Takes a block of at least `extent` bytes, chosen by the policy, off the list. @returns It, or 0. */
  take(extent: number): number;
  /** Lists a block; its header is written. */
  insert(block: number, extent: number): void;
  /** Lists what was left over when a block was split; a policy may prefer it in the next search. */
  insertRest(block: number, extent: number): void;
  /** Takes a listed block off; its header still stands. */
  remove(block: number, extent: number): void;
  /** Visits the listed blocks in the list's order, until `visit` returns false. */
  each(visit: (block: number) => boolean): void;
  clear(): void;
  /** What is kept outside of the free blocks, as numbers. */
  registers(): readonly number[];
  /** Back to what `registers` gave, the blocks being as they were then. */
  setRegisters(registers: readonly number[]): void;
}

/** How often the costly and the interesting things happened in a heap. */
export interface HeapCounters {
  /** Free-list nodes that were visited. */
  listSteps: number;
  splits: number;
  mergesLeft: number;
  mergesRight: number;
  /** Frees that merged with both neighbours at once; each counts once here and not in the two above. */
  mergesBoth: number;
  growths: number;
  bigMallocs: number;
  bigFrees: number;
  /** Small blocks that start below the highest byte handed out before: memory used again. */
  reuses: number;
  /** Bytes that the arena gave and has not got back. */
  arenaBytes: number;
  /** Requests refused because the arena had no room. */
  refusals: number;
}

export function zeroCounters(): HeapCounters {
  return {
    listSteps: 0,
    splits: 0,
    mergesLeft: 0,
    mergesRight: 0,
    mergesBoth: 0,
    growths: 0,
    bigMallocs: 0,
    bigFrees: 0,
    reuses: 0,
    arenaBytes: 0,
    refusals: 0,
  };
}
