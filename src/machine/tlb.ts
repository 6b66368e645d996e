import { assert } from '../base/kit-bug.ts';
import { Prng } from '../base/prng.ts';
import { UsageError } from '../base/usage-error.ts';
import { Meter } from './meter.ts';
import type { Access } from './page-fault.ts';
import { DIRTY, RIGHTS, USER, WRITABLE } from './page-table-entry.ts';
import { Shortcuts } from './shortcuts.ts';
import type { TableLayout } from './table-layout.ts';

/** Address-space ids are below this, as the PCIDs of x86-64 are. */
export const SPACES_LIMIT = 2 ** 12;

export interface TlbOptions {
  readonly sets: number;
  /** Entries a set. 0 is a machine without a TLB, on which every lookup misses. */
  readonly ways: number;
  /** Which entry of a full set goes: the one unused for longest, the oldest, or any. */
  readonly policy: 'lru' | 'fifo' | 'random';
  /** Whether entries are tagged with an address-space id, so that a new root need not flush. */
  readonly ids: 'on' | 'off';
  /** For the policy `random`. */
  readonly seed: number;
  /** Whether hits may skip the search. Nothing but the speed depends on it. */
  readonly shortcuts: 'on' | 'off';
}

/** 64 entries in 16 sets, the size of a first-level data TLB. */
const DEFAULT_TLB: TlbOptions = {
  sets: 16,
  ways: 4,
  policy: 'lru',
  ids: 'off',
  seed: 0,
  shortcuts: 'on',
};

/** What a walk found, as far as the TLB keeps it. */
export interface Translation {
  /** The level of the leaf. */
  readonly level: number;
  /** The first byte of the frame, a physical address. */
  readonly base: number;
  readonly rights: number;
  /** DIRTY or 0: whether a store needs no walk to set the bit. */
  readonly dirty: number;
}

/** One entry, for whoever looks on. */
export interface TlbEntry extends Translation {
  /** The address-space id; 0 without ids. */
  readonly space: number;
  /** The first address that it translates. */
  readonly address: number;
  readonly size: number;
  readonly set: number;
  readonly way: number;
  /** When it came in, by the TLB's clock. */
  readonly insertedAt: number;
}

/** One translation that an access used. */
export interface TlbUse {
  readonly space: number;
  readonly root: number;
  readonly address: number;
  readonly access: Access;
  readonly physical: number;
}

/** Whoever sees each translation that is used and each flush. A port of the machine. */
export interface TlbWatcher {
  used(use: TlbUse): void;
  flushedAll(): void;
  flushedPage(address: number, space: number): void;
  flushedSpace(space: number): void;
}

/** What a TLB is part of. */
export interface TlbSurroundings {
  readonly layout: TableLayout;
  readonly watcher: TlbWatcher | undefined;
}

const NONE = -1;

/**
 * The translation lookaside buffer: translations that walks found, kept in `sets` of `ways` entries.
 *
 *     set    way 0    way 1    way 2    way 3
 *     0      ┌────────┬────────┬────────┬────────┐
 *     1      │ entry  │ entry  │        │        │    a page belongs in set (page number mod sets)
 *     …      └────────┴────────┴────────┴────────┘
 *
 * Page and large page each belong in the set that their own number names. A translation that is not present is never
 * kept, and no entry is global: each belongs to one address space.
 *
 * It agrees with the page tables only as long as whoever changes them flushes.
 */
export class Tlb {
  readonly options: TlbOptions;
  /** The machine's: hits and misses are most of what it counts. */
  readonly meter: Meter;
  readonly #layout: TableLayout;
  readonly #watcher: TlbWatcher | undefined;
  /** The way around `find` for what was found before. */
  readonly shortcuts: Shortcuts;
  readonly #pageSize: number;
  readonly #usesShortcuts: boolean;
  readonly #prng: Prng;
  readonly #pagesLimit: number;
  /** The levels that have leaves, the last first. */
  readonly #leafLevels: readonly number[];
  /** By slot, which is set · ways + way: id, level and page number in one, or NONE. */
  readonly #tags: Float64Array;
  readonly #levels: Uint8Array;
  readonly #bases: Int32Array;
  readonly #flags: Uint8Array;
  readonly #insertedAt: Float64Array;
  #space = 0;

  /** @throws {UsageError} No TLB can be built so. */
  constructor(options: Partial<TlbOptions>, { layout, watcher }: TlbSurroundings) {
    this.options = checkedOptions({ ...DEFAULT_TLB, ...options });
    this.#layout = layout;
    this.#watcher = watcher;
    this.#usesShortcuts = this.options.shortcuts === 'on' && watcher === undefined;
    this.#prng = new Prng(this.options.seed);
    const { addressLimit, largeLevels, pageSize } = layout.geometry;
    this.#pageSize = pageSize;
    this.#pagesLimit = addressLimit / pageSize;
    this.#leafLevels = [layout.lastLevel, ...largeLevels];
    const slotsCount = this.options.sets * this.options.ways;
    this.shortcuts = new Shortcuts(pageSize, slotsCount);
    this.meter = new Meter(layout.spans.length, this.shortcuts);
    this.#tags = new Float64Array(slotsCount).fill(NONE);
    this.#levels = new Uint8Array(slotsCount);
    this.#bases = new Int32Array(slotsCount);
    this.#flags = new Uint8Array(slotsCount);
    this.#insertedAt = new Float64Array(slotsCount);
  }

  /** The address-space id that lookups use; 0 without ids. */
  get space(): number {
    return this.#space;
  }

  /** Counts lookups: what happened later has a higher number. */
  get clock(): number {
    return this.shortcuts.clock;
  }

  /** Looks addresses up in another address space from now on. Flushes nothing. */
  useSpace(space: number): void {
    assert(
      Number.isInteger(space) && space >= 0 && space < SPACES_LIMIT,
      'an address-space id has 12 bits',
    );
    this.#space = space;
    this.shortcuts.clear();
  }

  /** Looks an address up, and counts the hit or miss. @returns The slot of its entry, or -1. */
  find(address: number): number {
    this.shortcuts.searched();
    for (const level of this.#leafLevels) {
      const slot = this.#slotOf(this.#layout.pageNumber(address, level), level, this.#space);
      if (slot === NONE) continue;
      this.shortcuts.usedAt[slot] = this.shortcuts.clock;
      this.meter.searchedHits += 1;
      return slot;
    }
    this.meter.tlbMisses += 1;
    return NONE;
  }

  /** WRITABLE, USER and DIRTY, as the entry has them. */
  flagsAt(slot: number): number {
    return this.#flags[slot]!;
  }

  /** The physical address to which the entry in a slot translates an address of its page. */
  physicalAt(slot: number, address: number): number {
    const level = this.#levels[slot]!;
    const start = this.#layout.pageNumber(address, level) * this.#layout.spans[level]!;
    return this.#bases[slot]! + address - start;
  }

  /**
   * Keeps what a walk found for an address: in an empty way, or in that of an entry that has to go.
   *
   * @param known The slot that has the page already, as `find` said, or -1.
   * @returns The slot, or -1 in a TLB without entries.
   */
  insert(address: number, translation: Translation, known: number = NONE): number {
    if (this.#tags.length === 0) return NONE;
    const slot = known === NONE ? this.#claim(address, translation.level) : known;
    this.#bases[slot] = translation.base;
    this.#flags[slot] = translation.rights | translation.dirty;
    return slot;
  }

  /**
   * Lets the next hit on a page skip the search, where that cannot be told but by the time it takes.
   *
   * @param start The first address of the page.
   * @param base Where its frame starts.
   */
  shorten(start: number, slot: number, base: number): void {
    const flags = this.#flags[slot]!;
    if (!this.#usesShortcuts || (flags & USER) === 0) return;
    const isStorable = (flags & WRITABLE) !== 0 && (flags & DIRTY) !== 0;
    this.shortcuts.add({ start, slot, base, allows: isStorable ? 'load-and-store' : 'load' });
  }

  flushAll(): void {
    this.meter.tlbFlushes += 1;
    this.#tags.fill(NONE);
    this.shortcuts.clear();
    this.#watcher?.flushedAll();
  }

  /** Empties every entry that translates an address in an address space. */
  flushPage(address: number, space: number = this.#space): void {
    this.meter.tlbFlushes += 1;
    for (const level of this.#leafLevels) {
      const slot = this.#slotOf(this.#layout.pageNumber(address, level), level, space);
      if (slot !== NONE) this.#empty(slot);
    }
    this.#watcher?.flushedPage(address, space);
  }

  flushSpace(space: number): void {
    this.meter.tlbFlushes += 1;
    for (const entry of this.entries()) {
      if (entry.space === space) this.#empty(entry.set * this.options.ways + entry.way);
    }
    this.#watcher?.flushedSpace(space);
  }

  /** What it holds, by set and way. */
  entries(): readonly TlbEntry[] {
    return [...this.#tags.keys()]
      .filter((slot) => this.#tags[slot] !== NONE)
      .map((slot) => this.#entryAt(slot));
  }

  #tagOf(number: number, level: number, space: number): number {
    return (space * this.#layout.spans.length + level) * this.#pagesLimit + number;
  }

  /** The first slot of the set in which a page belongs. */
  #firstSlot(number: number): number {
    const { sets, ways } = this.options;
    return (number - Math.floor(number / sets) * sets) * ways;
  }

  #slotOf(number: number, level: number, space: number): number {
    const tag = this.#tagOf(number, level, space);
    const first = this.#firstSlot(number);
    for (let slot = first; slot < first + this.options.ways; slot += 1) {
      if (this.#tags[slot] === tag) return slot;
    }
    return NONE;
  }

  /** Gives a page a slot of its set. */
  #claim(address: number, level: number): number {
    const number = this.#layout.pageNumber(address, level);
    const slot = this.#freeSlot(this.#firstSlot(number));
    this.#tags[slot] = this.#tagOf(number, level, this.#space);
    this.#levels[slot] = level;
    this.#insertedAt[slot] = this.shortcuts.clock;
    this.shortcuts.usedAt[slot] = this.shortcuts.clock;
    return slot;
  }

  /** An empty slot of a set; if there is none, one that has just lost its entry. */
  #freeSlot(first: number): number {
    const end = first + this.options.ways;
    for (let slot = first; slot < end; slot += 1) {
      if (this.#tags[slot] === NONE) return slot;
    }
    const victim = this.#victim(first, end);
    this.meter.tlbEvictions += 1;
    this.#empty(victim);
    return victim;
  }

  #victim(first: number, end: number): number {
    const { policy, ways } = this.options;
    if (policy === 'random') return first + this.#prng.below(ways);
    const times = policy === 'lru' ? this.shortcuts.usedAt : this.#insertedAt;
    let victim = first;
    for (let slot = first + 1; slot < end; slot += 1) {
      if (times[slot]! < times[victim]!) victim = slot;
    }
    return victim;
  }

  #empty(slot: number): void {
    if (this.#levels[slot] === this.#layout.lastLevel) {
      this.shortcuts.dropPage(this.#numberAt(slot) * this.#pageSize);
    } else {
      this.shortcuts.dropSlot(slot);
    }
    this.#tags[slot] = NONE;
  }

  #numberAt(slot: number): number {
    const tag = this.#tags[slot]!;
    return tag - Math.floor(tag / this.#pagesLimit) * this.#pagesLimit;
  }

  #entryAt(slot: number): TlbEntry {
    const level = this.#levels[slot]!;
    const size = this.#layout.spans[level]!;
    const { ways } = this.options;
    return {
      space: Math.floor(this.#tags[slot]! / this.#pagesLimit / this.#layout.spans.length),
      address: this.#numberAt(slot) * size,
      size,
      level,
      base: this.#bases[slot]!,
      rights: this.#flags[slot]! & RIGHTS,
      dirty: this.#flags[slot]! & DIRTY,
      set: Math.floor(slot / ways),
      way: slot % ways,
      insertedAt: this.#insertedAt[slot]!,
    };
  }
}

function checkedOptions(options: TlbOptions): TlbOptions {
  const { sets, ways } = options;
  if (!(Number.isInteger(sets) && sets > 0 && Number.isInteger(ways) && ways >= 0)) {
    throw new UsageError(`tlb: got ${sets} sets of ${ways} ways; pass at least 1 set and 0 ways.`);
  }
  return options;
}
