import { describe, expect, test } from 'vitest';
import { parseProgram } from '../program/text.ts';
import {
  meteredThreads,
  type MeteredThreads,
  type MeteredThreadsOptions,
} from './metered-threads.ts';

function run(text: string, options: MeteredThreadsOptions = {}): MeteredThreads {
  const lines = text.replaceAll('; ', '\n');
  const { program } = parseProgram(`heapcheck program 1\n${lines}\n`, 'test');
  return meteredThreads(program, { ticks: { call: 5, interrupt: 3, switch: 7 }, ...options });
}

const PING = 't1 = spawn process; compute 25; t1: compute 15';

/*
 * By hand, slices of 10: t0 spawns, works 10; t1 10; t0 10; t1 5 and ends; t0 5 and ends.
 *
 * - Ticks: 40 of work; a call of 5 and 3 strikes of 3; 3 preemptions and an exit, 7 each. The last end leads nowhere.
 * - The five times that a thread is loaded are 80 reads and, of processes, set a root; the three saves are 48 writes.
 * - A load after a flush walks once; the first save of a stack walks to mark it dirty, whatever the TLB has. So there
 *   are 5 + 2 walks of 4 reads, and 2 + 2 where the TLB keeps both stacks.
 * - The stacks' entries go at 4 flushes, and but for that of t1's last slice come back.
 * - Flushes: a root each; at the end t1's stack is in no TLB, t0's page is flushed and its root forgotten. With ids
 *   each end flushes a page and a space. Of threads t1's stack is unmapped while its TLB is in use.
 * - Frames: 4 tables and a stack of each process; two stacks of threads lie under one table.
 */
describe('two threads that take turns', () => {
  test.each([
    ['processes', 'off', { rootsSet: 5, misses: 5, walks: 7, refills: 3, flushes: 7, frames: 10 }],
    ['processes', 'on', { rootsSet: 5, misses: 2, walks: 4, refills: 0, flushes: 4, frames: 10 }],
    ['threads', 'off', { rootsSet: 1, misses: 2, walks: 4, refills: 0, flushes: 4, frames: 6 }],
  ] as const)('as %s, ids %s', (spawns, ids, expected) => {
    const { cost, counts, meter, refills, switching, ...rest } = run(PING, {
      spawns,
      quantum: 10,
      machine: { tlb: { ids } },
    });
    expect(counts).toMatchObject({ ops: 3, skipped: 0, notSent: 0, refused: 0, faulted: 0 });
    expect(rest.ticks).toEqual({ user: 40, kernel: 14, switching: 28, idle: 0, clock: 82 });
    expect(rest.switches).toMatchObject({ preemption: 3, exit: 1, yield: 0, join: 0 });
    expect(rest.timerStrikes).toBe(3);
    expect(rest.systemCalls).toMatchObject({ spawn: 1, mmap: 0, munmap: 0, exit: 0 });
    expect([meter.dataReads, meter.dataWrites, meter.tlbMisses]).toEqual([0, 0, 0]);
    expect(meter.translationReads).toEqual([0, 0, 0, 0]);
    expect([switching.dataReads, switching.dataWrites]).toEqual([80, 48]);
    expect(switching.translationReads).toEqual(Array<number>(4).fill(expected.walks));
    expect(refills).toEqual({ entries: expected.refills, reads: 4 * expected.refills });
    expect({
      ...expected,
      rootsSet: rest.rootsSet,
      misses: switching.tlbMisses,
      flushes: meter.tlbFlushes,
      frames: rest.framesPeak,
    }).toEqual(expected);
    expect(cost).toEqual({ accesses: 0, faults: 0, calls: 250, total: 250 });
    expect(rest.deadlock).toBeUndefined();
  });

  test('start with the policy that is given, and with the slice', () => {
    expect(run(PING, { quantum: 10, policy: 'fcfs' }).switches).toMatchObject({ preemption: 0 });
    expect(run(PING, { quantum: 25 }).switches).toMatchObject({ preemption: 1, exit: 1 });
    expect(run(PING).timerStrikes).toBe(0);
  });

  test('take the default ticks where nothing else is said', () => {
    const { program } = parseProgram(`heapcheck program 1\nt1 = spawn thread\n`, 'test');
    const { ticks } = meteredThreads(program);
    expect(ticks).toEqual({ user: 0, kernel: 250, switching: 1000, idle: 0, clock: 1250 });
  });
});

test('a sleeper leaves the core idle, and is no switch', () => {
  const { switches, systemCalls, ticks } = run('sleep 100; compute 1');
  expect(ticks).toEqual({ user: 1, kernel: 5 + 3, switching: 0, idle: 100, clock: 109 });
  expect([switches.sleep, systemCalls.sleep]).toEqual([0, 1]);
});

test("a heap's calls and accesses are counted, those of its lock included", () => {
  const { meter, systemCalls } = run('b0 = malloc 24; free b0');
  expect(systemCalls).toMatchObject({ down: 2, up: 2, mmap: 1 });
  expect(meter.dataWrites).toBeGreaterThan(0);
  const { systemCalls: others } = run('b0 = malloc 24', { heap: { growth: 'brk' } });
  expect(others).toMatchObject({ brk: 1, mmap: 0 });
});

test('ops that did nothing are counted by why', () => {
  const stuck = run('s0 = semaphore 0; down s0; compute 5');
  expect(stuck.counts).toMatchObject({ ops: 3, blocked: 1, skipped: 1 });
  expect(stuck.deadlock).toBe('t0 waits for s0');
  const text = 'b0 = calloc 1 8; a0 = map 0; a1 = map 1 read; t1 = spawn thread; store a1 0 1';
  expect(run(text).counts).toMatchObject({ ops: 5, notSent: 1, refused: 1, faulted: 1 });
});

test('a machine without a frame for the first thread performs nothing', () => {
  const { counts, ticks } = run('compute 5', { machine: { framesCount: 1 } });
  expect([counts.skipped, ticks.clock]).toEqual([1, 0]);
});
