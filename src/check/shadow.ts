import { assert } from '../base/kit-bug.ts';
import { GranuleMap } from './granule-map.ts';
import { fillPayload, KEY_STEP, payloadDamage } from './payload.ts';
import type { Memory, Payload } from './target.ts';

/**
 * What payloads are filled with: a pattern that no block before had, or one that only depends on where a byte lies, so
 * that memory tells nothing of what was done before.
 */
export type Patterns = 'by-block' | 'by-place';

/** A live block, as the shadow keeps it. */
interface ShadowBlock {
  readonly slot: number;
  readonly address: number;
  readonly size: number;
  readonly extent: number;
  readonly alignment: number;
}

/** What the shadow knows at one moment. */
export interface ShadowState {
  /** The live blocks by rising slot. */
  readonly blocks: readonly ShadowBlock[];
  /** For each slot, the address that it gave back last, or -1. */
  readonly freed: readonly number[];
  /** For each slot, the bytes that the block which it gave back last was asked for with. */
  readonly freedSizes: readonly number[];
}

/**
 * The oracle: which blocks are live, as half-open ranges, and what each payload must contain.
 *
 * It knows only what was asked and what was answered, never the target's own bookkeeping. A block's *extent* is its
 * usable size where the target tells it, else the size that was asked for; extents may not overlap, and payloads are
 * filled and verified over the whole extent.
 *
 * Fields of a slot lie in parallel arrays, so that a run allocates nothing; plain ones, so that low addresses stay small
 * integers on their way through the target.
 */
export class Shadow {
  readonly #ranges: GranuleMap;
  readonly #memory: Memory | undefined;
  readonly #patterns: Patterns;
  readonly #address: number[] = [];
  readonly #size: number[] = [];
  readonly #extent: number[] = [];
  readonly #alignment: number[] = [];
  readonly #key: number[] = [];
  readonly #freedAddress: number[] = [];
  readonly #freedSize: number[] = [];
  #slotsCount = 0;
  #liveCount = 0;
  #keysCount = 0;

  /**
   * @param alignment What every address is known to be a multiple of, in bytes; 1 when nothing is known.
   * @param memory Where payloads lie; without it contents are not tracked.
   */
  constructor(alignment: number, memory: Memory | undefined, patterns: Patterns = 'by-block') {
    this.#ranges = new GranuleMap(Math.min(alignment, 8));
    this.#memory = memory;
    this.#patterns = patterns;
  }

  /** One past the highest slot that was live since the last `clear`. */
  get slotsCount(): number {
    return this.#slotsCount;
  }

  get liveCount(): number {
    return this.#liveCount;
  }

  isLive(slot: number): boolean {
    return slot < this.#slotsCount && this.#address[slot]! >= 0;
  }

  addressOf(slot: number): number {
    return this.#address[slot]!;
  }

  /** The size that was asked for, in bytes. */
  sizeOf(slot: number): number {
    return this.#size[slot]!;
  }

  extentOf(slot: number): number {
    return this.#extent[slot]!;
  }

  /** The alignment that the block was asked for with, in bytes; 1 where nothing was said. */
  alignmentOf(slot: number): number {
    return this.#alignment[slot]!;
  }

  /** The address that this slot gave back last, or -1. */
  freedAddressOf(slot: number): number {
    return slot < this.#slotsCount ? this.#freedAddress[slot]! : -1;
  }

  /** The size that the block which this slot gave back last was asked for with. */
  freedSizeOf(slot: number): number {
    return this.#freedSize[slot]!;
  }

  /**
   * Records that a slot now holds a block.
   *
   * A size of 0 counts as 1 byte: C17 7.22.3 lets malloc(0) behave "as if the size were some nonzero value", so a
   * non-null answer must still be an address of its own.
   *
   * @param extent At least `size`.
   * @param alignment What the block was asked for with.
   * @returns False when the block overlaps a live one; then nothing changes.
   */
  claim(slot: number, address: number, size: number, extent: number, alignment = 1): boolean {
    assert(!this.isLive(slot), 'claim takes an empty slot');
    if (!this.#ranges.claim(address, address + Math.max(1, extent))) return false;
    if (slot >= this.#slotsCount) this.#reach(slot);
    this.#address[slot] = address;
    this.#size[slot] = size;
    this.#extent[slot] = extent;
    this.#alignment[slot] = alignment;
    this.#liveCount += 1;
    return true;
  }

  /** Records that a slot's block was given back. */
  release(slot: number): void {
    assert(this.isLive(slot), 'release takes a live slot');
    const address = this.#address[slot]!;
    this.#ranges.release(address, address + Math.max(1, this.#extent[slot]!));
    this.#freedAddress[slot] = address;
    this.#freedSize[slot] = this.#size[slot]!;
    this.#address[slot] = -1;
    this.#liveCount -= 1;
  }

  /** Fills a live slot's payload with its pattern. */
  fill(slot: number): void {
    if (this.#memory === undefined) return;
    const address = this.#address[slot]!;
    this.#keysCount += 1;
    const key = this.#patterns === 'by-place' ? address : this.#keysCount * KEY_STEP;
    this.#key[slot] = key;
    fillPayload(this.#memory, address, this.#extent[slot]!, key);
  }

  /** What is live and what was freed, to come back to. */
  capture(): ShadowState {
    const blocks: ShadowBlock[] = [];
    for (let slot = 0; slot < this.#slotsCount; slot += 1) {
      const address = this.#address[slot]!;
      if (address < 0) continue;
      blocks.push({
        slot,
        address,
        size: this.#size[slot]!,
        extent: this.#extent[slot]!,
        alignment: this.#alignment[slot]!,
      });
    }
    return {
      blocks,
      freed: this.#freedAddress.slice(0, this.#slotsCount),
      freedSizes: this.#freedSize.slice(0, this.#slotsCount),
    };
  }

  /** Back to what was captured, each live block with the pattern of its place. */
  restore({ blocks, freed, freedSizes }: ShadowState): void {
    assert(this.#patterns === 'by-place', 'only the pattern of a place is known from the place');
    this.clear();
    for (const { slot, address, size, extent, alignment } of blocks) {
      this.claim(slot, address, size, extent, alignment);
      this.#key[slot] = address;
    }
    this.#reach(freed.length - 1);
    for (const [slot, address] of freed.entries()) {
      this.#freedAddress[slot] = address;
      this.#freedSize[slot] = freedSizes[slot]!;
    }
  }

  /** @returns Offset at which a live slot's payload differs from what was filled in, or -1. */
  damage(slot: number): number {
    return this.damageAt(slot, this.#address[slot]!, this.#extent[slot]!);
  }

  /** As `damage`, of the first `keptSize` bytes, which now lie at `address`. */
  damageAt(slot: number, address: number, keptSize: number): number {
    if (this.#memory === undefined) return -1;
    return payloadDamage(this.#memory, address, this.#extent[slot]!, keptSize, this.#key[slot]!);
  }

  /** Tells a memory that likes to know it that all live payloads are about to be looked at, by rising slot. */
  lookAhead(): void {
    const payloads = this.#memory?.payloads;
    if (payloads?.lookAhead === undefined) return;
    const live: Payload[] = [];
    for (let slot = 0; slot < this.#slotsCount; slot += 1) {
      const address = this.#address[slot]!;
      if (address >= 0) live.push({ address, size: this.#extent[slot]!, key: this.#key[slot]! });
    }
    payloads.lookAhead(live);
  }

  /** @returns The live slot whose block overlaps [start, end), or -1. */
  overlapping(start: number, end: number): number {
    for (let slot = 0; slot < this.#slotsCount; slot += 1) {
      const address = this.#address[slot]!;
      if (address >= 0 && address < end && start < address + Math.max(1, this.#extent[slot]!))
        return slot;
    }
    return -1;
  }

  /** Back to no blocks at all. */
  clear(): void {
    for (let slot = 0; slot < this.#slotsCount; slot += 1) {
      if (this.#address[slot]! >= 0) this.release(slot);
      this.#freedAddress[slot] = -1;
    }
    if (this.#ranges.isLarge) this.#ranges.clear();
    this.#slotsCount = 0;
    this.#keysCount = 0;
  }

  #reach(slot: number): void {
    this.#slotsCount = slot + 1;
    while (this.#address.length <= slot) {
      this.#address.push(-1);
      this.#size.push(0);
      this.#extent.push(0);
      this.#alignment.push(1);
      this.#key.push(0);
      this.#freedAddress.push(-1);
      this.#freedSize.push(0);
    }
  }
}
