import { roundUp } from '../base/bits.ts';
import { assert } from '../base/kit-bug.ts';
import { formatRange, type Range } from '../base/range.ts';
import { formatAddress, KIB, MIB } from '../base/units.ts';
import type { Arena } from './arena.ts';
import { Refusals } from './refusals.ts';

/** Which memory was written to is known by pieces of 1 KiB, whatever the page size. */
const PIECE_SHIFT = 10;
const PIECE_SIZE = 2 ** PIECE_SHIFT;
/** Words of 4 bytes in a piece. */
const PIECE_WORDS = PIECE_SIZE / 4;
/** What a new arena's buffer has. */
const SIZE_FIRST = 256 * KIB;

/** Where `map` puts the next pages: upwards or downwards next to each other, or upwards with a page left out between. */
export type Placement = 'up' | 'down' | 'gaps';

export interface FlatArenaOptions {
  /** First address; a multiple of the page size, not 0. Default 0x1_0000. */
  readonly base?: number;
  readonly pageSize?: number;
  /** Room for `map`, in bytes. Default 64 MiB. */
  readonly mapSize?: number;
  /** Room for `brk`, in bytes, in front of it. Default 16 MiB. */
  readonly brkSize?: number;
  readonly placement?: Placement;
}

/** An arena's memory and maps at one moment. */
export interface FlatArenaState {
  readonly break: number;
  readonly mappedSize: number;
  /** By rising address. */
  readonly maps: readonly Range[];
  /** Those that were written to, by rising address. */
  readonly pieces: readonly MemoryPiece[];
}

interface MemoryPiece {
  readonly index: number;
  readonly words: Int32Array;
}

/** An access outside the arena, or a call that no system would grant: what the operating system would report. */
export class ArenaFault extends Error {
  override readonly name = 'ArenaFault';
}

/**
 * An arena that is one `ArrayBuffer`, for a heap without a machine below it.
 *
 *     base            base + brkSize                         bounds.end
 *     ┌───────────────┬──────────────────────────────────────┐
 *     │ break ──►     │ maps, placed up, down or with gaps   │
 *     └───────────────┴──────────────────────────────────────┘
 *
 * Memory is zero when it is mapped: pieces that were written to are known, and only they are cleared. The buffer grows
 * as far as memory was mapped or written to, so that a new arena costs little; what lies behind its end reads as zero.
 */
export class FlatArena implements Arena {
  readonly pageSize: number;
  readonly bounds: Range;
  /** What a test has the system refuse. */
  readonly refusals = new Refusals();
  readonly #placement: Placement;
  // A field that has been undefined once, as one without a value here, costs a check each time it is read.
  private readonly base: number = 0;
  readonly #size: number;
  readonly #mapStart: number;
  #bytes: Uint8Array;
  #view: DataView;
  private words: Int32Array;
  /** Address of the last word of 8 bytes in the buffer. */
  private wordLast = 0;
  private readonly dirtyPieces: Uint8Array;
  /** The same, four at a time: most pieces are clean. */
  readonly #dirtyFours: Int32Array;
  #break: number;
  /** Mapped ranges by rising address; neighbours are joined. */
  #maps: Range[] = [];
  #mappedSize = 0;
  mapsCount = 0;
  unmapsCount = 0;

  constructor(options: FlatArenaOptions = {}) {
    const { base = 0x1_0000, pageSize = 4096, mapSize = 64 * MIB, brkSize = 16 * MIB } = options;
    assert(
      [base, mapSize, brkSize].every((size) => size % pageSize === 0),
      'an arena is made of whole pages',
    );
    assert(base > 0, 'address 0 is null');
    this.pageSize = pageSize;
    this.#placement = options.placement ?? 'up';
    this.base = base;
    this.#size = brkSize + mapSize;
    this.#mapStart = base + brkSize;
    this.#break = base;
    this.bounds = { start: base, end: base + this.#size };
    const buffer = new ArrayBuffer(Math.min(SIZE_FIRST, this.#size));
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    this.wordLast = base + buffer.byteLength - 8;
    this.dirtyPieces = new Uint8Array(roundUp(Math.ceil(this.#size / PIECE_SIZE), 4));
    this.#dirtyFours = new Int32Array(this.dirtyPieces.buffer);
  }

  /** Bytes that are mapped or below the break. */
  get mappedSize(): number {
    return this.#mappedSize + (this.#break - this.base);
  }

  load32(address: number): number {
    this.#check(address, 4);
    const offset = address - this.base;
    return this.words[offset >>> 2]! >>> 0;
  }

  store32(address: number, value: number): void {
    this.#check(address, 4);
    this.#reach(address);
    const offset = address - this.base;
    this.words[offset >>> 2] = value;
    this.dirtyPieces[offset >>> PIECE_SHIFT] = 1;
  }

  // The two that everything else is made of. They are kept short, and their fields are private to TypeScript only,
  // because the compiler inlines by length of byte code, in which a # name counts double. All that is not a small value
  // inside the arena goes the long way.
  load(address: number): number {
    const words = this.words;
    const index = (address - this.base) >>> 2;
    const low = words[index]!;
    const isPlain =
      words[index + 1] === 0 && low >= 0 && address >= this.base && address <= this.wordLast;
    return isPlain ? low : this.#loadWide(address);
  }

  store(address: number, value: number): void {
    const words = this.words;
    const index = (address - this.base) >>> 2;
    if (value >= 2 ** 31 || address > this.wordLast || address < this.base) {
      this.#storeWide(address, value);
    } else {
      words[index] = value;
      words[index + 1] = 0;
      this.dirtyPieces[index >>> (PIECE_SHIFT - 2)] = 1;
    }
  }

  loadDouble(address: number): number {
    this.#reach(address);
    return this.#view.getFloat64(address - this.base, true);
  }

  storeDouble(address: number, value: number): void {
    this.#reach(address);
    const offset = address - this.base;
    this.#view.setFloat64(offset, value, true);
    this.dirtyPieces[offset >>> PIECE_SHIFT] = 1;
    this.dirtyPieces[(offset + 7) >>> PIECE_SHIFT] = 1;
  }

  loadByte(address: number): number {
    this.#reach(address);
    return this.#view.getUint8(address - this.base);
  }

  storeByte(address: number, byte: number): void {
    this.#reach(address);
    const offset = address - this.base;
    this.#view.setUint8(offset, byte);
    this.dirtyPieces[offset >>> PIECE_SHIFT] = 1;
  }

  copy(target: number, source: number, size: number): void {
    this.#check(target, size);
    this.#check(source, size);
    this.#reach(Math.max(target, source) + size - 8);
    const offset = source - this.base;
    this.#bytes.copyWithin(target - this.base, offset, offset + size);
    this.#soil(target, size);
  }

  zero(address: number, size: number): void {
    this.#check(address, size);
    const offset = address - this.base;
    this.#bytes.fill(0, offset, offset + size);
  }

  map(size: number): number | null {
    if (!(size > 0 && size % this.pageSize === 0))
      throw new ArenaFault(`map of ${size} bytes: no whole pages`);
    const start = this.refusals.isNext() ? null : this.#place(size);
    if (start === null) return null;
    this.mapsCount += 1;
    this.#reach(start + size - 8);
    this.#clean(start, size);
    this.#insert({ start, end: start + size });
    this.#mappedSize += size;
    return start;
  }

  unmap(address: number, size: number): void {
    const index = this.#maps.findIndex((map) => map.start <= address && address + size <= map.end);
    const isAligned = address % this.pageSize === 0 && size % this.pageSize === 0 && size > 0;
    if (index < 0 || !isAligned)
      throw new ArenaFault(`unmap of ${size} bytes at ${formatAddress(address)}: not mapped`);
    const map = this.#maps[index]!;
    const rest = [
      { start: map.start, end: address },
      { start: address + size, end: map.end },
    ];
    this.#maps.splice(index, 1, ...rest.filter(({ start, end }) => start < end));
    this.#mappedSize -= size;
    this.unmapsCount += 1;
  }

  brk(increment: number): number | null {
    const before = this.#break;
    const after = before + increment;
    if (after < this.base || after > this.#mapStart) return null;
    if (increment > 0 && this.refusals.isNext()) return null;
    this.#break = after;
    this.#reach(after - 8);
    this.#clean(before, increment);
    return before;
  }

  /** Back to nothing mapped. */
  reset(): void {
    this.#maps = [];
    this.#mappedSize = 0;
    this.#break = this.base;
    this.mapsCount = 0;
    this.unmapsCount = 0;
  }

  /** What is mapped and what memory holds, to come back to; the counts of calls go on. */
  capture(): FlatArenaState {
    const pieces: MemoryPiece[] = [];
    this.eachWritten((words, start, end) => {
      pieces.push({ index: start / PIECE_WORDS, words: words.slice(start, end) });
    });
    return { ...this.registers(), pieces };
  }

  /** Where the break is, and what is mapped. */
  registers(): Omit<FlatArenaState, 'pieces'> {
    return { break: this.#break, mappedSize: this.#mappedSize, maps: [...this.#maps] };
  }

  /** Back to what was captured. */
  restore(state: FlatArenaState): void {
    this.#break = state.break;
    this.#mappedSize = state.mappedSize;
    this.#maps = [...state.maps];
    let next = 0;
    this.eachWritten((words, start, end) => {
      const index = start / PIECE_WORDS;
      while (next < state.pieces.length && state.pieces[next]!.index < index) next += 1;
      if (state.pieces[next]?.index === index) return;
      words.fill(0, start, end);
      this.dirtyPieces[index] = 0;
    });
    for (const { index, words } of state.pieces) {
      this.words.set(words, index * PIECE_WORDS);
      this.dirtyPieces[index] = 1;
    }
  }

  /** Visits the pieces that were written to since they were mapped, by rising address; all others read as zero. */
  eachWritten(visit: (words: Int32Array, start: number, end: number) => void): void {
    const { words } = this;
    // What lies behind the buffer's end was never written to.
    const piecesEnd = Math.ceil(words.length / PIECE_WORDS);
    for (let four = 0; four * 4 < piecesEnd; four += 1) {
      if (this.#dirtyFours[four] === 0) continue;
      const foursEnd = Math.min(four * 4 + 4, piecesEnd);
      for (let piece = four * 4; piece < foursEnd; piece += 1) {
        if (this.dirtyPieces[piece] === 0) continue;
        const start = piece * PIECE_WORDS;
        visit(words, start, Math.min(start + PIECE_WORDS, words.length));
      }
    }
  }

  #loadWide(address: number): number {
    this.#check(address, 8);
    const index = (address - this.base) >>> 2;
    return (this.words[index + 1]! >>> 0) * 2 ** 32 + (this.words[index]! >>> 0);
  }

  #storeWide(address: number, value: number): void {
    this.#check(address, 8);
    this.#reach(address);
    const index = (address - this.base) >>> 2;
    this.words[index] = value;
    this.words[index + 1] = Math.floor(value / 2 ** 32);
    this.#soil(address, 8);
  }

  /** Lets the buffer have the 8 bytes at an address and all before them, as far as the arena has them. */
  #reach(address: number): void {
    if (address > this.wordLast) this.#grow(address + 8);
  }

  #grow(end: number): void {
    const known = this.#bytes;
    if (known.length === this.#size) return;
    const wanted = Math.max(roundUp(end - this.base, PIECE_SIZE), known.length * 2);
    const buffer = new ArrayBuffer(Math.min(wanted, this.#size));
    this.#bytes = new Uint8Array(buffer);
    this.#bytes.set(known);
    this.#view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    this.wordLast = this.base + buffer.byteLength - 8;
  }

  #check(address: number, size: number): void {
    if (!(address >= this.bounds.start && address + size <= this.bounds.end))
      throw outside(address, size, this.bounds);
  }

  #soil(address: number, size: number): void {
    const offset = address - this.base;
    if (size > 0)
      this.dirtyPieces.fill(1, offset >>> PIECE_SHIFT, ((offset + size - 1) >>> PIECE_SHIFT) + 1);
  }

  /** Zeroes what was written to of a range; of one that ends before it starts, nothing. */
  #clean(address: number, size: number): void {
    const start = address - this.base;
    const end = start + size;
    for (let piece = start >>> PIECE_SHIFT; piece * PIECE_SIZE < end; piece += 1) {
      if (this.dirtyPieces[piece] === 0) continue;
      const pieceEnd = (piece + 1) * PIECE_SIZE;
      this.#bytes.fill(0, Math.max(start, piece * PIECE_SIZE), Math.min(end, pieceEnd));
      if (start <= piece * PIECE_SIZE && pieceEnd <= end) this.dirtyPieces[piece] = 0;
    }
  }

  #place(size: number): number | null {
    const { start: first, end: last } = { start: this.#mapStart, end: this.bounds.end };
    if (this.#placement === 'down') {
      let end = last;
      for (const map of this.#maps.toReversed()) {
        if (end - map.end >= size) break;
        end = map.start;
      }
      return end - size >= first ? end - size : null;
    }
    const gap = this.#placement === 'gaps' ? this.pageSize : 0;
    let start = first;
    for (const map of this.#maps) {
      if (map.start - start >= size + gap) break;
      start = map.end + gap;
    }
    return start + size <= last ? start : null;
  }

  #insert(map: Range): void {
    const index = this.#maps.findIndex(({ start }) => start >= map.end);
    const at = index < 0 ? this.#maps.length : index;
    const before = this.#maps[at - 1];
    const after = this.#maps[at];
    const joinsBefore = before?.end === map.start;
    const joinsAfter = after?.start === map.end;
    const start = joinsBefore ? before.start : map.start;
    const end = joinsAfter ? after.end : map.end;
    this.#maps.splice(joinsBefore ? at - 1 : at, Number(joinsBefore) + Number(joinsAfter), {
      start,
      end,
    });
  }
}

function outside(address: number, size: number, bounds: Range): ArenaFault {
  return new ArenaFault(
    `${size} bytes at ${formatAddress(address)} lie outside ${formatRange(bounds)}`,
  );
}
