import { assert } from './kit-bug.ts';
import { UsageError } from './usage-error.ts';

/**
 * A seeded source of random numbers: sfc32, 128 bits of state, filled from a 32-bit seed.
 * The same seed gives the same numbers on every machine.
 *
 * Source: Chris Doty-Humphrey, PractRand, "sfc32".
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed 0 ≤ seed < 2^32. */
  constructor(seed: number) {
    assert(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'a seed has 32 bits');
    this.#a = seed | 0;
    this.#b = 0x9e37_79b9 | 0;
    this.#c = 0x243f_6a88;
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** The next 32 random bits, as an unsigned number. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** A whole number, 0 ≤ n < limit, for limits up to 2^32. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** A whole number, first ≤ n ≤ last. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True once in `of` draws, on average. */
  oneIn(of: number): boolean {
    return this.below(of) === 0;
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'pick needs an item');
    return items[this.below(items.length)]!;
  }
}

/**
 * Folds any text to a 32-bit seed or file name part: 32-bit FNV-1a over its UTF-16 code units.
 *
 * Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm".
 */
export function fold(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return hash >>> 0;
}

/** A seed as it is printed: `0x5f1e_22d0`. */
export function formatSeed(seed: number): string {
  const digits = seed.toString(16).padStart(8, '0');
  return `0x${digits.slice(0, 4)}_${digits.slice(4)}`;
}

/**
 * Reads a seed: hexadecimal with or without `0x`, `_` allowed anywhere between digits.
 * More than 8 digits (a git hash, say) are folded by `fold` of the lower-case digits.
 *
 * @throws {UsageError} The text has something besides hexadecimal digits.
 */
export function parseSeed(text: string): number {
  const digits = text.toLowerCase().replace(/^0x/, '').replaceAll('_', '');
  if (!/^[0-9a-f]+$/.test(digits)) {
    throw new UsageError(
      `seed: '${text}' is not hexadecimal; pass up to 8 hexadecimal digits, such as 0x5f1e_22d0, or a git hash.`,
    );
  }
  return digits.length <= 8 ? Number.parseInt(digits, 16) : fold(digits);
}
