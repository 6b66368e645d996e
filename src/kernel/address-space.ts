import { roundDown, roundUp } from '../base/bits.ts';
import { Prng } from '../base/prng.ts';
import { encloses, formatRange, type Range } from '../base/range.ts';
import { UsageError } from '../base/usage-error.ts';
import type { AddressSpaceView } from '../machine/machine-state.ts';
import type { Mmu } from '../machine/mmu.ts';
import type { Access, FaultCause, FaultHandler } from '../machine/page-fault.ts';
import { USER, WRITABLE, type Mapping } from '../machine/page-table-entry.ts';
import { PageTable } from '../machine/page-table.ts';
import { SPACES_LIMIT } from '../machine/tlb.ts';
import { Areas, type Area, type Protection } from './areas.ts';
import type { Frames } from './frames.ts';
import { OutOfFrames } from './out-of-frames.ts';
import { findPlace, type Placement } from './placement.ts';
import { checkNumber, noCalls, type Refusal, type SystemCall } from './system-calls.ts';

/** From so many pages on, one flush of all is cheaper than one of each. Source: Linux, tlb_single_page_flush_ceiling. */
const FLUSHES_MAX = 33;
/** No table has this frame. */
const NO_ROOT = -1;

/** The page table's rights for each protection. */
export const RIGHTS_OF: Readonly<Record<Protection, number>> = {
  none: 0,
  read: USER,
  'read-write': USER | WRITABLE,
};

export interface AddressSpaceOptions {
  /** The address-space id, below 2^12, and the owner of its frames; no other live address space has it. Default 0. */
  readonly id?: number;
  /** Where areas go that may lie anywhere. Default `down`, as on Linux. */
  readonly placement?: Placement;
  /** For the placement `random`. */
  readonly seed?: number;
  /** Where the break may be; it starts at the start. Whole pages. Default: the second eighth of all addresses. */
  readonly breakRange?: Range;
  /** Where areas go that may lie anywhere. Whole pages. Default: all addresses behind the break's. */
  readonly mapRange?: Range;
  /** When a page gets its frame: when it is first touched, or when it is mapped, which then may be refused. */
  readonly frames?: 'on-touch' | 'on-map';
}

/** What a program asks of `mmap`. */
export interface MapRequest {
  /** Bytes; rounded up to whole pages. */
  readonly size: number;
  /** Where the area must start. Without it, anywhere. */
  readonly address?: number;
  /** Default `read-write`. */
  readonly protection?: Protection;
}

/**
 * One program's virtual memory: its areas, its page table and its break. All memory is private and anonymous; it reads
 * as zero when it is first touched, which is when a page gets its frame, unless frames come `on-map`.
 *
 * System calls follow Linux, but for `mmap` at an address: it never replaces what is mapped there (as
 * MAP_FIXED_NOREPLACE). A call that is refused changes nothing, and is counted all the same.
 *
 * Whatever takes rights away follows one order: unhook the pages, invalidate them in the TLB, free their frames. A
 * frame that was freed first could be handed out while the TLB still leads its old owner there. Tables that a call
 * leaves empty go back at once: the TLB leads to none, and nothing else remembers a walk.
 *
 * Source: Linux, "Cache and TLB Flushing Under Linux" (cachetlb.rst), and asm-generic/tlb.h.
 */
export class AddressSpace implements FaultHandler {
  readonly id: number;
  readonly table: PageTable;
  readonly areas = new Areas();
  readonly mapRange: Range;
  readonly breakRange: Range;
  /** Whether a page gets its frame when it is mapped, so that a map may be refused for want of one. */
  readonly mapsFrames: boolean;
  /** How often each system call was made. */
  readonly calls: Record<SystemCall, number> = noCalls();
  readonly #mmu: Mmu;
  readonly #frames: Frames;
  readonly #pageSize: number;
  readonly #limit: number;
  readonly #placement: Placement;
  readonly #prng: Prng;
  #break: number;

  private constructor(mmu: Mmu, frames: Frames, table: PageTable, options: AddressSpaceOptions) {
    this.#mmu = mmu;
    this.#frames = frames;
    this.table = table;
    this.#pageSize = mmu.geometry.pageSize;
    this.#limit = mmu.geometry.addressLimit;
    this.id = options.id ?? 0;
    this.#placement = options.placement ?? 'down';
    this.#prng = new Prng(options.seed ?? 0);
    this.mapsFrames = options.frames === 'on-map';
    const eighth = this.#limit / 8;
    this.breakRange = options.breakRange ?? { start: eighth, end: 2 * eighth };
    this.mapRange = options.mapRange ?? { start: this.breakRange.end, end: this.#limit };
    this.#break = this.breakRange.start;
  }

  /**
   * Makes an address space in which nothing is mapped.
   *
   * @returns Null when there is no frame for its root.
   * @throws {UsageError} An id that is taken, or ranges that are no whole pages of this machine.
   */
  static create(mmu: Mmu, frames: Frames, options: AddressSpaceOptions = {}): AddressSpace | null {
    checkOptions(mmu, frames, options);
    const table = PageTable.create(mmu.layout, frames.tablesOf(options.id ?? 0));
    return table === null ? null : new AddressSpace(mmu, frames, table, options);
  }

  /** Whether the machine's accesses go through this address space. */
  get isActive(): boolean {
    return this.#mmu.root === this.table.root;
  }

  /** The end of the memory that `brk` mapped. */
  get breakAddress(): number {
    return this.#break;
  }

  /**
   * What it is to the machine's invariants: the pages that should be mapped are those that frames are owned for.
   *
   * @param owned The frames that have an owner.
   */
  view(owned: readonly number[]): AddressSpaceView {
    const mappings = new Map<number, Mapping>();
    for (const frame of owned) {
      if (this.#frames.ownerOf(frame) !== this.id || this.#frames.typeOf(frame) !== 'data')
        continue;
      const address = this.#frames.addressOf(frame);
      const rights = RIGHTS_OF[this.areas.at(address)?.protection ?? 'none'];
      mappings.set(address, { frame, size: this.#pageSize, rights });
    }
    return { id: this.id, table: this.table, mappings };
  }

  /** Makes the machine's accesses go through this address space, and its faults come here. */
  activate(): void {
    this.#mmu.setRoot(this.table.root, this.id);
    this.#mmu.handler = this;
  }

  /** Maps whole pages that read as zero. @returns Their first address. */
  mmap({ address, protection = 'read-write', size }: MapRequest): number | Refusal {
    checkNumber('size', size);
    if (address !== undefined) checkNumber('address', address);
    this.calls.mmap += 1;
    if (size === 0) return 'EINVAL';
    if (size > this.#limit) return 'ENOMEM';
    const start = this.#placeOf(roundUp(size, this.#pageSize), address);
    if (typeof start !== 'number') return start;
    const range = { start, end: start + roundUp(size, this.#pageSize) };
    return this.#map(range, protection) ? start : 'ENOMEM';
  }

  /** Unmaps every page that has a byte of a range, where one is mapped. Areas that stick out keep their rest. */
  munmap(address: number, size: number): 'done' | Refusal {
    this.calls.munmap += 1;
    const range = this.#rangeOf(address, size);
    if (range === undefined) return 'EINVAL';
    this.#unmap(range);
    return 'done';
  }

  /** Gives every page that has a byte of a range another protection; all must be mapped. */
  protect(address: number, size: number, protection: Protection): 'done' | Refusal {
    this.calls.mprotect += 1;
    const range = this.#rangeOf(address, size);
    if (range === undefined) return 'EINVAL';
    if (!this.areas.cover(range)) return 'ENOMEM';
    this.areas.remove(range);
    this.areas.insert(range, protection);
    const rights = RIGHTS_OF[protection];
    const leaves = [...this.table.leaves(range)].filter((leaf) => leaf.rights !== rights);
    const changed = leaves.map((leaf) => leaf.address);
    for (const page of changed) this.table.protect(page, rights);
    this.#invalidate(changed);
    return 'done';
  }

  /** Moves the break, to any byte. @returns Where the break is then: if it is refused, where it was. */
  brk(address: number): number {
    checkNumber('address', address);
    this.#moveBreak(address);
    return this.#break;
  }

  /**
   * Moves the break by a number of bytes; 0 asks where it is, and is no system call.
   *
   * @returns Where the break was before.
   */
  sbrk(increment: number): number | Refusal {
    checkNumber('increment', increment, -Number.MAX_SAFE_INTEGER);
    const before = this.#break;
    if (increment === 0) return before;
    return this.#moveBreak(before + increment) ? before : 'ENOMEM';
  }

  /** Gives a page that was touched its frame, if the program may touch it. */
  resolve(address: number, access: Access, cause: FaultCause): boolean {
    const area = cause === 'not-mapped' ? this.areas.at(address) : undefined;
    if (area === undefined || !allows(area, access)) return false;
    const page = roundDown(address, this.#pageSize);
    if (!this.#hookUp(page, RIGHTS_OF[area.protection])) throw new OutOfFrames(address, access);
    return true;
  }

  /**
   * Writes words of 8 bytes into an area as the kernel does: past the TLB and whatever rights its pages have. Pages get
   * frames as if they were touched.
   *
   * @param address A multiple of 8.
   * @returns False when there is no frame for a page; then words before it are written.
   */
  plant(address: number, words: Float64Array): boolean {
    for (const [index, word] of words.entries()) {
      const at = address + 8 * index;
      const page = roundDown(at, this.#pageSize);
      const isThere =
        this.table.lookup(at) !== undefined || this.#hookUp(page, RIGHTS_OF['read-write']);
      if (!isThere) return false;
      const { frame } = this.table.lookup(at)!;
      this.#mmu.memory.store64(frame * this.#pageSize + at - page, word);
    }
    return true;
  }

  /** Gives everything back, the root as well. The address space is not used again; the machine forgets it. */
  release(): void {
    this.#unmap({ start: 0, end: this.#limit });
    if (this.#mmu.tlb.options.ids === 'on') this.#mmu.tlb.flushSpace(this.id);
    if (this.isActive) {
      this.#mmu.setRoot(NO_ROOT);
      this.#mmu.handler = undefined;
    }
    this.table.release();
  }

  #placeOf(size: number, address: number | undefined): number | Refusal {
    if (address === undefined) {
      const taken = this.areas.all();
      const [placement, prng, pageSize] = [this.#placement, this.#prng, this.#pageSize];
      const within = this.mapRange;
      return findPlace({ pageSize, placement, prng, size, taken, within }) ?? 'ENOMEM';
    }
    // Address 0 is null, so the first page is nobody's.
    if (address === 0 || address % this.#pageSize !== 0) return 'EINVAL';
    if (address + size > this.#limit) return 'ENOMEM';
    return this.areas.touches({ start: address, end: address + size }) ? 'EEXIST' : address;
  }

  /** The whole pages that a range has bytes of, or undefined: it has none, starts inside a page or ends too far. */
  #rangeOf(address: number, size: number): Range | undefined {
    checkNumber('address', address);
    checkNumber('size', size);
    if (address % this.#pageSize !== 0 || size === 0 || address + size > this.#limit)
      return undefined;
    return { start: address, end: address + roundUp(size, this.#pageSize) };
  }

  /** @returns False when the break cannot go there, and stays. */
  #moveBreak(address: number): boolean {
    this.calls.brk += 1;
    const isMapped = this.#mapTo(address);
    if (isMapped) this.#break = address;
    return isMapped;
  }

  /** Maps or unmaps the pages between the break and where it is to go. */
  #mapTo(address: number): boolean {
    const { end, start } = this.breakRange;
    if (address < start || address > end) return false;
    const from = roundUp(this.#break, this.#pageSize);
    const to = roundUp(address, this.#pageSize);
    if (to < from) this.#unmap({ start: to, end: from });
    if (to <= from) return true;
    const range = { start: from, end: to };
    return !this.areas.touches(range) && this.#map(range, 'read-write');
  }

  /** All or nothing. */
  #map(range: Range, protection: Protection): boolean {
    if (this.mapsFrames && !this.#hookUpAll(range, RIGHTS_OF[protection])) {
      this.#unmap(range);
      return false;
    }
    this.areas.insert(range, protection);
    return true;
  }

  /** Gives every page of a range a frame. @returns False when they ran out, where those before keep theirs. */
  #hookUpAll({ end, start }: Range, rights: number): boolean {
    for (let page = start; page < end; page += this.#pageSize) {
      if (!this.#hookUp(page, rights)) return false;
    }
    return true;
  }

  /** Gives a page a frame. @returns False when there is none for it or for its tables. */
  #hookUp(page: number, rights: number): boolean {
    const frame = this.#frames.allocateData(this.id, page);
    if (frame === null) return false;
    const result = this.table.map(page, { frame, size: this.#pageSize, rights });
    if (result !== 'mapped') this.#frames.free(frame);
    return result === 'mapped';
  }

  #unmap(range: Range): void {
    this.areas.remove(range);
    const unhooked = this.table.unmapRange(range);
    this.#invalidate(unhooked.addresses);
    for (const frame of unhooked.frames) this.#frames.free(frame);
  }

  /** Empties the TLB of pages that are gone or have other rights. Without ids it has none but the active space's. */
  #invalidate(pages: readonly number[]): void {
    const { tlb } = this.#mmu;
    const hasIds = tlb.options.ids === 'on';
    if (pages.length === 0 || !(hasIds || this.isActive)) return;
    if (pages.length <= FLUSHES_MAX) {
      for (const page of pages) tlb.flushPage(page, hasIds ? this.id : 0);
    } else if (hasIds) {
      tlb.flushSpace(this.id);
    } else {
      tlb.flushAll();
    }
  }
}

function allows({ protection }: Area, access: Access): boolean {
  return protection === 'read-write' || (protection === 'read' && access === 'load');
}

function checkOptions(mmu: Mmu, frames: Frames, options: AddressSpaceOptions): void {
  const { breakRange, id = 0, mapRange } = options;
  const { addressLimit, pageSize } = mmu.geometry;
  if (!(Number.isInteger(id) && id >= 0 && id < SPACES_LIMIT))
    throw new UsageError(`id: got ${id}; pass a whole number from 0 to ${SPACES_LIMIT - 1}.`);
  if (frames.countOf(id) > 0)
    throw new UsageError(
      `id: ${id} is the id of another address space; pass one that is free, or release that one first.`,
    );
  const all = { start: pageSize, end: addressLimit };
  for (const [name, range] of Object.entries({ breakRange, mapRange })) {
    if (range === undefined) continue;
    const isWhole = range.start % pageSize === 0 && range.end % pageSize === 0;
    if (isWhole && range.start <= range.end && encloses(all, range)) continue;
    throw new UsageError(
      `${name}: got ${formatRange(range)}; pass whole pages of ${pageSize} bytes in ${formatRange(all)}.`,
    );
  }
}
