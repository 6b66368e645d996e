import { assert } from '../base/kit-bug.ts';
import type { Range } from '../base/range.ts';
import { encodeEntry, frameOf, LARGE, PRESENT, RIGHTS, type Mapping } from './page-table-entry.ts';
import { PageWalk } from './page-walk.ts';
import type { TableLayout } from './table-layout.ts';

/** Where tables come from and go back to. A port of the page table: the kernel provides it. */
export interface FrameSource {
  /** @returns The number of a frame whose bytes are all zero, or null when there is none. */
  allocate(): number | null;
  /** Takes back a frame whose bytes are all zero again. */
  free(frame: number): void;
}

export type MapResult = 'mapped' | 'already-mapped' | 'out-of-frames';

/** The pages that a call took away, by rising address. */
export interface UnhookedPages {
  /** The first address of each. */
  readonly addresses: readonly number[];
  /** The first frame of each. */
  readonly frames: readonly number[];
}

/** A leaf and the first address that it maps. */
export interface Leaf extends Mapping {
  readonly address: number;
}

/**
 * The page table of one address space: a radix tree of tables, one frame each, that lies in physical memory as bytes.
 * The bytes are the truth. Beside them it knows which entries of each table are in use, so that a table goes back the
 * moment its last entry is cleared, and what is spread out is found without reading everything between; the root stays
 * until `release`.
 *
 * Tables grant every right, so that the leaf alone decides. Nothing here touches a TLB: whoever takes a leaf away or
 * changes it invalidates it there before the frame is used for anything else.
 */
export class PageTable {
  readonly layout: TableLayout;
  /** The frame of the root table. */
  readonly root: number;
  readonly #frames: FrameSource;
  readonly #uses = new Map<number, TableUse>();
  readonly #walk: PageWalk;
  /** The tables that `#descend` went through, by level, and the level of the last. */
  readonly #way: Int32Array;
  #wayEnd = 0;

  private constructor(layout: TableLayout, frames: FrameSource, root: number) {
    this.layout = layout;
    this.root = root;
    this.#frames = frames;
    this.#walk = new PageWalk(layout);
    this.#way = new Int32Array(layout.spans.length);
    this.#uses.set(root, this.#unused());
  }

  /** @returns An empty page table, or null when there is no frame for its root. */
  static create(layout: TableLayout, frames: FrameSource): PageTable | null {
    const root = frames.allocate();
    return root === null ? null : new PageTable(layout, frames, root);
  }

  /** How many entries of each table are in use, by its frame. The root is one of them. */
  get tables(): ReadonlyMap<number, number> {
    return new Map([...this.#uses].map(([table, { count }]) => [table, count]));
  }

  /**
   * Maps a page. Unless the result is `mapped`, nothing has changed.
   *
   * @param address A multiple of the mapping's size, below the geometry's limit.
   */
  map(address: number, { frame, size, rights }: Mapping): MapResult {
    const level = this.layout.levelOf(size);
    assert(level >= 0, 'a page has a size that the geometry knows');
    assert(address % size === 0, 'a page is aligned to its size');
    assert((rights & RIGHTS) === rights, 'rights are WRITABLE and USER');
    let at = this.#descend(address, level);
    if ((this.layout.read(at) & PRESENT) !== 0) return 'already-mapped';
    const tables = this.#allocate(level - this.#wayEnd);
    if (tables === null) return 'out-of-frames';
    for (const table of tables) {
      this.#fill(at, encodeEntry(table, PRESENT | RIGHTS));
      this.#uses.set(table, this.#unused());
      this.#wayEnd += 1;
      this.#way[this.#wayEnd] = table;
      at = this.layout.entryFor(table, this.#wayEnd, address);
    }
    const large = level === this.layout.lastLevel ? 0 : LARGE;
    this.#fill(at, encodeEntry(frame, PRESENT | rights | large));
    return 'mapped';
  }

  /**
   * Takes away the page that starts at an address, and the tables that it leaves empty.
   *
   * @returns What was mapped, or null: no page starts there, and nothing has changed.
   */
  unmap(address: number): Mapping | null {
    const at = this.#leafAt(address);
    if (at === -1) return null;
    const mapping = this.#mappingOf(this.layout.read(at), this.#wayEnd);
    this.#clear(address);
    return mapping;
  }

  /**
   * Takes away all pages of a range, in time that grows with the tables there, not with the range.
   *
   * @param range Whole pages; a large page lies in it as a whole or not at all.
   */
  unmapRange(range: Range): UnhookedPages {
    const unhooked = { addresses: [], frames: [] };
    this.#clearRange({ table: this.root, level: 0, start: 0 }, range, unhooked);
    return unhooked;
  }

  /** Gives the page that starts at an address other rights. @returns False when no page starts there. */
  protect(address: number, rights: number): boolean {
    assert((rights & RIGHTS) === rights, 'rights are WRITABLE and USER');
    const at = this.#leafAt(address);
    if (at === -1) return false;
    this.layout.write(at, ((this.layout.read(at) & ~RIGHTS) | rights) >>> 0);
    return true;
  }

  /** Walks the bytes. @returns What is mapped at an address, with the rights that all levels grant, or undefined. */
  lookup(address: number): Mapping | undefined {
    if (this.#walk.walk(this.root, address) !== undefined) return undefined;
    const { entry, level, rights } = this.#walk;
    return { ...this.#mappingOf(entry, level), rights };
  }

  /** The pages that start in a range, by rising address. Nothing may be mapped or unmapped meanwhile. */
  leaves(range: Range): Generator<Leaf> {
    return this.#leavesOf({ table: this.root, level: 0, start: 0 }, range);
  }

  /** Gives the root back. All pages are unmapped. */
  release(): void {
    assert(this.#uses.get(this.root)!.count === 0, 'a page table is empty when it is released');
    this.#uses.clear();
    this.#frames.free(this.root);
  }

  /**
   * Goes down towards an address to an entry that is a leaf, not present or at `levelMax`, and leaves the tables of
   * the way in `#way`.
   *
   * @returns The physical address of that entry.
   */
  #descend(address: number, levelMax: number): number {
    let table = this.root;
    for (let level = 0; ; level += 1) {
      this.#way[level] = table;
      this.#wayEnd = level;
      const at = this.layout.entryFor(table, level, address);
      const entry = this.layout.read(at);
      const isEnd = level === levelMax || (entry & PRESENT) === 0;
      if (isEnd || this.layout.isLeaf(entry, level)) return at;
      table = frameOf(entry);
    }
  }

  /** The physical address of the leaf that starts at an address, or -1. */
  #leafAt(address: number): number {
    const at = this.#descend(address, this.layout.lastLevel);
    const offset = address % this.layout.spans[this.#wayEnd]!;
    return offset === 0 && (this.layout.read(at) & PRESENT) !== 0 ? at : -1;
  }

  /** All or nothing. */
  #allocate(count: number): readonly number[] | null {
    const tables: number[] = [];
    while (tables.length < count) {
      const table = this.#frames.allocate();
      if (table === null) {
        for (const taken of tables) this.#frames.free(taken);
        return null;
      }
      tables.push(table);
    }
    return tables;
  }

  /** Writes an entry of the last table of the way. */
  #fill(at: number, entry: number): void {
    const use = this.#uses.get(this.#way[this.#wayEnd]!)!;
    const index = this.layout.indexOf(at);
    this.layout.write(at, entry);
    use.bits[index >>> 5]! |= 1 << index;
    use.count += 1;
  }

  /** Clears the last entry of the way, and upwards those of the tables that this leaves empty. */
  #clear(address: number): void {
    for (let level = this.#wayEnd; ; level -= 1) {
      const table = this.#way[level]!;
      const use = this.#uses.get(table)!;
      this.#clearEntry(this.layout.entryFor(table, level, address), use);
      if (level < this.#wayEnd) this.#giveBack(this.#way[level + 1]!);
      if (use.count > 0 || level === 0) return;
    }
  }

  #clearEntry(at: number, use: TableUse): void {
    const index = this.layout.indexOf(at);
    this.layout.write(at, 0);
    use.bits[index >>> 5]! &= ~(1 << index);
    use.count -= 1;
  }

  /** Whoever gets the frame next may do so at once, so no entry leads to it any more. */
  #giveBack(table: number): void {
    this.#uses.delete(table);
    this.#frames.free(table);
  }

  /** @returns Whether the table is empty then. */
  #clearRange(subtree: Subtree, range: Range, unhooked: Unhooked): boolean {
    const { level, start, table } = subtree;
    const use = this.#uses.get(table)!;
    const span = this.layout.spans[level]!;
    const end = this.#endIn(subtree, range);
    let index = nextUsed(use, this.#firstIn(subtree, range), end);
    for (; index < end; index = nextUsed(use, index + 1, end)) {
      const at = this.layout.entryAt(table, index);
      const entry = this.layout.read(at);
      const address = start + index * span;
      if (this.layout.isLeaf(entry, level)) {
        unhooked.addresses.push(address);
        unhooked.frames.push(frameOf(entry));
        this.#clearEntry(at, use);
      } else {
        const child = { table: frameOf(entry), level: level + 1, start: address };
        if (!this.#clearRange(child, range, unhooked)) continue;
        this.#clearEntry(at, use);
        this.#giveBack(child.table);
      }
    }
    return use.count === 0;
  }

  *#leavesOf(subtree: Subtree, range: Range): Generator<Leaf> {
    const { level, start, table } = subtree;
    const use = this.#uses.get(table)!;
    const end = this.#endIn(subtree, range);
    let index = nextUsed(use, this.#firstIn(subtree, range), end);
    for (; index < end; index = nextUsed(use, index + 1, end)) {
      const entry = this.layout.read(this.layout.entryAt(table, index));
      const address = start + index * this.layout.spans[level]!;
      if (this.layout.isLeaf(entry, level)) yield this.#leafOf(address, entry, level);
      else
        yield* this.#leavesOf({ table: frameOf(entry), level: level + 1, start: address }, range);
    }
  }

  /** The first entry of a table that a range goes through. */
  #firstIn({ level, start }: Subtree, range: Range): number {
    return Math.max(0, Math.floor((range.start - start) / this.layout.spans[level]!));
  }

  /** One past the last. */
  #endIn({ level, start }: Subtree, range: Range): number {
    const end = Math.ceil((range.end - start) / this.layout.spans[level]!);
    return Math.min(this.layout.entriesCount, end);
  }

  #unused(): TableUse {
    return { count: 0, bits: new Int32Array(Math.ceil(this.layout.entriesCount / 32)) };
  }

  #leafOf(address: number, entry: number, level: number): Leaf {
    const size = this.layout.spans[level]!;
    return { address, frame: frameOf(entry), size, rights: entry & RIGHTS };
  }

  #mappingOf(entry: number, level: number): Mapping {
    return { frame: frameOf(entry), size: this.layout.spans[level]!, rights: entry & RIGHTS };
  }
}

/** A table in the tree, and the first address that it maps. */
interface Subtree {
  readonly table: number;
  readonly level: number;
  readonly start: number;
}

/** What is known of a table beside its bytes. */
interface TableUse {
  /** Entries in use. */
  count: number;
  /** One for each entry, the lowest of the first number for the first: 1 where it is in use. */
  readonly bits: Int32Array;
}

interface Unhooked extends UnhookedPages {
  readonly addresses: number[];
  readonly frames: number[];
}

/** The first index from `index` on whose entry is in use, or `end`. */
function nextUsed({ bits }: TableUse, index: number, end: number): number {
  let at = index >>> 5;
  let rest = bits[at]! & (-1 << index);
  while (rest === 0) {
    at += 1;
    if (at * 32 >= end) return end;
    rest = bits[at]!;
  }
  return Math.min(end, at * 32 + 31 - Math.clz32(rest & -rest));
}
