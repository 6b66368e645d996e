import { describe, expect, test } from 'vitest';
import { KIB, MIB } from '../base/units.ts';
import { LECTURE_NOTE } from '../heap/options.ts';
import { costOf, WEIGHTS } from '../kernel/cost.ts';
import { noCalls } from '../kernel/system-calls.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import type { Op } from '../program/op.ts';
import { parseProgram } from '../program/text.ts';
import { meteredRun, type MeteredRun, type MeteredRunOptions } from './metered-run.ts';

const PAGE = 4096;

function programOf(text: string): readonly Op[] {
  return parseProgram(`heapcheck program 1\n${text.replaceAll('; ', '\n')}\n`, 'test').program;
}

function run(text: string, options?: MeteredRunOptions): MeteredRun {
  return meteredRun(programOf(text), options);
}

function writesOf(text: string, writes: 'nothing' | 'granted-bytes'): number {
  return run(text, { writes }).meter.dataWrites;
}

/** A trace whose second line cannot be read. */
function* broken(): Generator<Op> {
  yield { kind: 'malloc', slot: 0, size: 8 };
  throw new RangeError('line 2');
}

/** What an op does whose size cannot be read. */
function notRead(): never {
  throw new RangeError('no size');
}

/** Blocks of many sizes on many pages, resized and freed in another order. */
const MIXED: readonly Op[] = [
  ...Array.from({ length: 90 }, (_, slot): Op => {
    return { kind: 'malloc', slot, size: 40 + slot * 97 };
  }),
  ...Array.from({ length: 30 }, (_, index): Op => ({ kind: 'free', slot: 89 - index * 3 })),
  ...Array.from({ length: 30 }, (_, index): Op => {
    return { kind: 'realloc', slot: index * 3, source: index * 3, size: 5 * KIB };
  }),
  { kind: 'calloc', slot: 100, count: 3, size: 70_000 },
  { kind: 'free', slot: 100 },
];

function runMixed(tlb: Partial<TlbOptions>): MeteredRun {
  return meteredRun(MIXED, { machine: { framesCount: 512, tlb }, writes: 'granted-bytes' });
}

describe('golden', () => {
  /*
   * The lecture note's heap maps 8184 bytes and the 8 of the header on two pages of their own; with `granted-bytes` the
   * program writes 1023 words; free reads the header and unmaps.
   *
   * - Data: 1 + 1023 writes, 1 read.
   * - The header's page: the walk ends at the empty root (1 read) and faults; again, through new tables (4 reads), it
   *   marks 4 entries (4 writes). The second page: the walk ends at its empty leaf (4) and faults; again (4), it marks
   *   the leaf alone (1).
   * - TLB: each of those 4 walks is a miss, and every access but the 2 that walked is a hit; unmap flushes 2 pages.
   * - Frames: the root, 3 tables, 2 pages.
   * - Cost: 1024 + 1 + 13 + 5 accesses, 2 faults of 500, 2 calls of 250.
   */
  test('a block on two pages that is written once and freed', () => {
    const { cost, counts, framesPeak, heap, mappedPeakBytes, meter, systemCalls } = run(
      'b0 = malloc 8184; free b0',
      { heap: LECTURE_NOTE, writes: 'granted-bytes' },
    );
    expect(meter).toEqual({
      dataReads: 1,
      dataWrites: 1024,
      translationReads: [4, 3, 3, 3],
      translationWrites: 5,
      tlbHits: 1023,
      tlbMisses: 4,
      tlbEvictions: 0,
      tlbFlushes: 2,
      faults: expect.objectContaining({ 'not-mapped': 2, 'read-only': 0 }),
    });
    expect(systemCalls).toEqual({ ...noCalls(), mmap: 1, munmap: 1 });
    expect([framesPeak, mappedPeakBytes]).toEqual([6, 2 * PAGE]);
    expect(heap).toMatchObject({ bigMallocs: 1, bigFrees: 1, listSteps: 0, splits: 0 });
    expect(counts).toEqual({ ops: 2, skipped: 0, notSent: 0, refused: 0 });
    expect(cost).toEqual({ accesses: 1043, faults: 1000, calls: 500, total: 2543 });
  });
});

describe('a run', () => {
  test('is the same each time', () => {
    expect(runMixed({})).toEqual(runMixed({}));
  });

  test('on another TLB differs in what the TLB and the walks count, and in nothing else (T16)', () => {
    const usual = runMixed({});
    const tlbs: readonly Partial<TlbOptions>[] = [
      { ways: 0 },
      { sets: 1, ways: 1 },
      { sets: 2, ways: 2, policy: 'fifo' },
      { sets: 2, ways: 4, policy: 'random', seed: 5 },
    ];
    for (const tlb of tlbs) {
      const other = runMixed(tlb);
      const { tlbEvictions, tlbHits, tlbMisses, translationReads } = usual.meter;
      expect(other.meter.tlbMisses).toBeGreaterThan(tlbMisses);
      const meter = { ...other.meter, tlbEvictions, tlbHits, tlbMisses, translationReads };
      expect({ ...other, meter, cost: usual.cost }).toEqual(usual);
      expect(other.cost).toEqual(costOf(other.meter, usual.systemCalls, WEIGHTS));
    }
  });

  test('does not free what the program leaves live', () => {
    const { heap, systemCalls } = run('b0 = malloc 200000');
    expect([heap.bigFrees, systemCalls.munmap]).toEqual([0, 0]);
  });

  test('counts ops that do nothing, misuse that is not sent, and refusals', () => {
    const { counts } = run(
      'b0 = malloc 8; b0 = malloc 8; b1 = realloc b2 8; b3 = malloc 8; b0 = realloc b3 8; free b1; free b0; ' +
        'double-free b0; free-inside b3 1; free null; b4 = calloc 18446744073709551615 2; b3 = realloc b3 999999999999999; free b3',
    );
    expect(counts).toEqual({ ops: 13, skipped: 4, notSent: 2, refused: 2 });
  });

  test('keeps a block whose realloc was refused, and forgets one that moved to another slot', () => {
    const { counts, heap } = run(
      'b0 = aligned 4096 200000; b0 = realloc b0 999999999999999; b1 = realloc b0 300000; free b0; free b1; b2 = realloc null 8',
    );
    expect(counts).toMatchObject({ refused: 1, skipped: 1 });
    expect([heap.bigMallocs, heap.bigFrees]).toEqual([2, 2]);
  });
});

describe('a program that writes', () => {
  test.each([
    ['b0 = malloc 0', 0],
    ['b0 = malloc 7', 7],
    ['b0 = malloc 8', 1],
    ['b0 = malloc 29', 3 + 5],
    ['b0 = calloc 4 8', 4],
    ['b0 = aligned 64 16', 2],
    // The realloc writes on from byte 13: 3 bytes, then 3 words.
    ['b0 = malloc 13; b0 = realloc b0 40', 1 + 5 + 3 + 3],
    ['b0 = malloc 40; b0 = realloc b0 13', 5],
    ['b0 = realloc null 16', 2],
    ['b0 = malloc 999999999999999', 0],
  ])('in %s writes %i times more than the allocator alone', (text, count) => {
    expect(writesOf(text, 'granted-bytes') - writesOf(text, 'nothing')).toBe(count);
  });

  test('ends where the machine has no frame, with what was counted until then', () => {
    const text = 'b0 = malloc 100000; b1 = malloc 400000; b2 = malloc 8';
    const options = { machine: { framesCount: 64 }, writes: 'granted-bytes' } as const;
    const { counts, earlyEnd, framesPeak, systemCalls } = run(text, options);
    expect(earlyEnd).toEqual({
      step: 1,
      op: 'b1 = malloc 400000',
      reason: expect.stringMatching(/^store to 0x[\d_a-f]+: no frame is left for its page$/),
    });
    expect([counts.ops, framesPeak, systemCalls.mmap]).toEqual([2, 64, 2]);
  });

  test('is refused instead where frames come on map', () => {
    const machine = { framesCount: 64, frames: 'on-map' } as const;
    const { counts, earlyEnd } = run('b0 = malloc 100000; b1 = malloc 400000', { machine });
    expect([counts.refused, earlyEnd]).toEqual([1, undefined]);
  });

  test('passes on what is no lack of frames', () => {
    expect(() => meteredRun(broken())).toThrow(new RangeError('line 2'));
    const wrong = { kind: 'mallok', slot: 0 } as unknown as Op;
    expect(() => meteredRun([wrong])).toThrow('no case is left');
    const size = Object.assign(8n, { valueOf: notRead });
    expect(() => meteredRun([{ kind: 'malloc', slot: 0, size }])).toThrow(RangeError);
  });
});

test('a heap gets the sizes that suit its machine', () => {
  const { mappedPeakBytes, pageSize } = run('b0 = malloc 24', { machine: { preset: 'toy' } });
  expect([mappedPeakBytes, pageSize]).toEqual([256, 64]);
  expect(run('b0 = malloc 24', { heap: { growth: 'brk' } }).systemCalls).toMatchObject({ brk: 1 });
  expect(run(`b0 = malloc ${20 * MIB}`).counts.refused).toBe(1);
});
