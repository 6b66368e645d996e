import type { ShortcutCounts } from './meter.ts';

const LINES_COUNT = 256;
const LINE_MASK = LINES_COUNT - 1;
/** No address is in a page that starts here. */
const NOWHERE = Infinity;
const NONE = -1;

// The fields of a line. Everything lies in one array, since reaching an array costs more than reading from it.
const LINE_SIZE = 4;
const LINES_SIZE = LINES_COUNT * LINE_SIZE;
const LOAD_START = 0;
const STORE_START = 1;
const BASE = 2;
const SLOT = 3;

/** One page's way around the search of the TLB. */
export interface Shortcut {
  /** The first address of the page. */
  readonly start: number;
  /** The TLB's slot that holds the translation. */
  readonly slot: number;
  /** The first byte of the page's frame, a physical address. */
  readonly base: number;
  readonly allows: 'load' | 'load-and-store';
}

/**
 * A direct-mapped table in front of the TLB, for speed alone: each line says in which slot a page's translation lies,
 * so that a hit needs no search. It holds nothing that the TLB does not hold, and only what user mode may do, so
 * results and counts are the same without it. The TLB's clock and its times of use lie here, so that a hit reaches for
 * no other object.
 *
 *     line   ┌───────────────┬────────────────┬──────┬──────┐
 *            │ start to load │ start to store │ base │ slot │    a page has one line, by the low bits of its number;
 *            └───────────────┴────────────────┴──────┴──────┘    where it may not be stored to, the second is nowhere
 *
 * Source: Fabrice Bellard, "QEMU, a Fast and Portable Dynamic Translator", USENIX ATC 2005: software MMU.
 */
export class Shortcuts implements ShortcutCounts {
  /** Counts lookups, the searches of the TLB as well. */
  clock = 0;
  searchesCount = 0;
  storesCount = 0;
  /** When the translation in each slot was used last. */
  readonly usedAt: Float64Array;
  readonly #lines: Float64Array;
  // A field that has been undefined once, as one without a value here, costs a check each time it is read.
  #pageSize = 0;
  #pagesPerByte = 0;

  constructor(pageSize: number, slotsCount: number) {
    this.#pageSize = pageSize;
    this.#pagesPerByte = 1 / pageSize;
    this.#lines = new Float64Array(LINES_SIZE + slotsCount);
    this.usedAt = this.#lines.subarray(LINES_SIZE);
    this.clear();
  }

  /** What is neither a store nor a search, so that a load has one thing to count. */
  get loadsCount(): number {
    return this.clock - this.searchesCount - this.storesCount;
  }

  /** Notes that the TLB is searched. */
  searched(): void {
    this.clock += 1;
    this.searchesCount += 1;
  }

  /**
   * Looks for what a user's load needs.
   *
   * @param size Bytes that it loads; all must lie on one page.
   * @returns The physical address, and the hit is counted; or -1: the TLB has to be searched.
   */
  load(address: number, size: number): number {
    const line = this.#lineOf(address);
    return this.#follow(line, address - this.#lines[line + LOAD_START]!, size);
  }

  /** As `load`, for a store. */
  store(address: number, size: number): number {
    const line = this.#lineOf(address);
    const at = this.#follow(line, address - this.#lines[line + STORE_START]!, size);
    if (at !== NONE) this.storesCount += 1;
    return at;
  }

  add({ start, slot, base, allows }: Shortcut): void {
    const line = this.#lineOf(start);
    this.#lines[line + LOAD_START] = start;
    this.#lines[line + STORE_START] = allows === 'load' ? NOWHERE : start;
    this.#lines[line + BASE] = base;
    this.#lines[line + SLOT] = LINES_SIZE + slot;
  }

  /** Forgets the page that starts at an address. */
  dropPage(start: number): void {
    const line = this.#lineOf(start);
    if (this.#lines[line + LOAD_START] === start) this.#drop(line);
  }

  /** Forgets every page whose translation lies in a slot, such as each of a large one. */
  dropSlot(slot: number): void {
    for (let line = 0; line < LINES_SIZE; line += LINE_SIZE) {
      if (this.#lines[line + SLOT] === LINES_SIZE + slot) this.#drop(line);
    }
  }

  clear(): void {
    this.#lines.fill(NOWHERE, 0, LINES_SIZE);
  }

  /** Where the line begins that the page of an address has. */
  #lineOf(address: number): number {
    return ((address * this.#pagesPerByte) & LINE_MASK) * LINE_SIZE;
  }

  /** @param offset From the start of the page that the line leads to; if that is another page, it is none of it. */
  #follow(line: number, offset: number, size: number): number {
    if (!(offset >= 0 && offset <= this.#pageSize - size)) return NONE;
    const lines = this.#lines;
    this.clock += 1;
    lines[lines[line + SLOT]! | 0] = this.clock;
    return (lines[line + BASE]! + offset) | 0;
  }

  #drop(line: number): void {
    this.#lines.fill(NOWHERE, line, line + LINE_SIZE);
  }
}
