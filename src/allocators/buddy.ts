import { isPowerOfTwo } from '../base/bits.ts';
import { assert } from '../base/kit-bug.ts';
import type { Range } from '../base/range.ts';
import type { Arena } from '../heap/arena.ts';
import type { Allocator, Registers } from './allocator.ts';

/** The smallest block has 2^5 bytes; its two links fit. */
const ORDER_MIN = 5;
/** Marks are an order and one of these; 0 is no block's start. */
const FREE = 0x40;
const USED = 0x80;

/** A block of 2^order bytes. */
export interface BuddyBlock {
  readonly start: number;
  readonly order: number;
  readonly isUsed: boolean;
}

/**
 * A buddy allocator: one pool, halved until a request fits, and merged again with the other half when both are free.
 *
 *     order 7   ┌───────────────────────────────┐
 *     order 6   ├───────────────┬───────────────┤   a block's buddy lies at
 *     order 5   ├───────┬───────┼───────┬───────┤   address XOR 2^order
 *               └───────┴───────┴───────┴───────┘
 *
 * A mark for every 32 bytes says whether a block starts there, of which order, and if it is used, so blocks have no
 * header. Free blocks of an order are a doubly linked list, newest first: word 0 is the next, word 1 the previous.
 *
 * Source: K. C. Knowlton, "A Fast Storage Allocator", CACM 8 (1965).
 */
export class Buddy implements Allocator {
  readonly pool: Range;
  readonly #arena: Arena;
  readonly #orderMax: number;
  readonly #marks: Uint8Array;
  readonly #heads: number[];

  /** @param size Bytes of the pool, a power of two, which the arena must map at a multiple of it, below 2^30. */
  constructor(arena: Arena, size: number) {
    const start = arena.map(size);
    assert(
      isPowerOfTwo(size) && start !== null && start % size === 0 && start + size <= 2 ** 30,
      'a pool lies at a multiple of its size',
    );
    this.#arena = arena;
    this.pool = { start, end: start + size };
    this.#orderMax = Math.log2(size);
    this.#marks = new Uint8Array(size >>> ORDER_MIN);
    this.#heads = Array.from({ length: this.#orderMax + 1 }, () => 0);
    this.#list(start, this.#orderMax);
  }

  malloc(size: number): number | null {
    const order = this.#orderFor(size);
    let found = order;
    while (found <= this.#orderMax && this.#heads[found] === 0) found += 1;
    if (found > this.#orderMax) return null;
    const block = this.#heads[found]!;
    this.#unlist(block, found);
    this.#use(block, found, order);
    return block;
  }

  free(address: number | null): boolean {
    if (address === null) return true;
    const mark = this.#markAt(address);
    if (mark < USED) return false;
    this.#release(address, mark - USED);
    return true;
  }

  calloc(count: number, size: number): number | null {
    const total = count * size;
    const address = this.malloc(total);
    if (address !== null) this.#arena.zero(address, total);
    return address;
  }

  realloc(address: number | null, size: number): number | null {
    if (address === null) return this.malloc(size);
    const found = this.#markAt(address) - USED;
    const order = this.#orderFor(size);
    if (order > found) return this.#move(address, found, size);
    this.#use(address, found, order);
    return address;
  }

  aligned(alignment: number, size: number): number | null {
    return this.malloc(Math.max(alignment, size));
  }

  usableSize(address: number): number {
    return 2 ** (this.#markAt(address) - USED);
  }

  reset(): void {
    const { end, start } = this.pool;
    this.#arena.unmap(start, end - start);
    assert(this.#arena.map(end - start) === start, 'a pool is mapped where it was');
    this.#marks.fill(0);
    this.#heads.fill(0);
    this.#list(this.pool.start, this.#orderMax);
  }

  /** The heads of the lists, then every mark but those that are 0, each in front of its place. */
  capture(): Registers {
    const registers = [...this.#heads];
    const { length } = this.#marks;
    for (let index = 0; index < length; index += 1) {
      const mark = this.#marks[index]!;
      if (mark !== 0) registers.push(mark, index);
    }
    return registers;
  }

  restore(registers: Registers): void {
    const numbers = registers as readonly number[];
    const headsCount = this.#heads.length;
    for (let order = 0; order < headsCount; order += 1) this.#heads[order] = numbers[order]!;
    this.#marks.fill(0);
    for (let at = headsCount; at < numbers.length; at += 2)
      this.#marks[numbers[at + 1]!] = numbers[at]!;
  }

  /** Its blocks by rising address, up to the first place where none starts. */
  blocks(): readonly BuddyBlock[] {
    const blocks: BuddyBlock[] = [];
    let start = this.pool.start;
    while (start < this.pool.end && this.#markAt(start) !== 0) {
      const mark = this.#markAt(start);
      const order = mark & (FREE - 1);
      blocks.push({ start, order, isUsed: mark >= USED });
      start += 2 ** order;
    }
    return blocks;
  }

  /** The blocks on the list of each order. A list is followed no further than there is room for blocks. */
  listed(): readonly BuddyBlock[] {
    const listed: BuddyBlock[] = [];
    for (const [order, head] of this.#heads.entries()) {
      let start = head;
      while (start !== 0 && listed.length <= this.#marks.length) {
        listed.push({ start, order, isUsed: false });
        start = this.#arena.load(start);
      }
    }
    return listed;
  }

  /** The order of a request; past the largest for what no pool has. */
  #orderFor(size: number): number {
    if (size > this.pool.end - this.pool.start) return this.#orderMax + 1;
    return Math.max(ORDER_MIN, 32 - Math.clz32(Math.max(1, size) - 1));
  }

  /** The mark of the block that starts at an address, or 0. */
  #markAt(address: number): number {
    const { end, start } = this.pool;
    const offset = address - start;
    const isMarked = address >= start && address < end && offset % 2 ** ORDER_MIN === 0;
    return isMarked ? this.#marks[offset >>> ORDER_MIN]! : 0;
  }

  #setMark(block: number, mark: number): void {
    this.#marks[(block - this.pool.start) >>> ORDER_MIN] = mark;
  }

  /** Uses a block that is off the lists: its upper halves are listed until it has the order that is wanted. */
  #use(block: number, found: number, order: number): void {
    for (let half = found - 1; half >= order; half -= 1) this.#list(block + 2 ** half, half);
    this.#setMark(block, USED + order);
  }

  /** Frees a block: merges it with its buddy, and the two with theirs, as long as those are free. */
  #release(freed: number, freedOrder: number): void {
    let block = freed;
    let order = freedOrder;
    while (order < this.#orderMax) {
      const buddy = block ^ (2 ** order);
      if (this.#markAt(buddy) !== FREE + order) break;
      this.#unlist(buddy, order);
      this.#setMark(Math.max(block, buddy), 0);
      block = Math.min(block, buddy);
      order += 1;
    }
    this.#list(block, order);
  }

  #move(address: number, order: number, size: number): number | null {
    const target = this.malloc(size);
    if (target === null) return null;
    this.#arena.copy(target, address, 2 ** order);
    this.#release(address, order);
    return target;
  }

  #list(block: number, order: number): void {
    const head = this.#heads[order]!;
    this.#arena.store(block, head);
    this.#arena.store(block + 8, 0);
    if (head !== 0) this.#arena.store(head + 8, block);
    this.#heads[order] = block;
    this.#setMark(block, FREE + order);
  }

  #unlist(block: number, order: number): void {
    const next = this.#arena.load(block);
    const previous = this.#arena.load(block + 8);
    if (previous === 0) this.#heads[order] = next;
    else this.#arena.store(previous, next);
    if (next !== 0) this.#arena.store(next + 8, previous);
  }
}
