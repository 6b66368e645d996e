import { roundDown, roundUp } from '../base/bits.ts';
import { assert } from '../base/kit-bug.ts';
import { AddressIndex } from './address-index.ts';
import type { Arena } from './arena.ts';
import { BIG, BlockLayout, PREVIOUS_USED, USED } from './block.ts';
import { zeroCounters, type FreeList, type HeapCounters } from './free-list.ts';
import { LinkedList } from './linked-list.ts';
import { completeOptions, type HeapOptions } from './options.ts';
import { type Region, Regions } from './regions.ts';
import { SegregatedBins } from './segregated-bins.ts';

/** All that a heap keeps outside of its arena. */
export interface HeapRegisters {
  readonly regions: readonly Region[];
  /** Start and mapped length of each. */
  readonly bigMaps: readonly (readonly [number, number])[];
  readonly arenaBytes: number;
  /** End of the highest block ever handed out. */
  readonly reachedEnd: number;
  readonly list: readonly number[];
}

/**
 * The reference allocator: the note's malloc, with what the note leaves open as options.
 *
 * A small request is served from the free list; without a block that fits the heap grows by whole pages, and what is
 * left over goes to the list. A block that is larger than need be is split, and a freed one is merged with its free
 * neighbours at once. A big request is mapped on its own and unmapped when it is freed. Regions stay with the heap
 * until `reset`. `malloc(0)` returns the smallest block.
 *
 * It knows its memory by the `Arena` alone. Addresses are below 2^48, sizes plain numbers; null is a refusal, which
 * changes nothing. Freeing what is not a live block is undefined, as in C.
 *
 * Source: N. Tuck, "Simple Malloc", lecture notes, 2025.
 */
export class Heap {
  readonly arena: Arena;
  readonly options: HeapOptions;
  readonly layout: BlockLayout;
  readonly list: FreeList;
  readonly regions: Regions;
  /** The mapped length of every live big block, by the first address of its map. */
  readonly bigMaps = new Map<number, number>();
  readonly counters: HeapCounters = zeroCounters();
  readonly #sizeMax: number;
  readonly #hasTags: boolean;
  readonly #untagged: LinkedList | undefined;
  #reachedEnd = 0;

  constructor(arena: Arena, options: Partial<HeapOptions> = {}) {
    this.arena = arena;
    this.options = completeOptions(options);
    this.layout = new BlockLayout(arena, this.options);
    this.regions = new Regions(this.layout);
    this.#sizeMax = this.layout.word === 8 ? 2 ** 47 : 2 ** 31;
    this.#hasTags = this.layout.hasTags;
    if (this.options.list === 'bins') {
      this.list = new SegregatedBins(this.layout, this.counters);
    } else {
      const index = this.options.list === 'address-indexed' ? new AddressIndex() : undefined;
      const list = new LinkedList(this.layout, this.counters, this.options, index);
      this.list = list;
      this.#untagged = this.#hasTags ? undefined : list;
    }
  }

  /** @returns The payload address of a new block, or null. */
  malloc(size: number): number | null {
    if (size > this.#sizeMax) return null;
    const extent = this.layout.extentFor(size);
    if (this.#isBig(size, extent)) return this.#mallocBig(size, this.options.alignment);
    const block = this.list.take(extent) || this.#growAndTake(extent);
    if (block === 0) return null;
    const found = this.layout.extentOf(block);
    if (found - extent >= this.layout.extentMin)
      this.#placeSplit(block, found, extent, PREVIOUS_USED);
    else this.#placeWhole(block, found, PREVIOUS_USED);
    return block + this.layout.header;
  }

  /** Takes a block back, found by its address alone; null is ignored. */
  free(address: number | null): void {
    if (address === null) return;
    const block = address - this.layout.header;
    const tag = this.layout.tagOf(block);
    if (this.layout.isBig(tag)) this.#freeBig(block, this.layout.extentIn(tag));
    else this.#release(block, this.layout.extentIn(tag), tag);
  }

  /** As `malloc` of `count` times `size` bytes, all zero. */
  calloc(count: number, size: number): number | null {
    const total = count * size;
    const address = this.malloc(total);
    if (address === null) return null;
    if (!this.layout.isBig(this.layout.tagOf(address - this.layout.header)))
      this.arena.zero(address, total);
    return address;
  }

  /** Gives a block another size, in place where it can, and keeps its contents. On null the old block stays. */
  realloc(address: number | null, size: number): number | null {
    if (address === null) return this.malloc(size);
    if (size > this.#sizeMax) return null;
    const block = address - this.layout.header;
    const tag = this.layout.tagOf(block);
    const extent = this.layout.extentFor(size);
    const isResized = this.layout.isBig(tag)
      ? this.#isBig(size, extent) &&
        this.usableSize(address) >= size &&
        this.#bigSize(size) === this.layout.extentIn(tag)
      : !this.#isBig(size, extent) && this.#resize(block, tag, extent);
    return isResized ? address : this.#move(address, size);
  }

  /**
   * As `malloc`, at a multiple of `alignment`.
   *
   * @param alignment A power of two, at most 2^30.
   */
  aligned(alignment: number, size: number): number | null {
    if (alignment <= this.options.alignment) return this.malloc(size);
    if (size > this.#sizeMax) return null;
    const extent = this.layout.extentFor(size);
    if (this.#isBig(size, extent)) return this.#mallocBig(size, alignment);
    const padded = extent + alignment + this.layout.extentMin;
    const block = this.list.take(padded) || this.#growAndTake(padded);
    if (block === 0) return null;
    return this.#placeAligned(block, extent, alignment);
  }

  /** @returns How many bytes of a live block the caller may use. */
  usableSize(address: number): number {
    const block = address - this.layout.header;
    const tag = this.layout.tagOf(block);
    const extent = this.layout.extentIn(tag);
    if (!this.layout.isBig(tag)) return extent - this.layout.header;
    return roundDown(block, this.arena.pageSize) + extent - address;
  }

  /** Gives all memory back to the arena, live blocks or not. Counters stay. */
  reset(): void {
    for (const { start, end } of this.regions.all()) {
      if (this.options.growth === 'map') this.arena.unmap(start, end - start);
      else this.arena.brk(start - end);
    }
    for (const [start, size] of this.bigMaps) this.arena.unmap(start, size);
    this.regions.clear();
    this.bigMaps.clear();
    this.counters.arenaBytes = 0;
    this.list.clear();
    this.#reachedEnd = 0;
  }

  /** What the heap keeps outside of its arena, to come back to; counters go on. */
  capture(): HeapRegisters {
    return {
      regions: [...this.regions.all()],
      bigMaps: [...this.bigMaps],
      arenaBytes: this.counters.arenaBytes,
      reachedEnd: this.#reachedEnd,
      list: this.list.registers(),
    };
  }

  /** Back to what was captured, the arena being as it was then. */
  restore({ arenaBytes, bigMaps, list, reachedEnd, regions }: HeapRegisters): void {
    this.regions.restore(regions);
    this.bigMaps.clear();
    for (const [start, size] of bigMaps) this.bigMaps.set(start, size);
    this.counters.arenaBytes = arenaBytes;
    this.#reachedEnd = reachedEnd;
    this.list.setRegisters(list);
  }

  #isBig(size: number, extent: number): boolean {
    return (this.options.bigCounts === 'request' ? size : extent) >= this.options.bigThreshold;
  }

  /** A block of at least this extent out of new memory, off the list, or 0. */
  #growAndTake(extent: number): number {
    return this.#grow(extent) ? this.list.take(extent) : 0;
  }

  /** Makes a block that is off the list a used one. */
  #placeWhole(block: number, found: number, previousUsed: number): void {
    const end = block + found;
    this.#reach(block, end);
    this.layout.markUsed(block, found, previousUsed);
    if (this.#hasTags) this.layout.markPreviousUsed(end);
  }

  /** As `placeWhole`, of the first `extent` bytes; what is left over is listed. */
  #placeSplit(block: number, found: number, extent: number, previousUsed: number): void {
    this.#reach(block, block + extent);
    this.layout.markUsed(block, extent, previousUsed);
    this.#split(block + extent, found - extent);
  }

  /** Notes that a block is handed out, for the count of those that lie where others lay before. */
  #reach(block: number, end: number): void {
    if (block < this.#reachedEnd) this.counters.reuses += 1;
    if (end > this.#reachedEnd) this.#reachedEnd = end;
  }

  #split(block: number, extent: number): void {
    this.counters.splits += 1;
    this.layout.markFree(block, extent);
    this.list.insertRest(block, extent);
  }

  /** Cuts a block that is off the list so that a payload lies at a multiple of `alignment`; what lies in front is listed. */
  #placeAligned(block: number, extent: number, alignment: number): number {
    const found = this.layout.extentOf(block);
    let address = roundUp(block + this.layout.header, alignment);
    let front = address - this.layout.header - block;
    if (front > 0 && front < this.layout.extentMin) {
      const more = roundUp(this.layout.extentMin - front, alignment);
      address += more;
      front += more;
    }
    if (front > 0) this.#split(block, front);
    const previousUsed = front > 0 ? 0 : PREVIOUS_USED;
    const rest = found - front;
    if (rest - extent >= this.layout.extentMin)
      this.#placeSplit(block + front, rest, extent, previousUsed);
    else this.#placeWhole(block + front, rest, previousUsed);
    return address;
  }

  /**
   * Frees a small block: merges it with the free blocks at both sides and lists the result.
   *
   * @param tag The block's word, which with boundary tags knows if the block in front is used.
   */
  #release(block: number, extent: number, tag: number): void {
    if (this.#untagged === undefined) this.#releaseTagged(block, extent, tag);
    else this.#releaseUntagged(block, extent, this.#untagged);
  }

  #releaseTagged(freed: number, freedExtent: number, tag: number): void {
    let block = freed;
    let extent = freedExtent;
    const end = freed + freedExtent;
    const next = this.layout.tagOf(end);
    if (this.layout.isUsed(next)) {
      this.layout.words.store(end, next - PREVIOUS_USED);
    } else {
      const more = this.layout.extentIn(next);
      this.list.remove(end, more);
      extent += more;
    }
    if (!this.layout.isPreviousUsed(tag)) {
      const more = this.layout.footerBefore(freed);
      block -= more;
      this.list.remove(block, more);
      extent += more;
    }
    if (extent !== freedExtent) this.#countMerge(freed - block, block + extent - end);
    this.layout.markFree(block, extent);
    this.list.insert(block, extent);
  }

  #releaseUntagged(freed: number, freedExtent: number, list: LinkedList): void {
    let block = freed;
    let extent = freedExtent;
    const end = freed + freedExtent;
    const left = this.regions.hasEdgeAt(freed) ? 0 : list.endingAt(freed);
    const right = this.#freeAt(end);
    if (right !== 0) {
      extent += this.layout.extentOf(right);
      list.remove(right);
    }
    if (left !== 0) {
      list.remove(left);
      extent += freed - left;
      block = left;
    }
    this.#countMerge(freed - block, block + extent - end);
    this.layout.markFree(block, extent);
    this.list.insert(block, extent);
  }

  /** The free block that starts where another ends, and may merge with it, or 0. */
  #freeAt(end: number): number {
    if (this.#untagged === undefined) return this.layout.isUsed(this.layout.tagOf(end)) ? 0 : end;
    return this.regions.hasEdgeAt(end) ? 0 : this.#untagged.startingAt(end);
  }

  /** Counts a free by the bytes that it merged with at each side. */
  #countMerge(leftBytes: number, rightBytes: number): void {
    if (leftBytes > 0 && rightBytes > 0) this.counters.mergesBoth += 1;
    else if (leftBytes > 0) this.counters.mergesLeft += 1;
    else if (rightBytes > 0) this.counters.mergesRight += 1;
  }

  /** Changes a small block's extent where it lies. @returns False when it has to move. */
  #resize(block: number, tag: number, extent: number): boolean {
    let found = this.layout.extentIn(tag);
    if (found < extent) {
      const right = this.#freeAt(block + found);
      if (right === 0) return false;
      const more = this.layout.extentOf(right);
      if (found + more < extent) return false;
      this.list.remove(right, more);
      found += more;
      if (this.#hasTags) this.layout.markPreviousUsed(block + found);
    }
    if (found - extent < this.layout.extentMin) {
      this.layout.markUsed(block, found, tag & PREVIOUS_USED);
    } else {
      this.counters.splits += 1;
      this.layout.markUsed(block, extent, tag & PREVIOUS_USED);
      this.#release(block + extent, found - extent, PREVIOUS_USED);
    }
    return true;
  }

  #move(address: number, size: number): number | null {
    const target = this.malloc(size);
    if (target === null) return null;
    this.arena.copy(target, address, Math.min(this.usableSize(address), size));
    this.free(address);
    return target;
  }

  /** Bytes to map for a big block whose payload lies at the usual place. */
  #bigSize(size: number): number {
    return roundUp(roundUp(this.layout.header, this.options.alignment) + size, this.arena.pageSize);
  }

  /**
   * Maps a block of its own. Its header lies just in front of the payload and holds the length of the map, which starts
   * at the header's page: so `free` needs nothing but the address.
   */
  #mallocBig(size: number, alignment: number): number | null {
    const page = this.arena.pageSize;
    const offset = roundUp(this.layout.header, alignment);
    const isOverPage = offset > page;
    const length = roundUp(offset + size, page);
    const map = this.arena.map(length);
    if (map === null) return this.#refuse();
    const address = isOverPage ? roundUp(map + this.layout.header, alignment) : map + offset;
    const block = address - this.layout.header;
    const start = roundDown(block, page);
    const end = roundUp(address + size, page);
    if (isOverPage) this.#trim({ start: map, end: map + length }, { start, end });
    this.layout.words.store(block, end - start + BIG);
    this.bigMaps.set(start, end - start);
    this.counters.bigMallocs += 1;
    this.counters.arenaBytes += end - start;
    return address;
  }

  #trim(map: { start: number; end: number }, kept: { start: number; end: number }): void {
    if (kept.start > map.start) this.arena.unmap(map.start, kept.start - map.start);
    if (kept.end < map.end) this.arena.unmap(kept.end, map.end - kept.end);
  }

  #freeBig(block: number, size: number): void {
    const start = roundDown(block, this.arena.pageSize);
    this.bigMaps.delete(start);
    this.counters.bigFrees += 1;
    this.counters.arenaBytes -= size;
    this.arena.unmap(start, size);
  }

  /** Gets memory in which a block of `extent` bytes fits, and lists it. @returns False when there is none. */
  #grow(extent: number): boolean {
    const { growth, growthUnit, coalescing } = this.options;
    const overhead = this.layout.lead + (this.#hasTags ? this.layout.word : 0);
    const size = roundUp(Math.max(extent + overhead, growthUnit), this.arena.pageSize);
    const start = growth === 'map' ? this.arena.map(size) : this.arena.brk(size);
    if (start === null) {
      this.#refuse();
      return false;
    }
    this.counters.growths += 1;
    this.counters.arenaBytes += size;
    const joining = growth === 'brk' || coalescing === 'across-maps' ? 'joins' : 'stays-apart';
    const added = this.regions.add(start, start + size, joining);
    assert(added.blockEnd - added.block >= extent, 'new memory holds what it was mapped for');
    const tag = this.#hasTags && added.joinsBefore ? this.layout.tagOf(added.block) : PREVIOUS_USED;
    if (this.#hasTags && !added.joinsAfter)
      this.layout.words.store(added.blockEnd, USED + PREVIOUS_USED);
    this.#release(added.block, added.blockEnd - added.block, tag);
    return true;
  }

  #refuse(): null {
    this.counters.refusals += 1;
    return null;
  }
}
