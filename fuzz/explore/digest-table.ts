import { Column } from './column.ts';

const ROOM_FIRST = 4096;

/** Digests that were met, numbered in the order in which they were added. */
export class DigestTable {
  readonly low: Column;
  readonly high: Column;
  /** Open addressing: 0, or one more than the number of the digest that lies there. */
  #places = new Uint32Array(ROOM_FIRST);

  constructor(low = new Column(), high = new Column()) {
    this.low = low;
    this.high = high;
    this.#rebuild();
  }

  get size(): number {
    return this.low.length;
  }

  /** @returns The number of a digest, or -1. */
  find(low: number, high: number): number {
    const mask = this.#places.length - 1;
    for (let place = (low ^ (high >>> 7)) & mask; ; place = (place + 1) & mask) {
      const found = this.#places[place]! - 1;
      if (found < 0) return -1;
      if (this.low.at(found) === low && this.high.at(found) === high) return found;
    }
  }

  /** Adds a digest, also one that is there. */
  add(low: number, high: number): void {
    this.low.push(low);
    this.high.push(high);
    if (this.size * 2 > this.#places.length) this.#rebuild();
    else this.#place(this.size - 1);
  }

  /** Forgets all but the first ones. */
  truncate(size: number): void {
    this.low.truncate(size);
    this.high.truncate(size);
    this.#rebuild();
  }

  #rebuild(): void {
    let room = ROOM_FIRST;
    while (room < this.size * 3) room *= 2;
    this.#places = new Uint32Array(room);
    for (let number = 0; number < this.size; number += 1) this.#place(number);
  }

  #place(number: number): void {
    const mask = this.#places.length - 1;
    let place = (this.low.at(number) ^ (this.high.at(number) >>> 7)) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = number + 1;
  }
}
