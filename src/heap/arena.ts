/** Memory a word at a time, at multiples of 4. */
export interface Words {
  load(address: number): number;
  store(address: number, value: number): void;
}

/**
 * The memory under a heap: what the heap asks of whatever lies below, and all that it knows of it.
 *
 * `load` and `store` move words of 8 bytes, little-endian, with values below 2^53; fresh memory reads as zero. Touching memory that is not mapped is a fault of the arena's own kind, thrown.
 */
export interface Arena extends Words {
  /** Bytes of a page; a power of two. `map` and `unmap` deal in whole pages. */
  readonly pageSize: number;
  load32(address: number): number;
  store32(address: number, value: number): void;
  /** Copies `size` bytes; the ranges do not overlap. */
  copy(target: number, source: number, size: number): void;
  zero(address: number, size: number): void;
  /**
   * Maps fresh pages.
   *
   * @param size A multiple of the page size.
   * @returns Their first address, or null when there is no room.
   */
  map(size: number): number | null;
  /** Takes whole pages away; both arguments are multiples of the page size. */
  unmap(address: number, size: number): void;
  /**
   * Moves the break, the end of one contiguous range.
   *
   * @param increment Bytes, a multiple of the page size; 0 asks where the break is.
   * @returns The break before the move, or null when there is no room.
   */
  brk(increment: number): number | null;
}

/** An arena's memory in words of 4 bytes, with values below 2^32. */
export class HalfWords implements Words {
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  load(address: number): number {
    return this.#arena.load32(address);
  }

  store(address: number, value: number): void {
    this.#arena.store32(address, value);
  }
}
