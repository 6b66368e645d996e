import type { Prng } from '../src/base/prng.ts';

/**
 * Draws without putting back: each item comes once, in any order, before one comes again. The one of n that a bug needs is
 * had within n draws, and within half of them as often as not, where draws that know nothing of each other take 0.69 n
 * for that and have no bound.
 */
export class Deck<T> {
  readonly #items: T[];
  /** Items before this index have not come since the deck was begun. */
  #leftCount = 0;

  constructor(items: readonly T[]) {
    this.#items = [...items];
  }

  deal(prng: Prng): T {
    const items = this.#items;
    if (this.#leftCount === 0) this.#leftCount = items.length;
    const index = prng.below(this.#leftCount);
    this.#leftCount -= 1;
    const last = this.#leftCount;
    const dealt = items[index]!;
    items[index] = items[last]!;
    items[last] = dealt;
    return dealt;
  }
}
