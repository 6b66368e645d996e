import type { Range } from '../base/range.ts';
import type { Protection } from './areas.ts';

/** What one call did to a range of pages: gave them a protection, or took them away. */
interface Change extends Range {
  readonly protection: Protection | undefined;
}

/**
 * The abstract map from page to protection and bytes: the calls so far, in order, and what was stored. The last call
 * that covers a page decides what it is. Slow, and too simple to be wrong in the way in which areas and tables may be.
 */
export class PageLog {
  readonly #pageSize: number;
  readonly #changes: Change[] = [];
  readonly #bytes = new Map<number, Uint8Array>();
  readonly #halfStored = new Set<number>();

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Whole pages were mapped, or got another protection; with `undefined`, they were taken away. */
  change({ end, start }: Range, protection: Protection | undefined): void {
    this.#changes.push({ start, end, protection });
    if (protection !== undefined) return;
    for (const pages of [this.#bytes, this.#halfStored]) {
      for (const page of pages.keys()) if (page >= start && page < end) pages.delete(page);
    }
  }

  /** The protection of the page in which an address lies, or undefined: it is not mapped. */
  protectionAt(address: number): Protection | undefined {
    return this.#changes.findLast(({ end, start }) => address >= start && address < end)
      ?.protection;
  }

  /** The parts of a range, by rising address, in each of which all pages are equal. */
  parts({ end, start }: Range): readonly Change[] {
    const inside = this.#changes.filter((change) => change.end > start && change.start < end);
    const cuts = inside.flatMap((change) => [change.start, change.end]);
    const edges = [...new Set([start, ...cuts, end])]
      .filter((edge) => edge >= start && edge <= end)
      .toSorted((a, b) => a - b);
    return edges.slice(1).map((edge, index) => {
      const first = edges[index]!;
      const last = inside.findLast((change) => first >= change.start && first < change.end);
      return { start: first, end: edge, protection: last?.protection };
    });
  }

  /** What the pages hold that were stored to, by first address. The others are zero. */
  get contents(): ReadonlyMap<number, Uint8Array> {
    return this.#bytes;
  }

  /** The byte that a mapped page has at an address. */
  byteAt(address: number): number {
    const offset = address % this.#pageSize;
    return this.#bytes.get(address - offset)?.[offset] ?? 0;
  }

  /** A byte of a mapped page was stored. */
  store(address: number, byte: number): void {
    const offset = address % this.#pageSize;
    const page = address - offset;
    if (!this.#bytes.has(page)) this.#bytes.set(page, new Uint8Array(this.#pageSize));
    this.#bytes.get(page)![offset] = byte;
  }

  /** Pages that granted their part of a store whose next page refused its own: nothing was stored there. */
  get halfStored(): ReadonlySet<number> {
    return this.#halfStored;
  }

  /** A store of bytes on two pages, the first at an address, was refused. */
  storeHalf(address: number): void {
    this.#halfStored.add(address - (address % this.#pageSize));
  }
}
