import type { StateSink } from '../../src/check/target.ts';

/** Words that are told together: most of a heap's memory is zero, and passed over in strides. */
const STRIDE = 8;
/** Goes in front of a number that is not one of 32 bits. */
const WIDE = 0x2545_f491;

/**
 * A state in 64 bits, two lanes of 32. Strides of zeros are left out and all others go in with their places, so that
 * memory that was never written to and memory that holds zeros are the same.
 *
 * That two states share a digest is possible and not seen: among n states the chance is about n² / 2^65.
 *
 * Source: U. Stern and D. Dill, "Improved probabilistic verification by hash compaction", CHARME 1995; the steps are
 * those of MurmurHash3, A. Appleby, SMHasher.
 */
export class StateDigest implements StateSink {
  low = 0x9e37_79b9;
  high = 0x243f_6a88;

  clear(): void {
    this.low = 0x9e37_79b9;
    this.high = 0x243f_6a88;
  }

  /** Back to what was told when the lanes were these. */
  goOnFrom({ low, high }: { readonly low: number; readonly high: number }): void {
    this.low = low;
    this.high = high;
  }

  number(value: number): void {
    const word = value | 0;
    if (word !== value) this.#mix(WIDE, Math.floor(value / 2 ** 32) | 0);
    this.#mix(word, 0);
  }

  words(words: Int32Array, start: number, end: number): void {
    let low = this.low;
    let high = this.high;
    for (let index = start; index < end; index += STRIDE) {
      const stop = Math.min(index + STRIDE, end);
      if (stop === index + STRIDE && isZero(words, index)) continue;
      low = Math.imul(low ^ index, 0x9e37_79b1);
      high = Math.imul(high + index, 0x85eb_ca6b);
      for (let at = index; at < stop; at += 2) {
        const even = words[at]!;
        const odd = words[at + 1]!;
        low = Math.imul(low ^ even, 0xcc9e_2d51) + odd;
        low = (low << 15) | (low >>> 17);
        high = Math.imul(high + odd, 0x1b87_3593) ^ even;
        high = (high << 13) | (high >>> 19);
      }
    }
    this.low = low;
    this.high = high;
  }

  /** Ends a state: each bit of what was told shows in each bit of the lanes. */
  finish(): void {
    this.low = avalanche(this.low ^ this.high) >>> 0;
    this.high = avalanche(this.high + Math.imul(this.low, 0x9e37_79b1)) >>> 0;
  }

  #mix(first: number, second: number): void {
    const low = Math.imul(this.low ^ first, 0xcc9e_2d51) + second;
    const high = Math.imul((this.high + second) | 0, 0x1b87_3593) ^ first;
    this.low = (((low << 15) | (low >>> 17)) + 0x52dc_e729) | 0;
    this.high = (((high << 13) | (high >>> 19)) + 0x3849_5ab5) | 0;
  }
}

/** Whether a stride of words is zero; written out, since it is most of what a search does. */
function isZero(words: Int32Array, at: number): boolean {
  const first = words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!;
  const second = words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!;
  return (first | second) === 0;
}

function avalanche(lane: number): number {
  let bits = Math.imul(lane ^ (lane >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
