import { powerDividing, roundUp } from '../base/bits.ts';
import { KIB } from '../base/units.ts';
import type { Arena } from '../heap/arena.ts';
import type { Allocator, Registers } from './allocator.ts';

/** In front of each payload: its usable size. */
export const BUMP_HEADER = 8;
export const BUMP_ALIGNMENT = 8;
/** The break moves by multiples of this. */
export const BUMP_GROWTH = 64 * KIB;
/** Nobody has as much. */
const SIZE_LIMIT = 2 ** 47;

/** A bump allocator as its invariants see it. */
export interface BumpView {
  readonly start: number;
  readonly pointer: number;
  readonly end: number;
  readonly liveCount: number;
  /** Payload and usable size of the block that was handed out last, if it lives. */
  readonly last: { readonly address: number; readonly size: number } | undefined;
}

/**
 * A bump allocator: blocks are cut off one after the other, and nothing is used again until the last live block is
 * freed: then the pointer goes back to the start. Only the newest block is given back alone, and grows where it lies.
 * Nobody notes what alignment a block was asked for with: one that moves goes to a multiple of all that its address was.
 *
 *     start                        last              pointer       end
 *     ┌──────┬─────────┬──────┬────┬──────┬──────────┬─────────────┐
 *     │ size │ payload │ size │ …  │ size │ payload  │ not yet cut │
 *     └──────┴─────────┴──────┴────┴──────┴──────────┴─────────────┘
 *
 * Source: N. Fitzgerald, "bumpalo", for the newest block's privileges.
 */
export class Bump implements Allocator {
  readonly #arena: Arena;
  readonly #start: number;
  #pointer: number;
  #end: number;
  #liveCount = 0;
  /** Payload of the block that was handed out last, or 0. */
  #last = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#start = arena.brk(0)!;
    this.#pointer = this.#start;
    this.#end = this.#start;
  }

  malloc(size: number): number | null {
    return this.aligned(BUMP_ALIGNMENT, size);
  }

  free(address: number | null): boolean {
    if (address === null) return true;
    this.#liveCount -= 1;
    if (this.#liveCount === 0) {
      this.#pointer = this.#start;
      this.#last = 0;
    } else if (address === this.#last) {
      this.#pointer = address - BUMP_HEADER;
      this.#last = 0;
    }
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
    const usable = this.usableSize(address);
    if (address === this.#last) return this.#cut(address, size);
    if (size > usable) return this.#move(address, size);
    this.#setUsable(address, roundUp(size, BUMP_ALIGNMENT));
    return address;
  }

  aligned(alignment: number, size: number): number | null {
    const step = Math.max(alignment, BUMP_ALIGNMENT);
    const address = this.#cut(roundUp(this.#pointer + BUMP_HEADER, step), size);
    if (address !== null) this.#liveCount += 1;
    return address;
  }

  usableSize(address: number): number {
    return this.#arena.load(address - BUMP_HEADER);
  }

  reset(): void {
    this.#arena.brk(this.#start - this.#end);
    this.#pointer = this.#start;
    this.#end = this.#start;
    this.#liveCount = 0;
    this.#last = 0;
  }

  capture(): Registers {
    return [this.#pointer, this.#end, this.#liveCount, this.#last];
  }

  restore(registers: Registers): void {
    const [pointer, end, liveCount, last] = registers as [number, number, number, number];
    this.#pointer = pointer;
    this.#end = end;
    this.#liveCount = liveCount;
    this.#last = last;
  }

  view(): BumpView {
    const address = this.#last;
    return {
      start: this.#start,
      pointer: this.#pointer,
      end: this.#end,
      liveCount: this.#liveCount,
      last: address === 0 ? undefined : { address, size: this.usableSize(address) },
    };
  }

  /** Makes the newest block one of `size` bytes at `address`, growing where it must. */
  #cut(address: number, size: number): number | null {
    if (size > SIZE_LIMIT) return null;
    // A block of 0 bytes has an address of its own inside the memory.
    const end = roundUp(address + Math.max(1, size), BUMP_ALIGNMENT);
    if (end > this.#end && !this.#grow(end - this.#end)) return null;
    this.#setUsable(address, end - address);
    this.#pointer = end;
    this.#last = address;
    return address;
  }

  #setUsable(address: number, usable: number): void {
    this.#arena.store(address - BUMP_HEADER, usable);
  }

  #grow(missing: number): boolean {
    const growth = roundUp(missing, BUMP_GROWTH);
    if (this.#arena.brk(growth) === null) return false;
    this.#end += growth;
    return true;
  }

  #move(address: number, size: number): number | null {
    const target = this.aligned(powerDividing(address), size);
    if (target === null) return null;
    this.#arena.copy(target, address, this.usableSize(address));
    this.free(address);
    return target;
  }
}
