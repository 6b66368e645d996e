import type { Words } from './arena.ts';
import type { BlockLayout } from './block.ts';
import type { FreeList, HeapCounters } from './free-list.ts';

/** Bins for extents of 0, 1, 2, … alignments, one each. */
const EXACT_BINS = 32;
const EXACT_BITS = 5;
/** Above, each power of two is cut into this many bins. */
const BINS_PER_POWER = 8;
const POWER_BITS = 3;
/** Extents from 2^31 on are looked at without their low 16 bits, which no bin of theirs depends on. */
const POWER_WIDE = 16;
const BINS_COUNT = EXACT_BINS + (48 - EXACT_BITS) * BINS_PER_POWER;
/** Blocks of a request's own bin that are looked at before a larger bin is taken. */
export const OWN_BIN_STEPS = 8;

/**
 * Free blocks by size class, each class a doubly linked list, newest first, with a bitmap of the classes that have any.
 * A head is known by its bin; its link to a predecessor is left as it was, which spares touching it.
 *
 * A search takes the head of the request's own bin if it fits; else what the last split left over, which lies in no bin
 * until the next split, so that small requests are cut off one large block side by side; else one of the next blocks of
 * its own bin, where a block may be a little too small, up to OWN_BIN_STEPS of them; else the head of the next bin that
 * has one, which fits. So a request may go to new memory although a block beyond
 * the bound in its own bin would have served: the price of constant time.
 *
 * Source: M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004, for the two
 * levels of classes and the bitmap; D. Lea, "A Memory Allocator", for the last remainder.
 */
export class SegregatedBins implements FreeList {
  readonly #layout: BlockLayout;
  readonly #counters: HeapCounters;
  readonly #words: Words;
  /** Where the links lie in a free block. */
  readonly #next: number;
  readonly #previous: number;
  readonly #unitShift: number;
  readonly #exactEnd: number;
  /** A plain array, so that low addresses stay small integers. */
  readonly #heads: number[] = Array.from({ length: BINS_COUNT }, () => 0);
  /** What the last split left over, in no bin yet, and its extent; 0 when there is none. */
  #rest = 0;
  #restExtent = 0;
  /** One bit a bin, and above it one bit a word of those. */
  readonly #bitmap = new Int32Array(Math.ceil(BINS_COUNT / 32));
  #summary = 0;

  constructor(layout: BlockLayout, counters: HeapCounters) {
    this.#layout = layout;
    this.#counters = counters;
    this.#words = layout.words;
    this.#next = layout.word;
    this.#previous = 2 * layout.word;
    this.#unitShift = Math.log2(layout.alignment);
    this.#exactEnd = EXACT_BINS * layout.alignment;
  }

  take(extent: number): number {
    const own = this.binOf(extent);
    const block = this.#heads[own]!;
    this.#counters.listSteps += 1;
    const isFit = block !== 0 && (own < EXACT_BINS || this.#layout.extentOf(block) >= extent);
    if (isFit) return this.#takeHead(own, block);
    if (this.#restExtent >= extent) return this.#takeRest();
    const other = block === 0 ? 0 : this.#takeBehind(block, extent);
    if (other !== 0) return other;
    const bin = this.binAfter(own);
    return bin < 0 ? 0 : this.#takeHead(bin, this.#heads[bin]!);
  }

  insert(block: number, extent: number): void {
    const bin = this.binOf(extent);
    const head = this.#heads[bin]!;
    this.#words.store(block + this.#next, head);
    if (head === 0) this.#setBit(bin);
    else this.#words.store(head + this.#previous, block);
    this.#heads[bin] = block;
  }

  insertRest(block: number, extent: number): void {
    if (this.#rest !== 0) this.insert(this.#rest, this.#restExtent);
    this.#words.store(block + this.#next, 0);
    this.#rest = block;
    this.#restExtent = extent;
  }

  remove(block: number, extent: number): void {
    if (block === this.#rest) {
      this.#takeRest();
      return;
    }
    const bin = this.binOf(extent);
    if (this.#heads[bin] === block) {
      this.#takeHead(bin, block);
    } else {
      const next = this.#words.load(block + this.#next);
      const previous = this.#words.load(block + this.#previous);
      this.#words.store(previous + this.#next, next);
      if (next !== 0) this.#words.store(next + this.#previous, previous);
    }
  }

  each(visit: (block: number) => boolean): void {
    if (this.#rest !== 0 && !visit(this.#rest)) return;
    for (let bin = this.binAfter(-1); bin >= 0; bin = this.binAfter(bin)) {
      for (let block = this.#heads[bin]!; block !== 0; block = this.#layout.nextOf(block)) {
        if (!visit(block)) return;
      }
    }
  }

  clear(): void {
    this.#takeRest();
    this.#heads.fill(0);
    this.#bitmap.fill(0);
    this.#summary = 0;
  }

  /** The rest and its extent, the summary, the bitmap, then each bin that has a block and its head. */
  registers(): readonly number[] {
    const registers = [this.#rest, this.#restExtent, this.#summary];
    for (const bits of this.#bitmap) registers.push(bits);
    const heads = this.#heads;
    for (let bin = 0; bin < heads.length; bin += 1) {
      const head = heads[bin]!;
      if (head !== 0) registers.push(bin, head);
    }
    return registers;
  }

  setRegisters(registers: readonly number[]): void {
    const [rest, restExtent, summary] = registers;
    this.#rest = rest!;
    this.#restExtent = restExtent!;
    this.#summary = summary!;
    const bitmapEnd = 3 + this.#bitmap.length;
    for (let index = 3; index < bitmapEnd; index += 1) this.#bitmap[index - 3] = registers[index]!;
    const heads = this.#heads;
    heads.fill(0);
    for (let index = bitmapEnd; index < registers.length; index += 2) {
      heads[registers[index]!] = registers[index + 1]!;
    }
  }

  /** The bin of an extent: exact for small ones, then 8 to a power of two. */
  binOf(extent: number): number {
    return extent < this.#exactEnd ? extent >>> this.#unitShift : this.#binOfLarge(extent);
  }

  /** @returns A bin whose bit does not say whether it has a block, or -1: for the invariants. */
  misjudgedBin(): number {
    const heads = this.#heads;
    for (let word = 0; word < this.#bitmap.length; word += 1) {
      let bits = (this.#summary & (1 << word)) === 0 ? 0 : this.#bitmap[word]!;
      for (let bin = word * 32; bin < Math.min(BINS_COUNT, word * 32 + 32); bin += 1) {
        if ((heads[bin] !== 0) !== ((bits & 1) !== 0)) return bin;
        bits >>>= 1;
      }
    }
    return -1;
  }

  /** The lowest bin above `bin` that has a block, or -1. */
  binAfter(bin: number): number {
    const start = bin + 1;
    const word = start >>> 5;
    const inWord = this.#bitmap[word]! & (-1 << (start & 31));
    if (inWord !== 0) return word * 32 + lowestBit(inWord);
    const words = this.#summary & (-2 << word);
    if (words === 0) return -1;
    const next = lowestBit(words);
    return next * 32 + lowestBit(this.#bitmap[next]!);
  }

  /** The head of a bin, or 0. */
  headOf(bin: number): number {
    return this.#heads[bin]!;
  }

  #takeHead(bin: number, block: number): number {
    const next = this.#words.load(block + this.#next);
    this.#heads[bin] = next;
    if (next === 0) this.#clearBit(bin);
    return block;
  }

  #takeRest(): number {
    const block = this.#rest;
    this.#rest = 0;
    this.#restExtent = 0;
    return block;
  }

  /** Looks past the head of a request's own bin, up to the bound. */
  #takeBehind(head: number, extent: number): number {
    let block = this.#words.load(head + this.#next);
    for (let step = 1; block !== 0 && step < OWN_BIN_STEPS; step += 1) {
      this.#counters.listSteps += 1;
      const found = this.#layout.extentOf(block);
      if (found >= extent) {
        this.remove(block, found);
        return block;
      }
      block = this.#words.load(block + this.#next);
    }
    return 0;
  }

  #binOfLarge(extent: number): number {
    const shift = extent < 2 ** 31 ? this.#unitShift : this.#unitShift + POWER_WIDE;
    const units = extent < 2 ** 31 ? extent >>> shift : Math.floor(extent / 2 ** shift);
    const power = 31 - Math.clz32(units);
    const part = (units >>> (power - POWER_BITS)) & (BINS_PER_POWER - 1);
    return EXACT_BINS + (power - EXACT_BITS + shift - this.#unitShift) * BINS_PER_POWER + part;
  }

  #setBit(bin: number): void {
    this.#bitmap[bin >>> 5]! |= 1 << (bin & 31);
    this.#summary |= 1 << (bin >>> 5);
  }

  #clearBit(bin: number): void {
    const rest = this.#bitmap[bin >>> 5]! & ~(1 << (bin & 31));
    this.#bitmap[bin >>> 5] = rest;
    if (rest === 0) this.#summary &= ~(1 << (bin >>> 5));
  }
}

/** Index of the lowest bit that is set. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
