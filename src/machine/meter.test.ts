import { expect, test } from 'vitest';
import { Meter } from './meter.ts';

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
