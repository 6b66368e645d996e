const ROOM_FIRST = 1024;

/** Numbers below 2^32 in a row that grows: what a list of millions of states is made of. */
export class Column {
  #values: Uint32Array;
  #length: number;

  constructor(values: Uint32Array = new Uint32Array(ROOM_FIRST), length = 0) {
    this.#values = values;
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  truncate(length: number): void {
    this.#length = length;
  }

  /** The values as they lie in memory. */
  values(): Uint32Array {
    return this.#values.subarray(0, this.#length);
  }

  #grow(): void {
    const values = new Uint32Array(Math.max(ROOM_FIRST, this.#values.length * 2));
    values.set(this.#values);
    this.#values = values;
  }
}
