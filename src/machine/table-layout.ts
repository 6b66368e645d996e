import { spansOf, type Geometry } from './geometry.ts';
import { DIRTY, frameOf, LARGE, RESERVED } from './page-table-entry.ts';
import type { PhysicalMemory } from './physical-memory.ts';

/** What the upper half of an 8-byte entry reads as when it is not zero. */
const UPPER_HALF = 8;

/** Where entries lie in the tables of one geometry, and which bits may stand in them. */
export class TableLayout {
  readonly geometry: Geometry;
  readonly memory: PhysicalMemory;
  readonly entriesCount: number;
  /** How many bytes an entry of each level covers, root first. */
  readonly spans: readonly number[];
  readonly lastLevel: number;
  readonly #pageSize: number;
  readonly #entrySize: number;
  // Powers of two all, so that multiplying by these is exact, and faster than dividing.
  readonly #pagesPerByte: readonly number[];
  readonly #tablesPerEntry: number;
  readonly #reservedInTable: readonly number[];
  readonly #reservedInLeaf: readonly number[];

  constructor(geometry: Geometry, memory: PhysicalMemory) {
    this.geometry = geometry;
    this.memory = memory;
    this.spans = spansOf(geometry);
    this.lastLevel = this.spans.length - 1;
    this.entriesCount = geometry.pageSize / geometry.entrySize;
    this.#pageSize = geometry.pageSize;
    this.#entrySize = geometry.entrySize;
    this.#pagesPerByte = this.spans.map((span) => 1 / span);
    this.#tablesPerEntry = 1 / this.entriesCount;
    this.#reservedInTable = this.spans.map(() => RESERVED | DIRTY);
    this.#reservedInLeaf = this.spans.map((span, level) => this.#leafMask(span, level));
  }

  /** The level whose leaves map pages of `size` bytes, or -1. */
  levelOf(size: number): number {
    const level = this.spans.indexOf(size);
    return level === this.lastLevel || this.geometry.largeLevels.includes(level) ? level : -1;
  }

  /** The physical address of an entry. */
  entryAt(table: number, index: number): number {
    return table * this.#pageSize + index * this.#entrySize;
  }

  /** The index of an entry in its table. */
  indexOf(at: number): number {
    return (at % this.#pageSize) / this.#entrySize;
  }

  /** The number of the page, of the size that a leaf at `level` maps, in which an address lies. */
  pageNumber(address: number, level: number): number {
    return Math.floor(address * this.#pagesPerByte[level]!);
  }

  /** The physical address of the entry of `table`, a table at `level`, that an address goes through. */
  entryFor(table: number, level: number, address: number): number {
    const number = this.pageNumber(address, level);
    const tablesBefore = Math.floor(number * this.#tablesPerEntry);
    return this.entryAt(table, number - tablesBefore * this.entriesCount);
  }

  /** Reads an entry. A bit in the upper half of an 8-byte entry reads as a reserved one in the lower. */
  read(at: number): number {
    const low = this.memory.load32(at);
    if (this.#entrySize === 4 || this.memory.load32(at + 4) === 0) return low;
    return (low | UPPER_HALF) >>> 0;
  }

  /** The first index from `index` on whose entry has any bit set, in either half, or `end`. */
  nextUsed(table: number, index: number, end: number): number {
    const start = this.entryAt(table, 0);
    const size = this.#entrySize;
    const at = this.memory.nextNonZero(start + index * size, start + end * size);
    return Math.floor((at - start) / size);
  }

  write(at: number, entry: number): void {
    this.memory.store32(at, entry);
    if (this.#entrySize === 8) this.memory.store32(at + 4, 0);
  }

  /** Whether a present entry maps a page; else it names a table. */
  isLeaf(entry: number, level: number): boolean {
    return level === this.lastLevel || (entry & LARGE) !== 0;
  }

  /** Whether the hardware can follow a present entry: no reserved bit is set, and the frames that it names exist. */
  isSound(entry: number, level: number): boolean {
    const isLeaf = this.isLeaf(entry, level);
    const reserved = (isLeaf ? this.#reservedInLeaf : this.#reservedInTable)[level]!;
    const framesCount = isLeaf ? this.spans[level]! / this.#pageSize : 1;
    return (entry & reserved) === 0 && frameOf(entry) + framesCount <= this.memory.framesCount;
  }

  /** In a large leaf the low bits of the frame are reserved; where a level has no large leaves, their bit is. */
  #leafMask(span: number, level: number): number {
    if (!this.geometry.largeLevels.includes(level)) return RESERVED | LARGE;
    return RESERVED | ((span / this.#pageSize - 1) << 12);
  }
}
