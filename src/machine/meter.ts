import type { FaultCause } from './page-fault.ts';

/** What the meter read at one moment: plain data. */
export interface MeterReading {
  readonly dataReads: number;
  readonly dataWrites: number;
  /** Entries read by walks, by level, root first. */
  readonly translationReads: readonly number[];
  /** Entries written by walks, to set accessed and dirty bits. */
  readonly translationWrites: number;
  readonly tlbHits: number;
  readonly tlbMisses: number;
  readonly tlbEvictions: number;
  /** Flush operations, whatever they emptied. */
  readonly tlbFlushes: number;
  readonly faults: Readonly<Record<FaultCause, number>>;
}

/** All reads of memory: for data and for translation. */
export function readsOf({
  dataReads,
  translationReads,
}: Pick<MeterReading, 'dataReads' | 'translationReads'>): number {
  return translationReads.reduce((sum, reads) => sum + reads, dataReads);
}

/** What was counted between two readings, the earlier one second. */
export function subtractReadings(a: MeterReading, b: MeterReading): MeterReading {
  return combine(a, b, (count, other) => count - other);
}

/** What was counted in two stretches together. */
export function addReadings(a: MeterReading, b: MeterReading): MeterReading {
  return combine(a, b, (count, other) => count + other);
}

/** Accesses that took a shortcut, since the machine was made: each is a data read or write and a hit. */
export interface ShortcutCounts {
  readonly loadsCount: number;
  readonly storesCount: number;
}

/**
 * What the machine did, in whole numbers. Counts have no weights: what they cost is for others to say.
 *
 * Each part of an access that lies on one page is one data read or write, and one hit or miss. An access that faults
 * counts its misses, its translation reads and the fault, and counts them again when it is tried again.
 */
export class Meter implements MeterReading {
  readonly #shortcuts: ShortcutCounts;
  /** What was counted there before the meter was last set to zero. */
  #loadsBefore = 0;
  #storesBefore = 0;
  /** Loads and stores that took no shortcut. */
  searchedReads = 0;
  searchedWrites = 0;
  searchedHits = 0;
  readonly translationReads: number[];
  translationWrites = 0;
  tlbMisses = 0;
  tlbEvictions = 0;
  tlbFlushes = 0;
  readonly faults: Record<FaultCause, number> = noFaults();

  constructor(levelsCount: number, shortcuts: ShortcutCounts) {
    this.#shortcuts = shortcuts;
    this.translationReads = Array<number>(levelsCount).fill(0);
  }

  get dataReads(): number {
    return this.#shortcutLoads + this.searchedReads;
  }

  get dataWrites(): number {
    return this.#shortcutStores + this.searchedWrites;
  }

  get tlbHits(): number {
    return this.#shortcutLoads + this.#shortcutStores + this.searchedHits;
  }

  get reads(): number {
    return readsOf(this);
  }

  /** A copy that later counting does not change. */
  read(): MeterReading {
    return {
      dataReads: this.dataReads,
      dataWrites: this.dataWrites,
      translationReads: [...this.translationReads],
      translationWrites: this.translationWrites,
      tlbHits: this.tlbHits,
      tlbMisses: this.tlbMisses,
      tlbEvictions: this.tlbEvictions,
      tlbFlushes: this.tlbFlushes,
      faults: { ...this.faults },
    };
  }

  reset(): void {
    this.#loadsBefore = this.#shortcuts.loadsCount;
    this.#storesBefore = this.#shortcuts.storesCount;
    this.searchedReads = 0;
    this.searchedWrites = 0;
    this.searchedHits = 0;
    this.translationReads.fill(0);
    this.translationWrites = 0;
    this.tlbMisses = 0;
    this.tlbEvictions = 0;
    this.tlbFlushes = 0;
    Object.assign(this.faults, noFaults());
  }

  get #shortcutLoads(): number {
    return this.#shortcuts.loadsCount - this.#loadsBefore;
  }

  get #shortcutStores(): number {
    return this.#shortcuts.storesCount - this.#storesBefore;
  }
}

function combine(
  a: MeterReading,
  b: MeterReading,
  of: (count: number, other: number) => number,
): MeterReading {
  return {
    dataReads: of(a.dataReads, b.dataReads),
    dataWrites: of(a.dataWrites, b.dataWrites),
    translationReads: a.translationReads.map((reads, level) =>
      of(reads, b.translationReads[level]!),
    ),
    translationWrites: of(a.translationWrites, b.translationWrites),
    tlbHits: of(a.tlbHits, b.tlbHits),
    tlbMisses: of(a.tlbMisses, b.tlbMisses),
    tlbEvictions: of(a.tlbEvictions, b.tlbEvictions),
    tlbFlushes: of(a.tlbFlushes, b.tlbFlushes),
    faults: {
      'not-mapped': of(a.faults['not-mapped'], b.faults['not-mapped']),
      'read-only': of(a.faults['read-only'], b.faults['read-only']),
      'kernel-only': of(a.faults['kernel-only'], b.faults['kernel-only']),
      'reserved-bit': of(a.faults['reserved-bit'], b.faults['reserved-bit']),
      'non-canonical': of(a.faults['non-canonical'], b.faults['non-canonical']),
    },
  };
}

function noFaults(): Record<FaultCause, number> {
  return {
    'not-mapped': 0,
    'read-only': 0,
    'kernel-only': 0,
    'reserved-bit': 0,
    'non-canonical': 0,
  };
}
