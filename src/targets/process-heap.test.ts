import { describe, expect, test } from 'vitest';
import { HEAP_INVARIANTS, heapState } from '../heap/invariants.ts';
import type { HeapOptions } from '../heap/options.ts';
import { Core } from '../kernel/core.ts';
import { Kernel } from '../kernel/kernel.ts';
import { Semaphore } from '../kernel/semaphore.ts';
import type { Thread } from '../kernel/thread.ts';
import type { UserCode } from '../kernel/user-code.ts';
import { ProcessHeap } from './process-heap.ts';

const WITHIN = { start: 4096, end: 2 ** 40 };

/** What the threads of one process do with a heap that they share. */
type HeapUse = (heap: ProcessHeap, thread: Thread) => UserCode;

/** Runs threads of one process, the timer striking at every tick. @returns The heap that they shared, and its core. */
function sharing(uses: readonly HeapUse[], options: Partial<HeapOptions> = {}) {
  const core = new Core(new Kernel(), { quantum: 1 });
  let heap: ProcessHeap | undefined;
  const [first, ...others] = uses.map((use) => (thread: Thread): UserCode => {
    heap ??= new ProcessHeap(core.kernel, thread.process.memory, { options, within: WITHIN });
    return use(heap, thread);
  });
  const opening = (thread: Thread): UserCode => spawning(first!(thread), others);
  core.boot({ code: opening });
  const end = core.run();
  return { core, end, heap: heap! };
}

/** Spawns threads, then goes on. */
function* spawning(code: UserCode, others: readonly ((thread: Thread) => UserCode)[]): UserCode {
  for (const other of others)
    yield { kind: 'call', call: { name: 'spawn', request: { as: 'thread', code: other } } };
  yield* code;
}

/** Mallocs so many bytes, and frees them, again and again; then waits, so that the process does not end. */
function comesAndGoes(sizes: readonly number[]): HeapUse {
  return function* use(heap, thread) {
    const blocks: number[] = [];
    for (const size of sizes) blocks.push((yield* heap.malloc(thread, size))!);
    for (const block of blocks.slice(1)) yield* heap.free(thread, block);
    yield { kind: 'call', call: { name: 'down', semaphore: new Semaphore('nobody', 0) } };
  };
}

/** Rules of heaps that do not hold. */
function brokenIn({ heap }: ProcessHeap): string[] {
  const state = heapState(heap);
  return HEAP_INVARIANTS.filter(({ check }) => check(state) !== undefined).map(({ name }) => name);
}

describe('a heap that two threads share, of which each access may be the last before the other runs', () => {
  test.each([
    ['that grows by maps', {}],
    ['that grows by the break', { growth: 'brk' }],
    ['with big blocks of their own', { bigThreshold: 64 }],
  ] as const)('%s keeps its invariants', (_, options) => {
    const use = comesAndGoes([24, 100, 8, 5000, 16]);
    const { core, heap } = sharing([use, use], options);
    expect(core.timerStrikes).toBeGreaterThan(100);
    expect(core.switches.semaphore).toBeGreaterThan(5);
    expect([heap.problem, heap.inside, heap.isAtRest]).toEqual([undefined, undefined, true]);
    expect(brokenIn(heap)).toEqual([]);
    heap.forget();
  });

  test('gives what is big back to the system when the thread comes to it', () => {
    const use = comesAndGoes([24, 5000]);
    const { heap } = sharing([use], { bigThreshold: 64 });
    expect(heap.memory.space.calls).toMatchObject({ mmap: 3, munmap: 1 });
  });
});

/** Takes the lock for free, and goes in. */
function* barging(heap: ProcessHeap, thread: Thread): UserCode {
  heap.lock.up(thread);
  yield* heap.malloc(thread, 8);
}

test('who comes into a heap while another is inside is told, and does nothing', () => {
  const { end, heap } = sharing([barging, barging]);
  expect(end).toBe('all ended');
  expect(heap.problem).toBe('t1 came into the heap while t0 was inside');
});

/** Leaves the heap in the middle of a request, and makes another one. */
function* endingInside(heap: ProcessHeap, thread: Thread): UserCode {
  const inside = heap.malloc(thread, 8);
  inside.next();
  inside.next();
  expect(heap.isAtRest).toBe(false);
  yield { kind: 'compute' };
  const after = heap.malloc(thread, 8);
  expect([after.next(), after.next(), after.next()]).toMatchObject([
    { value: { call: { name: 'down' } } },
    { value: { call: { name: 'up' } } },
    { value: null, done: true },
  ]);
}

test('a heap in which a thread ended is left alone, and is no more at rest', () => {
  const { heap } = sharing([endingInside]);
  expect([heap.inside?.id, heap.isAtRest]).toEqual([0, false]);
});
