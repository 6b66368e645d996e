import { assert } from '../base/kit-bug.ts';
import type { Range } from '../base/range.ts';

/** What a program may do in an area. */
export type Protection = 'none' | 'read' | 'read-write';

/** Whole pages that are mapped, all with one protection. */
export interface Area extends Range {
  readonly protection: Protection;
}

/**
 * What is mapped in an address space, by rising address. Areas do not overlap; two that touch differ in protection,
 * since equal neighbours are one area.
 *
 *     ┌──────────────┐       ┌────────┬───────────┐
 *     │ read-write   │       │ read   │ read-write│
 *     └──────────────┘       └────────┴───────────┘
 */
export class Areas {
  readonly #areas: Area[] = [];
  #mappedSize = 0;
  #mappedPeak = 0;

  all(): readonly Area[] {
    return this.#areas;
  }

  /** Bytes in all areas. */
  get mappedSize(): number {
    return this.#mappedSize;
  }

  /** The most bytes that were ever mapped at once. */
  get mappedPeak(): number {
    return this.#mappedPeak;
  }

  /** The area in which an address lies. */
  at(address: number): Area | undefined {
    const area = this.#areas[this.#firstEndingAfter(address)];
    return area !== undefined && area.start <= address ? area : undefined;
  }

  /** Whether an area has any byte of a range. */
  touches(range: Range): boolean {
    const area = this.#areas[this.#firstEndingAfter(range.start)];
    return area !== undefined && area.start < range.end;
  }

  /** Whether areas have every byte of a range. */
  cover(range: Range): boolean {
    let at = range.start;
    for (let index = this.#firstEndingAfter(at); at < range.end; index += 1) {
      const area = this.#areas[index];
      if (area === undefined || area.start > at) return false;
      at = area.end;
    }
    return true;
  }

  /** Adds a range that no area touches. */
  insert({ start, end }: Range, protection: Protection): void {
    assert(
      start < end && !this.touches({ start, end }),
      'a new area is not empty and touches none',
    );
    const index = this.#firstEndingAfter(start);
    const before = this.#areas[index - 1];
    const after = this.#areas[index];
    const joinsBefore = before?.end === start && before.protection === protection;
    const joinsAfter = after?.start === end && after.protection === protection;
    const area = {
      start: joinsBefore ? before.start : start,
      end: joinsAfter ? after.end : end,
      protection,
    };
    const at = joinsBefore ? index - 1 : index;
    this.#areas.splice(at, Number(joinsBefore) + Number(joinsAfter), area);
    this.#mappedSize += end - start;
    this.#mappedPeak = Math.max(this.#mappedPeak, this.#mappedSize);
  }

  /** Takes a range away, whether areas have all of it or not. Areas that stick out keep their rest. */
  remove(range: Range): void {
    const first = this.#firstEndingAfter(range.start);
    const rests: Area[] = [];
    let index = first;
    for (; index < this.#areas.length; index += 1) {
      const { start, end, protection } = this.#areas[index]!;
      if (start >= range.end) break;
      if (start < range.start) rests.push({ start, end: range.start, protection });
      if (end > range.end) rests.push({ start: range.end, end, protection });
      this.#mappedSize -= Math.min(end, range.end) - Math.max(start, range.start);
    }
    this.#areas.splice(first, index - first, ...rests);
  }

  /** The index of the first area that ends past an address; their count if there is none. */
  #firstEndingAfter(address: number): number {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#areas[middle]!.end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
