import type { Base, Protection, Slot } from './op.ts';

/** Where an access begins. */
export interface Place {
  readonly base: Base;
  readonly offset: number;
}

/** A page of an area as an access sees it; one that was unmapped is `gone`. */
type PageState = Protection | 'gone';

/**
 * What the threads of a process have, as far as the text of a program tells: as if its ops ran one after the other, and
 * none was refused. For whoever makes programs: a thread that touches what is not there ends, and programs whose threads
 * end at once find nothing.
 */
export class ProcessSketch {
  readonly pageSize: number;
  /** Bytes of each block, by its slot. */
  readonly blocks = new Map<Slot, number>();
  readonly #areas = new Map<Slot, PageState[]>();
  #breakBytes = 0;

  constructor(pageSize: number) {
    this.pageSize = pageSize;
  }

  map(area: Slot, size: number, protection: Protection): void {
    this.#areas.set(area, Array<PageState>(Math.ceil(size / this.pageSize)).fill(protection));
  }

  /** Pages of an area become what they are not yet. */
  change(area: Slot, offset: number, size: number, state: PageState): void {
    const first = offset / this.pageSize;
    this.#areas.get(area)?.fill(state, first, first + size / this.pageSize);
  }

  moveBreak(increment: number): void {
    this.#breakBytes = Math.max(0, this.#breakBytes + increment);
  }

  /** Whether all pages of a range of an area are mapped. */
  isMapped(area: Slot, offset: number, size: number): boolean {
    const pages = this.#areas.get(area) ?? [];
    const end = (offset + size) / this.pageSize;
    const states = pages.slice(Math.floor(offset / this.pageSize), end);
    return end <= pages.length && states.every((state) => state !== 'gone');
  }

  /** Whether bytes may be accessed. */
  allows(kind: 'load' | 'store', { base, offset }: Place, size: number): boolean {
    if (typeof base === 'string' && base !== 'brk')
      return offset + size <= (this.blocks.get(Number(base.slice(1))) ?? -1);
    const pages = [...this.pagesFor(kind)].filter((page) => page.base === base);
    return [offset, offset + size - 1].every((at) =>
      pages.some((page) => at >= page.offset && at < page.offset + this.pageSize),
    );
  }

  /** The pages that may be accessed. */
  *pagesFor(kind: 'load' | 'store'): Generator<Place> {
    for (const [base, pages] of this.#areas) {
      for (const [index, state] of pages.entries()) {
        const isAllowed = state === 'read-write' || (state === 'read' && kind === 'load');
        if (isAllowed) yield { base, offset: index * this.pageSize };
      }
    }
    for (let offset = 0; offset < this.#breakBytes; offset += this.pageSize)
      yield { base: 'brk', offset };
  }
}
