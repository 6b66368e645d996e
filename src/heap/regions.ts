import { assert } from '../base/kit-bug.ts';
import type { BlockLayout } from './block.ts';

/**
 * Memory that the heap got for small blocks, in one piece: blocks tile it from `first` to `last`. With boundary tags
 * an edge lies at `last`: a header without a block, marked used, where merging stops.
 *
 *     start  first                                         last   end
 *     ┌──────┬──────────┬───────────────┬──────────────────┬──────┐
 *     │ lead │ block    │ block         │ block            │ edge │
 *     └──────┴──────────┴───────────────┴──────────────────┴──────┘
 */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/** What new memory turned out to be, next to what was there. */
export interface NewMemory {
  /** The free block that the new memory makes. */
  readonly block: number;
  readonly blockEnd: number;
  readonly joinsBefore: boolean;
  readonly joinsAfter: boolean;
}

/** The regions of a heap, by rising address; neighbours are one region where blocks may merge across maps. */
export class Regions {
  readonly #layout: BlockLayout;
  #regions: Region[] = [];

  constructor(layout: BlockLayout) {
    this.#layout = layout;
  }

  all(): readonly Region[] {
    return this.#regions;
  }

  /** Adds the memory [start, end), which no region has. `joining` says if it becomes one with its neighbours. */
  add(start: number, end: number, joining: 'joins' | 'stays-apart'): NewMemory {
    let at = this.#regions.length;
    while (at > 0 && this.#regions[at - 1]!.start > start) at -= 1;
    const before = this.#regions[at - 1];
    const after = this.#regions[at];
    assert(before === undefined || before.end <= start, 'new memory lies past the region below it');
    assert(after === undefined || end <= after.start, 'new memory lies before the region above it');
    const joinsBefore = joining === 'joins' && before !== undefined && before.end === start;
    const joinsAfter = joining === 'joins' && after !== undefined && after.start === end;
    const first = joinsBefore ? before.first : this.#layout.firstBlockFrom(start);
    const last = joinsAfter ? after.last : this.#layout.lastEndBefore(first, end);
    const region = {
      start: joinsBefore ? before.start : start,
      end: joinsAfter ? after.end : end,
      first,
      last,
    };
    this.#regions.splice(
      joinsBefore ? at - 1 : at,
      Number(joinsBefore) + Number(joinsAfter),
      region,
    );
    return {
      block: joinsBefore ? before.last : first,
      blockEnd: joinsAfter ? after.first : last,
      joinsBefore,
      joinsAfter,
    };
  }

  /** Whether a region starts its blocks, or ends them, at this address: blocks on both sides may not merge. */
  hasEdgeAt(address: number): boolean {
    return this.#regions.some(({ first, last }) => first === address || last === address);
  }

  /** Back to these, each as it was. */
  restore(regions: readonly Region[]): void {
    this.#regions = [...regions];
  }

  clear(): void {
    this.#regions = [];
  }
}
