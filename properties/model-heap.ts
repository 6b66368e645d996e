import { roundDown, roundUp } from '../src/base/bits.ts';
import type { Range } from '../src/base/range.ts';
import { completeOptions, type HeapOptions, wordSize } from '../src/heap/options.ts';

/** How often a model split, merged and grew, by the names that the heap's own counters have. */
export interface ModelCounters {
  splits: number;
  mergesLeft: number;
  mergesRight: number;
  mergesBoth: number;
  growths: number;
}

/** Memory as a model's heap sees it: where the next pages would lie, and nothing in them. */
export interface ModelMemory {
  readonly base: number;
  readonly mapSize: number;
  readonly brkSize: number;
  readonly pageSize: number;
}

interface Region extends Range {
  readonly first: number;
  readonly last: number;
}

/**
 * The reference heap as it is described, and nothing of how it is built: no headers, no links, no tags, only a list of
 * gaps, a map of blocks, and the arithmetic of its options. It says where every block must lie. Slow, and meant to be
 * seen to be right; for one list in any order and fit, over memory whose maps are placed upwards.
 */
export class ModelHeap {
  readonly options: HeapOptions;
  readonly counters: ModelCounters = {
    splits: 0,
    mergesLeft: 0,
    mergesRight: 0,
    mergesBoth: 0,
    growths: 0,
  };
  /** Free blocks in the list's order. */
  gaps: Range[] = [];
  readonly #memory: ModelMemory;
  readonly #maps: Range[] = [];
  #break: number;
  #regions: Region[] = [];
  /** Small blocks, header included, and the pages of big ones; each by the address of its payload. */
  readonly #blocks = new Map<number, Range>();
  readonly #big = new Map<number, Range>();
  /** Next fit: where the next search starts; undefined for the head. */
  #rover: Range | undefined;
  readonly #edge: number;
  readonly #extentMin: number;

  constructor(memory: ModelMemory, options: Partial<HeapOptions>) {
    this.options = completeOptions(options);
    this.#memory = memory;
    this.#break = memory.base;
    const { header, alignment, tags, links } = this.options;
    const word = wordSize(header);
    this.#edge = tags === 'boundary' ? word : 0;
    const cell = word * (links === 'double' ? 3 : 2) + this.#edge;
    this.#extentMin = roundUp(Math.max(cell, header + 1), alignment);
  }

  /** Bytes that are mapped, or below the break. */
  get mappedSize(): number {
    const mapped = this.#maps.reduce((sum, { start, end }) => sum + end - start, 0);
    return mapped + this.#break - this.#memory.base;
  }

  malloc(size: number): number | null {
    if (this.#isTooLarge(size)) return null;
    if (this.#isBig(size)) return this.#mallocBig(size, this.options.alignment);
    const extent = this.#extentFor(size);
    const gap = this.#take(extent);
    return gap === undefined ? null : this.#place(gap, extent);
  }

  calloc(count: number, size: number): number | null {
    return this.malloc(count * size);
  }

  aligned(alignment: number, size: number): number | null {
    if (alignment <= this.options.alignment) return this.malloc(size);
    if (this.#isTooLarge(size)) return null;
    if (this.#isBig(size)) return this.#mallocBig(size, alignment);
    const extent = this.#extentFor(size);
    const gap = this.#take(extent + alignment + this.#extentMin);
    if (gap === undefined) return null;
    let start = roundUp(gap.start + this.options.header, alignment) - this.options.header;
    while (start > gap.start && start - gap.start < this.#extentMin) start += alignment;
    if (start > gap.start) this.#split({ start: gap.start, end: start });
    return this.#place({ start, end: gap.end }, extent);
  }

  free(address: number | null): void {
    if (address === null) return;
    const pages = this.#big.get(address);
    if (pages === undefined) {
      const block = this.#blocks.get(address)!;
      this.#blocks.delete(address);
      this.#release(block);
    } else {
      this.#big.delete(address);
      this.#unmap(pages);
    }
  }

  realloc(address: number | null, size: number): number | null {
    if (address === null) return this.malloc(size);
    if (this.#isTooLarge(size)) return null;
    const isResized = this.#big.has(address)
      ? this.#staysBig(address, size)
      : !this.#isBig(size) && this.#resize(address, this.#extentFor(size));
    if (isResized) return address;
    const moved = this.malloc(size);
    if (moved !== null) this.free(address);
    return moved;
  }

  #isTooLarge(size: number): boolean {
    return size > (wordSize(this.options.header) === 8 ? 2 ** 47 : 2 ** 31);
  }

  #isBig(size: number): boolean {
    const { bigCounts, bigThreshold } = this.options;
    return (bigCounts === 'request' ? size : this.#extentFor(size)) >= bigThreshold;
  }

  #extentFor(size: number): number {
    return Math.max(this.#extentMin, roundUp(size + this.options.header, this.options.alignment));
  }

  /** A gap that is large enough, off the list; the heap grows once where there is none. */
  #take(extent: number): Range | undefined {
    const gap = this.#choose(extent) ?? (this.#grow(extent) ? this.#choose(extent) : undefined);
    if (gap === undefined) return undefined;
    if (this.options.fit === 'next') this.#rover = gap;
    this.#remove(gap);
    return gap;
  }

  #choose(extent: number): Range | undefined {
    const { fit } = this.options;
    const from = this.#rover === undefined ? 0 : this.gaps.indexOf(this.#rover);
    const inTurn = [...this.gaps.slice(from), ...this.gaps.slice(0, from)];
    const fitting = inTurn.filter(({ start, end }) => end - start >= extent);
    if (fit === 'first' || fit === 'next') return fitting[0];
    const sizes = fitting.map(({ start, end }) => end - start);
    const wanted = fit === 'best' ? Math.min(...sizes) : Math.max(...sizes);
    return fitting[sizes.indexOf(wanted)];
  }

  #place(gap: Range, extent: number): number {
    const isSplit = gap.end - gap.start - extent >= this.#extentMin;
    const block = { start: gap.start, end: isSplit ? gap.start + extent : gap.end };
    if (isSplit) this.#split({ start: block.end, end: gap.end });
    this.#blocks.set(block.start + this.options.header, block);
    return block.start + this.options.header;
  }

  #split(rest: Range): void {
    this.counters.splits += 1;
    this.#insert(rest);
  }

  #insert(gap: Range): void {
    const above = this.gaps.findIndex(({ start }) => start > gap.start);
    const place = this.options.list === 'lifo' ? 0 : above < 0 ? this.gaps.length : above;
    this.gaps.splice(place, 0, gap);
  }

  #remove(gap: Range): void {
    const place = this.gaps.indexOf(gap);
    if (this.#rover === gap) this.#rover = this.gaps[place + 1];
    this.gaps.splice(place, 1);
  }

  /** Makes a range free, in one with what is free next to it. */
  #release(range: Range): void {
    const left = this.#gapNextTo(range.start, 'end');
    const right = this.#gapNextTo(range.end, 'start');
    for (const gap of [right, left]) if (gap !== undefined) this.#remove(gap);
    if (left !== undefined && right !== undefined) this.counters.mergesBoth += 1;
    else if (left !== undefined) this.counters.mergesLeft += 1;
    else if (right !== undefined) this.counters.mergesRight += 1;
    this.#insert({ start: left?.start ?? range.start, end: right?.end ?? range.end });
  }

  /** The gap that starts or ends here, unless a region does. */
  #gapNextTo(address: number, side: 'start' | 'end'): Range | undefined {
    const isEdge = this.#regions.some(({ first, last }) => first === address || last === address);
    return isEdge ? undefined : this.gaps.find((gap) => gap[side] === address);
  }

  /** Changes a small block where it lies. @returns False when it has to move. */
  #resize(address: number, extent: number): boolean {
    const block = this.#blocks.get(address)!;
    let { end } = block;
    if (end - block.start < extent) {
      const right = this.#gapNextTo(end, 'start');
      if (right === undefined || right.end - block.start < extent) return false;
      this.#remove(right);
      ({ end } = right);
    }
    const isSplit = end - block.start - extent >= this.#extentMin;
    const endKept = isSplit ? block.start + extent : end;
    this.#blocks.set(address, { start: block.start, end: endKept });
    if (isSplit) {
      this.counters.splits += 1;
      this.#release({ start: endKept, end });
    }
    return true;
  }

  /** Whether a big block serves a new size as it is: the payload fits, and a new map would be as long. */
  #staysBig(address: number, size: number): boolean {
    const { start, end } = this.#big.get(address)!;
    const { header, alignment } = this.options;
    const length = roundUp(roundUp(header, alignment) + size, this.#memory.pageSize);
    return this.#isBig(size) && end - address >= size && length === end - start;
  }

  #mallocBig(size: number, alignment: number): number | null {
    const page = this.#memory.pageSize;
    const { header } = this.options;
    const offset = roundUp(header, alignment);
    const length = roundUp(offset + size, page);
    const map = this.#map(length);
    if (map === null) return null;
    const address = roundUp(map + header, alignment);
    const kept = { start: roundDown(address - header, page), end: roundUp(address + size, page) };
    this.#unmap({ start: map, end: kept.start });
    this.#unmap({ start: kept.end, end: map + length });
    this.#big.set(address, kept);
    return address;
  }

  #grow(extent: number): boolean {
    const { alignment, growth, growthUnit, header } = this.options;
    const lead = roundUp(header, alignment) - header;
    const needed = Math.max(extent + lead + this.#edge, growthUnit);
    const size = roundUp(needed, this.#memory.pageSize);
    const start = growth === 'map' ? this.#map(size) : this.#brk(size);
    if (start === null) return false;
    this.counters.growths += 1;
    this.#release(this.#addRegion({ start, end: start + size }));
    return true;
  }

  /** Adds a region, in one with its neighbours where that is allowed. @returns What is new to hold blocks. */
  #addRegion({ start, end }: Range): Range {
    const { alignment, coalescing, growth, header } = this.options;
    const joins = growth === 'brk' || coalescing === 'across-maps';
    const before = joins ? this.#regions.find((region) => region.end === start) : undefined;
    const after = joins ? this.#regions.find((region) => region.start === end) : undefined;
    const first = before?.first ?? roundUp(start + header, alignment) - header;
    const last = after?.last ?? first + roundDown(end - this.#edge - first, alignment);
    const region = { start: before?.start ?? start, end: after?.end ?? end, first, last };
    const others = this.#regions.filter((other) => other !== before && other !== after);
    this.#regions = [...others, region];
    return { start: before?.last ?? first, end: after?.first ?? last };
  }

  /** The lowest pages that are not mapped, or null. */
  #map(size: number): number | null {
    const { base, brkSize, mapSize } = this.#memory;
    const ends = this.#maps.map(({ end }) => end);
    const start = [base + brkSize, ...ends]
      .toSorted((a, b) => a - b)
      .find((at) => this.#maps.every((map) => map.end <= at || at + size <= map.start));
    if (start === undefined || start + size > base + brkSize + mapSize) return null;
    this.#maps.push({ start, end: start + size });
    return start;
  }

  #unmap({ start, end }: Range): void {
    if (start === end) return;
    const at = this.#maps.findIndex((map) => map.start <= start && end <= map.end);
    const map = this.#maps[at]!;
    const rest = [
      { start: map.start, end: start },
      { start: end, end: map.end },
    ];
    this.#maps.splice(at, 1, ...rest.filter((part) => part.start < part.end));
  }

  #brk(size: number): number | null {
    const before = this.#break;
    if (before + size > this.#memory.base + this.#memory.brkSize) return null;
    this.#break = before + size;
    return before;
  }
}
