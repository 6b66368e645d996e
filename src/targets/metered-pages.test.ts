import { expect, test } from 'vitest';
import { noCalls } from '../kernel/system-calls.ts';
import { parseProgram } from '../program/text.ts';
import { type BareMachineOptions, meteredPages, type MeteredPages } from './metered-pages.ts';

function run(text: string, options?: BareMachineOptions): MeteredPages {
  const lines = text.replaceAll('; ', '\n');
  return meteredPages(parseProgram(`heapcheck program 1\n${lines}\n`, 'test').program, options);
}

/*
 * By hand. The first store's walk ends at the empty root (1 read) and faults; again, through new tables (4 reads), it
 * marks 4 entries. That of the second page ends at its empty leaf (4) and faults; again (4), it marks the leaf alone.
 * Each walk is a miss; unmap flushes 2 pages. Frames: the root, 3 tables, 2 pages. Cost: 2 + 13 + 5 accesses, 2 faults
 * of 500, 2 calls of 250.
 */
test('two pages that are touched once and unmapped', () => {
  expect(run('a0 = map 8192; touch a0 0 8192; unmap a0 0 8192')).toEqual({
    counts: { ops: 3, skipped: 0, notSent: 0, refused: 0, faulted: 0 },
    meter: {
      dataReads: 0,
      dataWrites: 2,
      translationReads: [4, 3, 3, 3],
      translationWrites: 5,
      tlbHits: 0,
      tlbMisses: 4,
      tlbEvictions: 0,
      tlbFlushes: 2,
      faults: expect.objectContaining({ 'not-mapped': 2, 'read-only': 0 }),
    },
    systemCalls: { ...noCalls(), mmap: 1, munmap: 1 },
    framesPeak: 6,
    mappedPeakBytes: 8192,
    pageSize: 4096,
    cost: { accesses: 20, faults: 1000, calls: 500, total: 1520 },
  });
});

test('frames on map cost no faults, and one TLB entry more misses', () => {
  const text = 'a0 = map 8192; touch a0 0 8192; touch a0 0 8192';
  const { meter } = run(text, { frames: 'on-map', tlb: { sets: 1, ways: 1 } });
  expect([meter.faults['not-mapped'], meter.tlbMisses, meter.tlbEvictions]).toEqual([0, 4, 3]);
});

test('ops that did nothing are counted by why', () => {
  const { counts } = run('load a1 0 1; b0 = malloc 8; a0 = map 0; load brk 0 8', {
    preset: 'toy',
    seed: 1,
  });
  expect(counts).toEqual({ ops: 4, skipped: 1, notSent: 1, refused: 1, faulted: 1 });
});
