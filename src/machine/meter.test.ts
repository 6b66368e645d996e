import { expect, test } from 'vitest';
import { addReadings, Meter, type MeterReading, subtractReadings } from './meter.ts';

test('a shortcut is a hit and a data access, and a reading does not change with the meter', () => {
  const shortcuts = { loadsCount: 0, storesCount: 0 };
  const meter = new Meter(2, shortcuts);
  shortcuts.loadsCount = 3;
  shortcuts.storesCount = 4;
  meter.searchedReads = 10;
  meter.searchedWrites = 20;
  meter.searchedHits = 100;
  meter.translationReads[1] = 5;
  meter.faults['read-only'] = 1;
  const reading = meter.read();
  expect(reading).toMatchObject({
    dataReads: 13,
    dataWrites: 24,
    tlbHits: 107,
    translationReads: [0, 5],
  });
  expect(meter.reads).toBe(18);
  meter.reset();
  expect(meter.read()).toEqual(new Meter(2, { loadsCount: 0, storesCount: 0 }).read());
  shortcuts.loadsCount += 2;
  expect([meter.dataReads, meter.dataWrites, meter.tlbHits]).toEqual([2, 0, 2]);
  expect(reading).toMatchObject({ translationReads: [0, 5], faults: { 'read-only': 1 } });
});

/** A reading of which each count is one more than the one before it. */
const reading = (first: number): MeterReading => ({
  dataReads: first,
  dataWrites: first + 1,
  translationReads: [first + 2, first + 3],
  translationWrites: first + 4,
  tlbHits: first + 5,
  tlbMisses: first + 6,
  tlbEvictions: first + 7,
  tlbFlushes: first + 8,
  faults: {
    'not-mapped': first + 9,
    'read-only': first + 10,
    'kernel-only': first + 11,
    'reserved-bit': first + 12,
    'non-canonical': first + 13,
  },
});

test('readings are added and subtracted count by count', () => {
  const sum = addReadings(reading(100), reading(20));
  expect(sum.faults).toEqual({
    'not-mapped': 138,
    'read-only': 140,
    'kernel-only': 142,
    'reserved-bit': 144,
    'non-canonical': 146,
  });
  expect([sum.dataReads, sum.dataWrites, sum.translationReads, sum.tlbFlushes]).toEqual([
    120,
    122,
    [124, 126],
    136,
  ]);
  expect(subtractReadings(sum, reading(20))).toEqual(reading(100));
});
