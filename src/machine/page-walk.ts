import type { FaultCause } from './page-fault.ts';
import { ACCESSED, DIRTY, frameOf, PRESENT, RIGHTS } from './page-table-entry.ts';
import type { TableLayout } from './table-layout.ts';
import type { Translation } from './tlb.ts';

/**
 * The hardware's walk: from a root through the bytes of the tables to a leaf. It knows nothing of page tables but
 * their bytes. What it found lies in its fields until the next walk, so that walking allocates nothing.
 */
export class PageWalk implements Translation {
  readonly #layout: TableLayout;
  readonly #pageSize: number;
  readonly #entryAddresses: Int32Array;
  /** ACCESSED if every entry of the way has it, else 0. */
  #accessed = 0;
  /** The level of the last entry read: a leaf's, or that of the entry that stopped the walk. */
  level = 0;
  /** The last entry read. */
  entry = 0;
  /** What every entry of the way grants: WRITABLE, USER, both or 0. */
  rights = 0;

  constructor(layout: TableLayout) {
    this.#layout = layout;
    this.#pageSize = layout.geometry.pageSize;
    this.#entryAddresses = new Int32Array(layout.spans.length);
  }

  /** The first byte of the page that the last walk led to, a physical address. */
  get base(): number {
    return frameOf(this.entry) * this.#pageSize;
  }

  /** DIRTY or 0, of the leaf. */
  get dirty(): number {
    return this.entry & DIRTY;
  }

  /** The physical address to which the last walk translates an address of its page. */
  physicalOf(address: number): number {
    const start = this.#layout.pageNumber(address, this.level) * this.#layout.spans[this.level]!;
    return this.base + address - start;
  }

  /**
   * Walks to the leaf of an address.
   *
   * @param root The frame of the root table.
   * @param address Below the geometry's limit.
   * @returns Why there is no translation, or undefined when there is one.
   */
  walk(root: number, address: number): FaultCause | undefined {
    const layout = this.#layout;
    let table = root;
    this.rights = RIGHTS;
    this.#accessed = ACCESSED;
    for (let level = 0; ; level += 1) {
      const at = layout.entryFor(table, level, address);
      this.level = level;
      this.#entryAddresses[level] = at;
      this.entry = layout.read(at);
      if ((this.entry & PRESENT) === 0) return 'not-mapped';
      if (!layout.isSound(this.entry, level)) return 'reserved-bit';
      this.rights &= this.entry;
      this.#accessed &= this.entry;
      if (layout.isLeaf(this.entry, level)) return undefined;
      table = frameOf(this.entry);
    }
  }

  /**
   * Sets the accessed bit of every entry of the last walk, and of its leaf those in `leafBits` too.
   *
   * @param leafBits DIRTY or 0.
   * @returns How many entries changed.
   */
  mark(leafBits: number): number {
    if (this.#accessed !== 0 && (this.entry & leafBits) === leafBits) return 0;
    let writesCount = 0;
    for (let level = 0; level <= this.level; level += 1) {
      const at = this.#entryAddresses[level]!;
      const entry = this.#layout.read(at);
      const marked = (entry | ACCESSED | (level === this.level ? leafBits : 0)) >>> 0;
      if (marked === entry) continue;
      this.#layout.write(at, marked);
      writesCount += 1;
    }
    this.entry = (this.entry | ACCESSED | leafBits) >>> 0;
    return writesCount;
  }
}
