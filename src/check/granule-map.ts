import { assert } from '../base/kit-bug.ts';
import type { Range } from '../base/range.ts';

const SEGMENT_GRANULES = 2 ** 17;
const SEGMENT_WORDS = SEGMENT_GRANULES / 32;
/** Segments that are kept for the next program; more are dropped on `clear`. */
const SEGMENTS_KEPT = 256;
/** Ranges of at least this many granules are kept in a list instead of bit by bit. */
const HUGE_GRANULES = SEGMENT_GRANULES;

/**
 * A set of disjoint ranges over 2^48 bytes that answers "is any of this taken?" in constant time for small ranges.
 *
 * One bit stands for a granule: the alignment that every range start is known to have, at most 8 bytes, so that two
 * disjoint ranges never share one. Bits lie in segments of 16 KiB that come on first use; huge ranges lie in a list.
 */
export class GranuleMap {
  readonly #perGranule: number;
  readonly #segments = new Map<number, Int32Array>();
  #recentNumber = -1;
  #recent: Int32Array = new Int32Array(SEGMENT_WORDS);
  #huge: Range[] = [];

  /** @param granuleBytes 1, 2, 4 or 8. */
  constructor(granuleBytes: number) {
    assert([1, 2, 4, 8].includes(granuleBytes), 'a granule has 1, 2, 4 or 8 bytes');
    this.#perGranule = 1 / granuleBytes;
  }

  /**
   * Takes the bytes [start, end).
   *
   * @param start A multiple of the granule.
   * @returns False when any of them is taken; then nothing changes.
   */
  claim(start: number, end: number): boolean {
    const first = Math.floor(start * this.#perGranule);
    const count = Math.ceil(end * this.#perGranule) - first;
    if (this.#huge.length > 0 && this.#hitsHuge(first, first + count)) return false;
    const inSegment = first - segmentOf(first) * SEGMENT_GRANULES;
    if (count > 32 || inSegment + count > SEGMENT_GRANULES) return this.#claimLong(first, count);

    const words = this.#segmentAt(first);
    const index = inSegment >>> 5;
    const bit = inSegment & 31;
    const mask = count === 32 ? -1 : (1 << count) - 1;
    const low = mask << bit;
    const high = bit === 0 ? 0 : mask >>> (32 - bit);
    if ((words[index]! & low) !== 0) return false;
    if (high !== 0) {
      if ((words[index + 1]! & high) !== 0) return false;
      words[index + 1]! |= high;
    }
    words[index]! |= low;
    return true;
  }

  /** Gives back a range that was claimed, with the same bounds. */
  release(start: number, end: number): void {
    const first = Math.floor(start * this.#perGranule);
    const count = Math.ceil(end * this.#perGranule) - first;
    const inSegment = first - segmentOf(first) * SEGMENT_GRANULES;
    if (count > 32 || inSegment + count > SEGMENT_GRANULES) return this.#releaseLong(first, count);

    const words = this.#segmentAt(first);
    const index = inSegment >>> 5;
    const bit = inSegment & 31;
    const mask = count === 32 ? -1 : (1 << count) - 1;
    words[index]! &= ~(mask << bit);
    if (bit + count > 32) words[index + 1]! &= ~(mask >>> (32 - bit));
  }

  /** Forgets every range. Callers that released all their ranges need it only to bound the memory. */
  clear(): void {
    this.#huge = [];
    if (this.#segments.size > SEGMENTS_KEPT) this.#segments.clear();
    for (const words of this.#segments.values()) words.fill(0);
    this.#recentNumber = -1;
  }

  /** True when so many segments are held that `clear` is worth its cost. */
  get isLarge(): boolean {
    return this.#segments.size > SEGMENTS_KEPT;
  }

  #segmentAt(granule: number): Int32Array {
    const number = segmentOf(granule);
    if (number === this.#recentNumber) return this.#recent;
    let words = this.#segments.get(number);
    if (words === undefined) {
      words = new Int32Array(SEGMENT_WORDS);
      this.#segments.set(number, words);
    }
    this.#recentNumber = number;
    this.#recent = words;
    return words;
  }

  #claimLong(first: number, count: number): boolean {
    if (count >= HUGE_GRANULES) {
      if (this.#hitsSegments(first, first + count)) return false;
      this.#huge.push({ start: first, end: first + count });
      return true;
    }
    if (this.#sweep(first, count, 'test')) return false;
    this.#sweep(first, count, 'set');
    return true;
  }

  #releaseLong(first: number, count: number): void {
    if (count >= HUGE_GRANULES) this.#huge = this.#huge.filter((range) => range.start !== first);
    else this.#sweep(first, count, 'clear');
  }

  /** Goes over the bits of a run of granules. @returns For `test`, whether one is set. */
  #sweep(first: number, count: number, act: Act): boolean {
    const end = first + count;
    for (let granule = first; granule < end;) {
      const start = segmentOf(granule) * SEGMENT_GRANULES;
      const stop = Math.min(SEGMENT_GRANULES, end - start);
      if (sweepSegment(this.#segmentAt(granule), { start: granule - start, end: stop }, act))
        return true;
      granule = start + stop;
    }
    return false;
  }

  #hitsHuge(first: number, end: number): boolean {
    return this.#huge.some((range) => range.start < end && first < range.end);
  }

  /** Whether any bit in [first, end) is set; goes over the segments that exist, not over the range. */
  #hitsSegments(first: number, end: number): boolean {
    for (const number of this.#segments.keys()) {
      const start = Math.max(first, number * SEGMENT_GRANULES);
      const stop = Math.min(end, (number + 1) * SEGMENT_GRANULES);
      if (this.#sweep(start, stop - start, 'test')) return true;
    }
    return false;
  }
}

type Act = 'test' | 'set' | 'clear';

// A granule may be above 2^31, where a remainder is slow.
function segmentOf(granule: number): number {
  return Math.floor(granule / SEGMENT_GRANULES);
}

/** Goes over the bits of a run within a segment, a word at a time. @returns For `test`, whether one is set. */
function sweepSegment(words: Int32Array, { start, end }: Range, act: Act): boolean {
  const first = start >>> 5;
  const last = (end - 1) >>> 5;
  for (let index = first; index <= last; index += 1) {
    const mask = (index === first ? -1 << start : -1) & (index === last ? -1 >>> -end : -1);
    if (act === 'test') {
      if ((words[index]! & mask) !== 0) return true;
    } else if (act === 'set') {
      words[index]! |= mask;
    } else {
      words[index]! &= ~mask;
    }
  }
  return false;
}
