const LINES_COUNT = 256;
const LINE_MASK = LINES_COUNT - 1;
const NONE = -1;

// The fields of a line. They lie in one array, since reaching an array costs as much as reading from it.
const LINE_SIZE = 4;
const LOAD_PAGE = 0;
const STORE_PAGE = 1;
export const BASE = 2;
export const SLOT = 3;

/** One page's way around the search of the TLB. */
export interface Shortcut {
  readonly page: number;
  /** The TLB's slot that holds the translation. */
  readonly slot: number;
  /** The first byte of the page's frame, a physical address. */
  readonly base: number;
  readonly allows: 'load' | 'load-and-store';
}

/**
 * A direct-mapped table in front of the TLB, for speed alone: each line says in which slot a page's translation lies,
 * so that a hit needs no search. It holds nothing that the TLB does not hold, and only what user mode may do, so
 * results and counts are the same without it.
 *
 *     line   ┌───────────────┬────────────────┬──────┬──────┐
 *            │ page to load  │ page to store  │ base │ slot │    a page has one line, by the low bits of its number;
 *            └───────────────┴────────────────┴──────┴──────┘    where it may not be stored to, the second is -1
 *
 * Source: Fabrice Bellard, "QEMU, a Fast and Portable Dynamic Translator", USENIX ATC 2005: software MMU.
 */
export class Shortcuts {
  readonly lines = new Float64Array(LINES_COUNT * LINE_SIZE).fill(NONE);

  /** The line by which user mode may load from a page, or -1. */
  lineForLoad(page: number): number {
    const line = (page & LINE_MASK) * LINE_SIZE;
    return this.lines[line + LOAD_PAGE] === page ? line : NONE;
  }

  /** The line by which user mode may store to a page, or -1. */
  lineForStore(page: number): number {
    const line = (page & LINE_MASK) * LINE_SIZE;
    return this.lines[line + STORE_PAGE] === page ? line : NONE;
  }

  add({ page, slot, base, allows }: Shortcut): void {
    const line = (page & LINE_MASK) * LINE_SIZE;
    this.lines[line + LOAD_PAGE] = page;
    this.lines[line + STORE_PAGE] = allows === 'load' ? NONE : page;
    this.lines[line + BASE] = base;
    this.lines[line + SLOT] = slot;
  }

  /** Forgets one page. */
  dropPage(page: number): void {
    const line = this.lineForLoad(page);
    if (line !== NONE) this.#drop(line);
  }

  /** Forgets every page whose translation lies in a slot, such as each of a large one. */
  dropSlot(slot: number): void {
    for (let line = 0; line < this.lines.length; line += LINE_SIZE) {
      if (this.lines[line + SLOT] === slot) this.#drop(line);
    }
  }

  clear(): void {
    this.lines.fill(NONE);
  }

  #drop(line: number): void {
    this.lines[line + LOAD_PAGE] = NONE;
    this.lines[line + STORE_PAGE] = NONE;
    this.lines[line + SLOT] = NONE;
  }
}
