import { roundDown, roundUp } from '../base/bits.ts';
import { HalfWords, type Arena, type Words } from './arena.ts';
import { wordSize, type HeapOptions } from './options.ts';

/** The block was mapped on its own. */
export const BIG = 1;
/** The block is used. Boundary tags only. */
export const USED = 2;
/** The block in front is used, or there is none. Boundary tags only. */
export const PREVIOUS_USED = 4;

/**
 * Where things lie in a block, and the arithmetic of sizes.
 *
 * The header holds one word: the *extent*, the whole block in bytes, header included, a multiple of the alignment; the
 * low bits that are free in it are flags. With the preset `lecture-note` and a small block there is no flag, so the
 * word in front of the payload is the extent itself.
 *
 *     used   ┌────────┬──────────────────────────────┐
 *            │ extent │ payload …                    │
 *            └────────┴──────────────────────────────┘
 *            block    payload
 *
 *     free   ┌────────┬────────┬──────────┬─┬────────┐
 *            │ extent │ next   │ previous │…│ extent │
 *            └────────┴────────┴──────────┴─┴────────┘
 *                               with double   with boundary
 *                               links         tags: the footer
 *
 * A free block must hold its list cell, which makes the cell the smallest block there is. Blocks start `lead` bytes
 * past a multiple of the alignment, so that payloads lie on one.
 */
export class BlockLayout {
  readonly header: number;
  readonly word: 4 | 8;
  readonly alignment: number;
  readonly lead: number;
  readonly extentMin: number;
  readonly hasTags: boolean;
  readonly words: Words;
  readonly #flagsMask: number;

  constructor(arena: Arena, options: HeapOptions) {
    this.header = options.header;
    this.word = wordSize(options.header);
    this.words = this.word === 8 ? arena : new HalfWords(arena);
    this.alignment = options.alignment;
    this.hasTags = options.tags === 'boundary';
    this.#flagsMask = this.hasTags ? BIG | USED | PREVIOUS_USED : BIG;
    this.lead = roundUp(this.header, this.alignment) - this.header;
    const linksCount = options.links === 'double' ? 2 : 1;
    const cell = this.word * (1 + linksCount + (this.hasTags ? 1 : 0));
    this.extentMin = roundUp(Math.max(cell, this.header + 1), this.alignment);
  }

  /** The extent of a block that serves a request of `size` bytes. */
  extentFor(size: number): number {
    const extent = roundUp(size + this.header, this.alignment);
    return extent < this.extentMin ? this.extentMin : extent;
  }

  /** The first place at or after `address` where a block may start. */
  firstBlockFrom(address: number): number {
    return roundUp(address + this.header, this.alignment) - this.header;
  }

  /** The last place where a block that starts at `first` or later may end, in memory that ends at `end`. */
  lastEndBefore(first: number, end: number): number {
    return first + roundDown(end - (this.hasTags ? this.word : 0) - first, this.alignment);
  }

  /** The word in a block's header: extent and flags. */
  tagOf(block: number): number {
    return this.words.load(block);
  }

  extentIn(tag: number): number {
    return tag - (tag & this.#flagsMask);
  }

  extentOf(block: number): number {
    return this.extentIn(this.words.load(block));
  }

  isBig(tag: number): boolean {
    return (tag & BIG) !== 0;
  }

  isUsed(tag: number): boolean {
    return (tag & USED) !== 0;
  }

  isPreviousUsed(tag: number): boolean {
    return (tag & PREVIOUS_USED) !== 0;
  }

  /** Writes the header of a used block. `previousUsed` is PREVIOUS_USED or 0. */
  markUsed(block: number, extent: number, previousUsed: number): void {
    this.words.store(block, this.hasTags ? extent + USED + previousUsed : extent);
  }

  /** Writes header and footer of a free block; neighbours are merged, so the one in front is used. */
  markFree(block: number, extent: number): void {
    this.words.store(block, this.hasTags ? extent + PREVIOUS_USED : extent);
    if (this.hasTags) this.words.store(block + extent - this.word, extent);
  }

  /** The footer in front of a block: the extent of the free block there. */
  footerBefore(block: number): number {
    return this.words.load(block - this.word);
  }

  /** Tells a block or an edge, whose word says otherwise, that the block in front of it is now used. */
  markPreviousUsed(block: number): void {
    this.words.store(block, this.words.load(block) + PREVIOUS_USED);
  }

  /** Tells a block or an edge, whose word says otherwise, that the block in front of it is now free. */
  markPreviousFree(block: number): void {
    this.words.store(block, this.words.load(block) - PREVIOUS_USED);
  }

  nextOf(block: number): number {
    return this.words.load(block + this.word);
  }

  setNext(block: number, next: number): void {
    this.words.store(block + this.word, next);
  }

  previousOf(block: number): number {
    return this.words.load(block + 2 * this.word);
  }

  setPrevious(block: number, previous: number): void {
    this.words.store(block + 2 * this.word, previous);
  }
}
