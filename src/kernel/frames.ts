import { assert } from '../base/kit-bug.ts';
import type { FrameSource } from '../machine/page-table.ts';
import type { PhysicalMemory } from '../machine/physical-memory.ts';
import { SPACES_LIMIT } from '../machine/tlb.ts';

/** What a frame is used for: nothing, a table of a page table, or a page of a program's memory. */
export type FrameType = 'free' | 'table' | 'data';

/** Whoever sees each frame that is handed out and each that comes back. A port of the frames. */
export interface FrameWatcher {
  allocated(frame: number): void;
  freed(frame: number): void;
}

/** A frame's owner where there is none. */
const NOBODY = -1;

/**
 * The frames of a machine: who owns each, what for, and for a page at which address. Every frame is free or owned, by
 * one owner, an address space's id.
 *
 * Frames never used go out by rising number; those that came back go out first, the last one first. A frame reaches its
 * owner zeroed. A page's frame is zeroed only when it is next handed out, since many never are; a table's comes back
 * zeroed from the page table.
 */
export class Frames {
  readonly totalCount: number;
  readonly #memory: PhysicalMemory;
  readonly #watcher: FrameWatcher | undefined;
  readonly #owners: Int32Array;
  readonly #addresses: Float64Array;
  readonly #isTable: Uint8Array;
  readonly #isSoiled: Uint8Array;
  /** How many frames each owner has, by its id. */
  readonly #counts = new Int32Array(SPACES_LIMIT);
  /** Those that came back. */
  readonly #returned: number[] = [];
  /** The first that was never used. */
  #unused = 0;
  #ownedPeak = 0;

  constructor(memory: PhysicalMemory, watcher?: FrameWatcher) {
    this.totalCount = memory.framesCount;
    this.#memory = memory;
    this.#watcher = watcher;
    this.#owners = new Int32Array(this.totalCount).fill(NOBODY);
    this.#addresses = new Float64Array(this.totalCount);
    this.#isTable = new Uint8Array(this.totalCount);
    this.#isSoiled = new Uint8Array(this.totalCount);
  }

  get freeCount(): number {
    return this.totalCount - this.#unused + this.#returned.length;
  }

  /** The most frames that were ever owned at once. */
  get ownedPeak(): number {
    return this.#ownedPeak;
  }

  /** Free frames that were used before, in the order in which they came back. */
  get returned(): readonly number[] {
    return this.#returned;
  }

  /** How many frames an owner has. */
  countOf(owner: number): number {
    return this.#counts[owner]!;
  }

  /** The owners that are counted frames; one of whom more came back than went out is counted less than none. */
  owners(): readonly number[] {
    return indicesWhere(this.#counts, (count) => count !== 0);
  }

  /** The frames that have an owner. */
  owned(): readonly number[] {
    return indicesWhere(this.#owners, (owner) => owner !== NOBODY);
  }

  ownerOf(frame: number): number | undefined {
    const owner = this.#owners[frame];
    return owner === NOBODY ? undefined : owner;
  }

  typeOf(frame: number): FrameType {
    if (this.#owners[frame] === NOBODY) return 'free';
    return this.#isTable[frame] === 1 ? 'table' : 'data';
  }

  /** The address of the page that lies in a frame of data. */
  addressOf(frame: number): number {
    return this.#addresses[frame]!;
  }

  /** Whether a free frame has yet to be zeroed. */
  isSoiled(frame: number): boolean {
    return this.#isSoiled[frame] === 1;
  }

  /** @returns A frame for the page at an address, zeroed, or null when there is none. */
  allocateData(owner: number, address: number): number | null {
    const frame = this.#allocate(owner, 'data');
    if (frame !== null) this.#addresses[frame] = address;
    return frame;
  }

  /** Takes back a frame that nothing leads to any more. */
  free(frame: number): void {
    const owner = this.#owners[frame] ?? NOBODY;
    assert(owner !== NOBODY, 'a frame that is freed has an owner');
    this.#watcher?.freed(frame);
    this.#isSoiled[frame] = Number(this.#isTable[frame] === 0);
    this.#owners[frame] = NOBODY;
    this.#returned.push(frame);
    this.#counts[owner]! -= 1;
  }

  /** Where the page table of an owner takes its tables from. */
  tablesOf(owner: number): FrameSource {
    return {
      allocate: () => this.#allocate(owner, 'table'),
      free: (frame) => {
        assert(this.typeOf(frame) === 'table', 'a page table gives back tables');
        this.free(frame);
      },
    };
  }

  #allocate(owner: number, type: 'table' | 'data'): number | null {
    const frame = this.#returned.pop() ?? this.#unused;
    if (frame === this.totalCount) return null;
    if (frame === this.#unused) this.#unused += 1;
    if (this.#isSoiled[frame] === 1) this.#memory.zeroFrame(frame);
    this.#isSoiled[frame] = 0;
    this.#owners[frame] = owner;
    this.#isTable[frame] = Number(type === 'table');
    this.#counts[owner]! += 1;
    this.#ownedPeak = Math.max(this.#ownedPeak, this.totalCount - this.freeCount);
    this.#watcher?.allocated(frame);
    return frame;
  }
}

function indicesWhere(values: Int32Array, isMeant: (value: number) => boolean): number[] {
  const indices: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (isMeant(values[index]!)) indices.push(index);
  }
  return indices;
}
