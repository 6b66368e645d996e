import { assert, KitBug } from '../base/kit-bug.ts';
import { checkGeometry, type Geometry } from './geometry.ts';
import type { Meter } from './meter.ts';
import { PageFault, type Access, type FaultCause, type FaultHandler } from './page-fault.ts';
import { DIRTY, USER, WRITABLE } from './page-table-entry.ts';
import { PageWalk } from './page-walk.ts';
import { PhysicalMemory } from './physical-memory.ts';
import type { Shortcuts } from './shortcuts.ts';
import { TableLayout } from './table-layout.ts';
import { Tlb, type TlbOptions, type TlbWatcher } from './tlb.ts';

/** How often one access may fault and be mended: a handler maps the page, and then may have to make it writable. */
const FAULTS_MAX = 4;
const NONE = -1;

export interface MmuOptions {
  readonly geometry: Geometry;
  readonly memory: PhysicalMemory;
  readonly tlb?: Partial<TlbOptions>;
  /** Sees every translation that is used, which costs the speed of hits. */
  readonly watcher?: TlbWatcher;
}

export type Mode = 'user' | 'kernel';

/**
 * The memory management unit: every load and store of the simulated program goes through here, by virtual address.
 *
 * A translation comes from the TLB or from a walk of the tables under the root. A walk sets the accessed bits on its
 * way, and the first store to a page its dirty bit: if the TLB has the page from a load, that store walks once more. An
 * access that the tables do not grant is a fault; the handler may mend it, and the access is tried again from the start.
 *
 * Addresses are whole numbers. An access of several bytes may lie anywhere; where it crosses into another page, both
 * pages are translated before a byte is moved, and it counts as one access to each.
 *
 * Source: Intel SDM, volume 3, "Paging"; there, too, kernel mode respects read-only pages (CR0.WP).
 */
export class Mmu {
  readonly geometry: Geometry;
  readonly memory: PhysicalMemory;
  readonly layout: TableLayout;
  readonly meter: Meter;
  readonly tlb: Tlb;
  mode: Mode = 'user';
  /** Who mends faults, if anyone does. */
  handler: FaultHandler | undefined;
  readonly #watcher: TlbWatcher | undefined;
  readonly #shortcuts: Shortcuts;
  readonly #walk: PageWalk;
  readonly #pageSize: number;
  readonly #pagesPerByte: number;
  /** Where the bytes of an access meet that may lie on two pages. */
  readonly #scratch = new PhysicalMemory({ frameSize: 8, framesCount: 1 });
  /** Bytes on the first page of the access reached last, and where its parts lie in physical memory. */
  #firstSize = 0;
  #firstAt = 0;
  #nextAt = 0;
  #root = NONE;
  #rootSetAt = 0;
  #cause: FaultCause = 'not-mapped';

  /** @throws {UsageError} No machine can be built so. */
  constructor({ geometry, memory, tlb = {}, watcher }: MmuOptions) {
    checkGeometry(geometry);
    assert(memory.frameSize === geometry.pageSize, 'a frame holds a page');
    this.geometry = geometry;
    this.memory = memory;
    this.layout = new TableLayout(geometry, memory);
    this.tlb = new Tlb(tlb, { layout: this.layout, watcher });
    this.meter = this.tlb.meter;
    this.#shortcuts = this.tlb.shortcuts;
    this.#watcher = watcher;
    this.#walk = new PageWalk(this.layout);
    this.#pageSize = geometry.pageSize;
    this.#pagesPerByte = 1 / geometry.pageSize;
  }

  /** The frame of the root table, or -1 before there is one. */
  get root(): number {
    return this.#root;
  }

  /** The TLB's clock when the root was set. */
  get rootSetAt(): number {
    return this.#rootSetAt;
  }

  /**
   * Walks from another root from now on. Without address-space ids this empties the TLB; with them the TLB keeps its
   * entries, and uses those of `space`.
   *
   * @param space The id; without ids it means nothing.
   */
  setRoot(root: number, space = 0): void {
    this.#root = root;
    if (this.tlb.options.ids === 'on') this.tlb.useSpace(space);
    else this.tlb.flushAll();
    this.#rootSetAt = this.tlb.clock;
  }

  load8(address: number): number {
    const at = this.#shortcuts.load(address, 1);
    return at === NONE ? this.#gather(address, 1).load8(0) : this.memory.load8(at);
  }

  load16(address: number): number {
    const at = this.#shortcuts.load(address, 2);
    return at === NONE ? this.#gather(address, 2).load16(0) : this.memory.load16(at);
  }

  load32(address: number): number {
    const at = this.#shortcuts.load(address, 4);
    return at === NONE ? this.#gather(address, 4).load32(0) : this.memory.load32(at);
  }

  /** @returns The value in 8 bytes; exact below 2^53. */
  load64(address: number): number {
    const at = this.#shortcuts.load(address, 8);
    return at === NONE ? this.#gather(address, 8).load64(0) : this.memory.load64(at);
  }

  loadDouble(address: number): number {
    const at = this.#shortcuts.load(address, 8);
    return at === NONE ? this.#gather(address, 8).loadDouble(0) : this.memory.loadDouble(at);
  }

  store8(address: number, value: number): void {
    const at = this.#shortcuts.store(address, 1);
    if (at !== NONE) return this.memory.store8(at, value);
    this.#reach(address, 1, 'store');
    this.#scratch.store8(0, value);
    this.#scatter(1);
  }

  store16(address: number, value: number): void {
    const at = this.#shortcuts.store(address, 2);
    if (at !== NONE) return this.memory.store16(at, value);
    this.#reach(address, 2, 'store');
    this.#scratch.store16(0, value);
    this.#scatter(2);
  }

  store32(address: number, value: number): void {
    const at = this.#shortcuts.store(address, 4);
    if (at !== NONE) return this.memory.store32(at, value);
    this.#reach(address, 4, 'store');
    this.#scratch.store32(0, value);
    this.#scatter(4);
  }

  /** @param value 0 ≤ value < 2^53. */
  store64(address: number, value: number): void {
    const at = this.#shortcuts.store(address, 8);
    if (at !== NONE) return this.memory.store64(at, value);
    this.#reach(address, 8, 'store');
    this.#scratch.store64(0, value);
    this.#scatter(8);
  }

  storeDouble(address: number, value: number): void {
    const at = this.#shortcuts.store(address, 8);
    if (at !== NONE) return this.memory.storeDouble(at, value);
    this.#reach(address, 8, 'store');
    this.#scratch.storeDouble(0, value);
    this.#scatter(8);
  }

  /**
   * Copies `size` bytes between ranges that do not overlap, in runs that end where a page does. A run is one lookup for
   * each side, and one data read and one write for every 8 bytes. On a fault the runs before it are done.
   */
  copy(target: number, source: number, size: number): void {
    for (let done = 0; done < size;) {
      const run = Math.min(
        size - done,
        this.#restOfPage(target + done),
        this.#restOfPage(source + done),
      );
      const from = this.translate(source + done, 'load');
      const to = this.translate(target + done, 'store');
      this.meter.searchedReads += Math.ceil(run / 8);
      this.meter.searchedWrites += Math.ceil(run / 8);
      this.memory.copy(to, from, run);
      done += run;
    }
  }

  /** Zeroes `size` bytes, in runs as `copy`. */
  zero(address: number, size: number): void {
    for (let done = 0; done < size;) {
      const run = Math.min(size - done, this.#restOfPage(address + done));
      const at = this.translate(address + done, 'store');
      this.meter.searchedWrites += Math.ceil(run / 8);
      this.memory.zero(at, run);
      done += run;
    }
  }

  /**
   * Translates a virtual address: first the TLB, on a miss the page table.
   *
   * @param access What the program is about to do there.
   * @returns The physical address.
   * @throws {PageFault} The tables do not grant the access, and nobody mended that. Nothing was kept in the TLB.
   */
  translate(address: number, access: Access): number {
    for (let faultsCount = 0; faultsCount < FAULTS_MAX; faultsCount += 1) {
      const physical = this.#attempt(address, access);
      if (physical !== NONE) return physical;
      const cause = this.#cause;
      this.meter.faults[cause] += 1;
      const isMended = this.handler?.resolve(address, access, cause) ?? false;
      if (!isMended) throw new PageFault({ address, access, cause, pageSize: this.#pageSize });
    }
    throw new KitBug('a fault that is mended does not come back');
  }

  /** Loads bytes that may lie on two pages. @returns The scratch memory, where they start at 0. */
  #gather(address: number, size: number): PhysicalMemory {
    this.#reach(address, size, 'load');
    for (let index = 0; index < size; index += 1) {
      this.#scratch.store8(index, this.memory.load8(this.#reachedAt(index)));
    }
    return this.#scratch;
  }

  /** Stores the first bytes of the scratch memory to where `#reach` led. */
  #scatter(size: number): void {
    for (let index = 0; index < size; index += 1) {
      this.memory.store8(this.#reachedAt(index), this.#scratch.load8(index));
    }
  }

  /**
   * Translates bytes that may lie on two pages, and counts the access. Only then may the scratch memory be filled:
   * whoever mends a fault may load and store as well.
   */
  #reach(address: number, size: number, access: Access): void {
    const first = Math.min(size, this.#restOfPage(address));
    const at = this.translate(address, access);
    const next = first < size ? this.translate(address + first, access) : at;
    const pagesCount = first < size ? 2 : 1;
    if (access === 'load') this.meter.searchedReads += pagesCount;
    else this.meter.searchedWrites += pagesCount;
    this.#firstSize = first;
    this.#firstAt = at;
    this.#nextAt = next;
  }

  /** Where a byte of the access lies that was reached last. */
  #reachedAt(index: number): number {
    return index < this.#firstSize ? this.#firstAt + index : this.#nextAt + index - this.#firstSize;
  }

  /** Bytes from an address to the end of its page. */
  #restOfPage(address: number): number {
    return (Math.floor(address * this.#pagesPerByte) + 1) * this.#pageSize - address;
  }

  /** One try. @returns The physical address, or -1 with the reason in `#cause`. */
  #attempt(address: number, access: Access): number {
    if (!(address >= 0 && address < this.geometry.addressLimit))
      return this.#refuse('non-canonical');
    const found = this.tlb.find(address);
    if (found === NONE) return this.#fill(address, access, NONE);
    const flags = this.tlb.flagsAt(found);
    const denial = this.#denialOf(flags, access);
    if (denial !== undefined) return this.#refuse(denial);
    if (access === 'store' && (flags & DIRTY) === 0) return this.#fill(address, access, found);
    return this.#use(address, access, this.tlb.physicalAt(found, address), found);
  }

  /** Walks the tables, sets the bits that the access sets, and keeps the translation, in the slot that is known. */
  #fill(address: number, access: Access, known: number): number {
    assert(this.#root !== NONE, 'a machine has a root before it translates');
    const walk = this.#walk;
    const cause = walk.walk(this.#root, address);
    for (let level = 0; level <= walk.level; level += 1) this.meter.translationReads[level]! += 1;
    const denial = cause ?? this.#denialOf(walk.rights, access);
    if (denial !== undefined) return this.#refuse(denial);
    this.meter.translationWrites += walk.mark(access === 'store' ? DIRTY : 0);
    const slot = this.tlb.insert(address, walk, known);
    return this.#use(address, access, walk.physicalOf(address), slot);
  }

  #use(address: number, access: Access, physical: number, slot: number): number {
    if (slot !== NONE) {
      const start = Math.floor(address * this.#pagesPerByte) * this.#pageSize;
      this.tlb.shorten(start, slot, physical - (address - start));
    }
    this.#watcher?.used({ space: this.tlb.space, root: this.#root, address, access, physical });
    return physical;
  }

  #denialOf(rights: number, access: Access): FaultCause | undefined {
    if (this.mode === 'user' && (rights & USER) === 0) return 'kernel-only';
    return access === 'store' && (rights & WRITABLE) === 0 ? 'read-only' : undefined;
  }

  #refuse(cause: FaultCause): number {
    this.#cause = cause;
    return NONE;
  }
}
