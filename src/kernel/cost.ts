import { type MeterReading, readsOf } from '../machine/meter.ts';

/** What one of each costs, in memory accesses that hit a cache. */
export interface Weights {
  /** A read or write, of data or of a page table's entry. */
  readonly access: number;
  readonly fault: number;
  readonly call: number;
}

/**
 * Orders of magnitude of a present machine, not a measurement of one: an access is about a nanosecond, a system call
 * some hundred, and a fault, which finds and clears a page, about twice as much again.
 */
export const WEIGHTS: Weights = { access: 1, fault: 500, call: 250 };

/** What a program cost, by what for, in the unit of the weights. */
export interface Cost {
  readonly accesses: number;
  readonly faults: number;
  readonly calls: number;
  readonly total: number;
}

/** Turns counts into a cost. */
export function costOf(
  meter: MeterReading,
  systemCalls: Readonly<Record<string, number>>,
  weights: Weights = WEIGHTS,
): Cost {
  const { dataWrites, translationWrites } = meter;
  const accesses = weights.access * (readsOf(meter) + dataWrites + translationWrites);
  const faults = weights.fault * sumOf(Object.values(meter.faults));
  const calls = weights.call * sumOf(Object.values(systemCalls));
  return { accesses, faults, calls, total: accesses + faults + calls };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
