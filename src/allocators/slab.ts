import { roundUp } from '../base/bits.ts';
import type { Arena } from '../heap/arena.ts';
import type { Allocator, Registers } from './allocator.ts';

/** Bytes of the cells of each class. The powers of two among them serve aligned requests. */
const CELLS: readonly number[] = [16, 32, 48, 64, 80, 96, 112, 128, 192, 256, 384, 512, 768, 1024];
/** Larger requests get pages of their own. */
export const CELL_MAX = 1024;
/** Nobody has as much. */
const SIZE_LIMIT = 2 ** 47;

/** A page that is cut into cells of one class. */
interface Slab {
  readonly start: number;
  readonly cellClass: number;
  readonly cell: number;
  readonly capacity: number;
  /** For each cell, 1 while it is used. */
  readonly used: Uint8Array;
  usedCount: number;
  /** The free cells, the next one to hand out last. */
  readonly free: number[];
}

/** A slab as its invariants see it. */
export interface SlabView {
  readonly start: number;
  readonly usedCount: number;
  /** Addresses of the cells whose bit says that they are free. */
  readonly unused: readonly number[];
  /** Addresses on the free list. */
  readonly listed: readonly number[];
  readonly capacity: number;
  readonly hasRoom: boolean;
}

/**
 * Each slab as its start, class and count, how many cells are free, these, and what is used; then by their places in this
 * list those that addresses are looked up in, and those of each class that have room; and the big blocks.
 */
type SlabRegisters = readonly [
  slabs: readonly (readonly [number, number, number, number, ...number[]])[],
  lookedUp: readonly number[],
  withRoom: readonly (readonly number[])[],
  bigs: readonly (readonly [number, number])[],
];

/**
 * A slab allocator: a page for each size class, cut into equal cells, with a list of the free ones and a byte a cell
 * beside it: nothing lies in the pages but what callers put there, so no write of theirs harms it. A request takes the newest free cell of the newest slab that has room. An empty slab goes back to the
 * arena if another one of its class has room. Big requests are mapped on their own. A realloc to 0 bytes frees.
 *
 *     page   ┌──────┬──────┬──────┬──────┬─────┐
 *            │ cell │ cell │ cell │ cell │ ... │   the page's start is a multiple of 4096,
 *            └──────┴──────┴──────┴──────┴─────┘   so cells of 2^n bytes are 2^n-aligned
 *
 * Source: J. Bonwick, "The Slab Allocator", USENIX Summer 1994, without its constructors and colours.
 */
export class Slabs implements Allocator {
  readonly #arena: Arena;
  readonly #slabs = new Map<number, Slab>();
  /** For each class, the slabs that have a free cell. */
  readonly #withRoom: Slab[][] = CELLS.map(() => []);
  /** Mapped bytes of each big block. */
  readonly #bigs = new Map<number, number>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  malloc(size: number): number | null {
    if (size > CELL_MAX) return this.#mallocBig(size);
    return this.#takeCell(classFor(size));
  }

  free(address: number | null): boolean {
    if (address === null) return true;
    const slab = this.#slabOf(address);
    return slab === undefined ? this.#freeBig(address) : this.#freeCell(slab, address);
  }

  calloc(count: number, size: number): number | null {
    const total = count * size;
    const address = this.malloc(total);
    // Mapped memory is zero as it comes.
    if (address !== null && total <= CELL_MAX) this.#arena.zero(address, total);
    return address;
  }

  realloc(address: number | null, size: number): number | null {
    if (address === null) return this.malloc(size);
    if (size === 0) {
      this.free(address);
      return null;
    }
    const slab = this.#slabOf(address);
    const isSameCell = slab !== undefined && size <= CELL_MAX && classFor(size) === slab.cellClass;
    if (isSameCell || (slab === undefined && this.#shrinkBig(address, size))) return address;
    const target = this.malloc(size);
    if (target === null) return null;
    this.#arena.copy(target, address, Math.min(this.usableSize(address), size));
    this.free(address);
    return target;
  }

  aligned(alignment: number, size: number): number | null {
    const larger = Math.max(alignment, size);
    if (larger <= CELL_MAX) return this.#takeCell(classFor(powerFrom(larger)));
    if (alignment <= this.#arena.pageSize) return this.#mallocBig(Math.max(1, size));
    return this.#mallocBigAligned(alignment, Math.max(1, size));
  }

  usableSize(address: number): number {
    return this.#slabOf(address)?.cell ?? this.#bigs.get(address)!;
  }

  reset(): void {
    for (const start of this.#slabs.keys()) this.#arena.unmap(start, this.#arena.pageSize);
    for (const [start, length] of this.#bigs) this.#arena.unmap(start, length);
    for (const slabs of this.#withRoom) slabs.length = 0;
    this.#slabs.clear();
    this.#bigs.clear();
  }

  capture(): Registers {
    const lookedUp = [...this.#slabs.values()];
    // Where the allocator is wrong, a slab may have room that no address is looked up in.
    const slabs = [...new Set([...lookedUp, ...this.#withRoom.flat()])];
    const places = (some: readonly Slab[]): readonly number[] =>
      some.map((slab) => slabs.indexOf(slab));
    const registers: SlabRegisters = [
      slabs.map(({ cellClass, free, start, used, usedCount }) => [
        start,
        cellClass,
        usedCount,
        free.length,
        ...free,
        ...used,
      ]),
      places(lookedUp),
      this.#withRoom.map(places),
      [...this.#bigs],
    ];
    return registers;
  }

  restore(registers: Registers): void {
    const [rows, lookedUp, withRoom, bigs] = registers as SlabRegisters;
    const slabs = rows.map(([start, cellClass, usedCount, freeCount, ...cells]): Slab => {
      const free = cells.slice(0, freeCount);
      const used = Uint8Array.from(cells.slice(freeCount));
      const cell = CELLS[cellClass]!;
      return { start, cellClass, cell, capacity: used.length, used, usedCount, free };
    });
    this.#slabs.clear();
    for (const place of lookedUp) this.#slabs.set(slabs[place]!.start, slabs[place]!);
    for (const [cellClass, places] of withRoom.entries())
      this.#withRoom[cellClass] = places.map((place) => slabs[place]!);
    this.#bigs.clear();
    for (const [start, length] of bigs) this.#bigs.set(start, length);
  }

  /** Its slabs, for the invariants. */
  views(): readonly SlabView[] {
    return [...this.#slabs.values()].map((slab) => {
      const cells = Array.from(slab.used, (_, index) => slab.start + index * slab.cell);
      return {
        start: slab.start,
        usedCount: slab.usedCount,
        unused: cells.filter((_, index) => slab.used[index] === 0),
        listed: slab.free.toReversed(),
        capacity: slab.capacity,
        hasRoom: this.#withRoom[slab.cellClass]!.includes(slab),
      };
    });
  }

  #slabOf(address: number): Slab | undefined {
    return this.#slabs.get(address - (address % this.#arena.pageSize));
  }

  #takeCell(cellClass: number): number | null {
    const withRoom = this.#withRoom[cellClass]!;
    const slab = withRoom.at(-1) ?? this.#addSlab(cellClass);
    if (slab === null) return null;
    const address = slab.free.pop()!;
    slab.used[(address - slab.start) / slab.cell] = 1;
    slab.usedCount += 1;
    if (slab.usedCount === slab.capacity) withRoom.pop();
    return address;
  }

  #addSlab(cellClass: number): Slab | null {
    const { pageSize } = this.#arena;
    const start = this.#arena.map(pageSize);
    if (start === null) return null;
    const cell = CELLS[cellClass]!;
    const capacity = Math.floor(pageSize / cell);
    const last = start + (capacity - 1) * cell;
    const free: number[] = [];
    for (let each = last; each >= start; each -= cell) free.push(each);
    const used = new Uint8Array(capacity);
    const slab = { start, cellClass, cell, capacity, used, usedCount: 0, free };
    this.#slabs.set(start, slab);
    this.#withRoom[cellClass]!.push(slab);
    return slab;
  }

  #freeCell(slab: Slab, address: number): boolean {
    const index = (address - slab.start) / slab.cell;
    if (slab.used[index] !== 1) return false;
    slab.used[index] = 0;
    slab.free.push(address);
    const withRoom = this.#withRoom[slab.cellClass]!;
    if (slab.usedCount === slab.capacity) withRoom.push(slab);
    slab.usedCount -= 1;
    if (slab.usedCount === 0 && withRoom.length > 1) {
      withRoom.splice(withRoom.indexOf(slab), 1);
      this.#slabs.delete(slab.start);
      this.#arena.unmap(slab.start, this.#arena.pageSize);
    }
    return true;
  }

  #mallocBig(size: number): number | null {
    if (size > SIZE_LIMIT) return null;
    const length = roundUp(size, this.#arena.pageSize);
    const start = this.#arena.map(length);
    if (start !== null) this.#bigs.set(start, length);
    return start;
  }

  /** Maps as much more as an alignment may cost, and gives back what lies in front and behind. */
  #mallocBigAligned(alignment: number, size: number): number | null {
    if (size > SIZE_LIMIT) return null;
    const length = roundUp(size, this.#arena.pageSize);
    const map = this.#arena.map(length + alignment);
    if (map === null) return null;
    const start = roundUp(map, alignment);
    if (start > map) this.#arena.unmap(map, start - map);
    this.#arena.unmap(start + length, map + alignment - start);
    this.#bigs.set(start, length);
    return start;
  }

  #freeBig(address: number): boolean {
    const length = this.#bigs.get(address);
    if (length === undefined) return false;
    this.#bigs.delete(address);
    this.#arena.unmap(address, length);
    return true;
  }

  /** Gives back the pages that a big block no longer needs. @returns False when it has to move. */
  #shrinkBig(address: number, size: number): boolean {
    const length = this.#bigs.get(address)!;
    if (size <= CELL_MAX || size > length) return false;
    const kept = roundUp(size, this.#arena.pageSize);
    if (kept < length) this.#arena.unmap(address + kept, length - kept);
    this.#bigs.set(address, kept);
    return true;
  }
}

/** The class of the smallest cells that hold `size` bytes. */
function classFor(size: number): number {
  return CELLS.findIndex((cell) => cell >= size);
}

/** The smallest power of two that is at least `size`. */
function powerFrom(size: number): number {
  return 2 ** (32 - Math.clz32(Math.max(1, size) - 1));
}
