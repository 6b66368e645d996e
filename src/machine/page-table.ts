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

/** A leaf and the first address that it maps. */
export interface Leaf extends Mapping {
  readonly address: number;
}

/**
 * The page table of one address space: a radix tree of tables, one frame each, that lies in physical memory as bytes.
 * The bytes are the truth. Beside them it knows how many entries of each table are in use, so that a table goes back
 * the moment its last entry is cleared; the root stays until `release`.
 *
 * Tables grant every right, so that the leaf alone decides. Nothing here touches a TLB: whoever takes a leaf away or
 * changes it invalidates it there before the frame is used for anything else.
 */
export class PageTable {
  readonly layout: TableLayout;
  /** The frame of the root table. */
  readonly root: number;
  readonly #frames: FrameSource;
  readonly #entriesCounts = new Map<number, number>();
  readonly #walk: PageWalk;
  /** The tables that `#descend` went through, by level. */
  readonly #way: number[] = [];

  private constructor(layout: TableLayout, frames: FrameSource, root: number) {
    this.layout = layout;
    this.root = root;
    this.#frames = frames;
    this.#walk = new PageWalk(layout);
    this.#entriesCounts.set(root, 0);
  }

  /** @returns An empty page table, or null when there is no frame for its root. */
  static create(layout: TableLayout, frames: FrameSource): PageTable | null {
    const root = frames.allocate();
    return root === null ? null : new PageTable(layout, frames, root);
  }

  /** How many entries of each table are in use, by its frame. The root is one of them. */
  get tables(): ReadonlyMap<number, number> {
    return this.#entriesCounts;
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
    const tables = this.#allocate(level + 1 - this.#way.length);
    if (tables === null) return 'out-of-frames';
    for (const table of tables) {
      this.#fill(at, encodeEntry(table, PRESENT | RIGHTS));
      this.#entriesCounts.set(table, 0);
      at = this.layout.entryFor(table, this.#way.length, address);
      this.#way.push(table);
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
    const level = this.#way.length - 1;
    const mapping = this.#mappingOf(this.layout.read(at), level);
    this.#clear(address);
    return mapping;
  }

  /**
   * Takes away all pages of a range, in time that grows with the tables there, not with the range.
   *
   * @param range Whole pages; a large page lies in it as a whole or not at all.
   * @param unhooked Hears of each page once its entry is cleared; it changes no page table.
   */
  unmapRange(range: Range, unhooked: (leaf: Leaf) => void): void {
    this.#clearRange({ table: this.root, level: 0, start: 0 }, range, unhooked);
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
    assert(this.#entriesCounts.get(this.root) === 0, 'a page table is empty when it is released');
    this.#entriesCounts.clear();
    this.#frames.free(this.root);
  }

  /**
   * Goes down towards an address to an entry that is a leaf, not present or at `levelMax`, and leaves the tables of
   * the way in `#way`.
   *
   * @returns The physical address of that entry.
   */
  #descend(address: number, levelMax: number): number {
    this.#way.length = 0;
    let table = this.root;
    for (let level = 0; ; level += 1) {
      this.#way.push(table);
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
    const offset = address % this.layout.spans[this.#way.length - 1]!;
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
    const table = this.#way.at(-1)!;
    this.layout.write(at, entry);
    this.#entriesCounts.set(table, this.#entriesCounts.get(table)! + 1);
  }

  /** Clears the last entry of the way, and upwards those of the tables that this leaves empty. */
  #clear(address: number): void {
    for (let level = this.#way.length - 1; ; level -= 1) {
      const table = this.#way[level]!;
      this.layout.write(this.layout.entryFor(table, level, address), 0);
      const count = this.#entriesCounts.get(table)! - 1;
      this.#entriesCounts.set(table, count);
      if (count > 0 || level === 0) return;
      this.#giveBack(table);
    }
  }

  #giveBack(table: number): void {
    this.#entriesCounts.delete(table);
    this.#frames.free(table);
  }

  /** @returns How many entries of the table are still in use. */
  #clearRange(subtree: Subtree, range: Range, unhooked: (leaf: Leaf) => void): number {
    const { level, table } = subtree;
    let count = this.#entriesCounts.get(table)!;
    for (const { at, entry, start } of this.#used(subtree, range)) {
      if (this.layout.isLeaf(entry, level)) {
        this.layout.write(at, 0);
        unhooked(this.#leafOf(start, entry, level));
      } else {
        const child = { table: frameOf(entry), level: level + 1, start };
        if (this.#clearRange(child, range, unhooked) > 0) continue;
        this.layout.write(at, 0);
        this.#giveBack(child.table);
      }
      count -= 1;
    }
    // A table that is empty now goes back at once, but for the root.
    if (count > 0 || level === 0) this.#entriesCounts.set(table, count);
    return count;
  }

  *#leavesOf(subtree: Subtree, range: Range): Generator<Leaf> {
    for (const { entry, start } of this.#used(subtree, range)) {
      if (this.layout.isLeaf(entry, subtree.level)) {
        yield this.#leafOf(start, entry, subtree.level);
      } else {
        yield* this.#leavesOf({ table: frameOf(entry), level: subtree.level + 1, start }, range);
      }
    }
  }

  /** The entries in use of a table that a range goes through. */
  #used({ table, level, start }: Subtree, range: Range): readonly UsedEntry[] {
    const used: UsedEntry[] = [];
    const count = this.#entriesCounts.get(table)!;
    const span = this.layout.spans[level]!;
    const end = Math.min(this.layout.entriesCount, Math.ceil((range.end - start) / span));
    const first = Math.max(0, Math.floor((range.start - start) / span));
    for (let index = first; used.length < count; index += 1) {
      index = this.layout.nextUsed(table, index, end);
      if (index >= end) break;
      const at = this.layout.entryAt(table, index);
      used.push({ at, entry: this.layout.read(at), start: start + index * span });
    }
    return used;
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

interface UsedEntry {
  /** Where it lies in physical memory. */
  readonly at: number;
  readonly entry: number;
  /** The first address that goes through it. */
  readonly start: number;
}
