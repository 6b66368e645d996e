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

/**
 * What the machine did, in whole numbers. Counts have no weights: what they cost is for others to say.
 *
 * Each part of an access that lies on one page is one data read or write, and one hit or miss. An access that faults
 * counts its misses, its translation reads and the fault, and counts them again when it is tried again.
 */
export class Meter implements MeterReading {
  /** Loads and stores that took a shortcut: each is a data read or write and a hit, counted once for speed. */
  shortcutLoads = 0;
  shortcutStores = 0;
  /** Those that did not. */
  searchedReads = 0;
  searchedWrites = 0;
  searchedHits = 0;
  readonly translationReads: number[];
  translationWrites = 0;
  tlbMisses = 0;
  tlbEvictions = 0;
  tlbFlushes = 0;
  readonly faults: Record<FaultCause, number> = noFaults();

  constructor(levelsCount: number) {
    this.translationReads = Array<number>(levelsCount).fill(0);
  }

  get dataReads(): number {
    return this.shortcutLoads + this.searchedReads;
  }

  get dataWrites(): number {
    return this.shortcutStores + this.searchedWrites;
  }

  get tlbHits(): number {
    return this.shortcutLoads + this.shortcutStores + this.searchedHits;
  }

  /** All reads of memory: for data and for translation. */
  get reads(): number {
    return this.translationReads.reduce((sum, reads) => sum + reads, this.dataReads);
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
    this.shortcutLoads = 0;
    this.shortcutStores = 0;
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
