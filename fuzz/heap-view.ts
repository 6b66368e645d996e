import type { Prng } from '../src/base/prng.ts';
import type { Outcome } from '../src/check/outcome.ts';
import type { BlockOp, Slot } from '../src/program/op.ts';

/** A range where a block lies, or lay until it was freed. */
interface Place {
  start: number;
  end: number;
  isLive: boolean;
}

/** What was at an address that is handed out: nothing that was seen, or a freed block, which was as large or not. */
export const REUSES = ['fresh', 'same', 'smaller', 'larger', 'inside'] as const;
export type Reuse = (typeof REUSES)[number];

/** What lies beside a place, by rising address. */
export const NEIGHBOURS = ['nothing', 'live', 'freed'] as const;
export type Neighbour = (typeof NEIGHBOURS)[number];

/** What a freed block leaves over when a smaller one takes its place is only worth a note from so many bytes on. */
const REST_MIN = 16;

/**
 * A heap as its caller sees it: by rising address the blocks that are live, and those that were freed and not handed out
 * again. No target is asked what it keeps, so this works for any.
 */
export class HeapView {
  readonly #places: Place[] = [];
  readonly #live = new Map<Slot, Place>();
  /** How the block that was handed out last was come by. */
  reuse: Reuse = 'fresh';
  /** What lay below and above the block that was handed out or freed last. */
  below: Neighbour = 'nothing';
  above: Neighbour = 'nothing';

  clear(): void {
    this.#places.length = 0;
    this.#live.clear();
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Stretches of freed blocks, each below a live one. */
  get gapsCount(): number {
    let count = 0;
    let isGap = false;
    for (const { isLive } of this.#places) {
      if (isLive && isGap) count += 1;
      isGap = !isLive;
    }
    return count;
  }

  /** Where a slot's block begins; undefined: it holds none. */
  startOf(slot: Slot): number | undefined {
    return this.#live.get(slot)?.start;
  }

  /** Bytes of a slot's block, one at the least; 0 where it holds none. */
  sizeOf(slot: Slot): number {
    const place = this.#live.get(slot);
    return place === undefined ? 0 : place.end - place.start;
  }

  /** Follows what became of an op. */
  note(op: BlockOp, outcome: Outcome): void {
    const source = op.kind === 'realloc' ? op.source : op.kind === 'free' ? op.slot : null;
    const isGranted = outcome.kind === 'granted';
    if (source !== null && (isGranted || outcome.kind === 'freed')) this.#release(source);
    if (isGranted) this.#claim(op.slot!, outcome.address, outcome.size);
  }

  /** The distance of two places that lie close to each other, in bytes; undefined: there are no two. */
  distance(prng: Prng): number | undefined {
    const count = this.#places.length;
    if (count < 2) return undefined;
    const high = prng.between(1, count - 1);
    const low = Math.max(0, high - prng.between(1, 3));
    return this.#places[high]!.start - this.#places[low]!.start;
  }

  /** Bytes from a slot's block to the next live one above it; undefined: it holds none, or there is none above. */
  room(slot: Slot): number | undefined {
    const place = this.#live.get(slot);
    if (place === undefined) return undefined;
    const index = this.#indexOf(place.start);
    const next = this.#places.find((other, at) => at > index && other.isLive);
    return next === undefined ? undefined : next.start - place.start;
  }

  #claim(slot: Slot, start: number, size: number): void {
    const end = start + Math.max(1, size);
    const index = this.#indexOf(start);
    this.reuse = this.#reuseAt(index, start, end);
    let count = 0;
    let rest: Place | undefined;
    for (let at = index; at < this.#places.length && this.#places[at]!.start < end; at += 1) {
      count += 1;
      rest = this.#places[at]!;
    }
    const place = { start, end, isLive: true };
    const isSplit = rest !== undefined && rest.end >= end + REST_MIN;
    if (isSplit)
      this.#places.splice(index, count, place, { start: end, end: rest!.end, isLive: false });
    else this.#places.splice(index, count, place);
    this.#live.set(slot, place);
    this.#lookAround(index);
  }

  #reuseAt(index: number, start: number, end: number): Reuse {
    const at = this.#places[index];
    if (at !== undefined && at.start === start)
      return at.end === end ? 'same' : at.end > end ? 'smaller' : 'larger';
    const before = this.#places[index - 1];
    if (before === undefined || before.end <= start) return 'fresh';
    before.end = start;
    return 'inside';
  }

  #release(slot: Slot): void {
    const place = this.#live.get(slot);
    if (place === undefined) return;
    this.#live.delete(slot);
    place.isLive = false;
    this.#lookAround(this.#indexOf(place.start));
  }

  #lookAround(index: number): void {
    this.below = neighbourOf(this.#places[index - 1]);
    this.above = neighbourOf(this.#places[index + 1]);
  }

  /** Where the first place is that does not begin below an address. */
  #indexOf(address: number): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#places[middle]!.start < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function neighbourOf(place: Place | undefined): Neighbour {
  if (place === undefined) return 'nothing';
  return place.isLive ? 'live' : 'freed';
}
