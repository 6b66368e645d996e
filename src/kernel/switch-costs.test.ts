/** What switches cost in figures: processes without ids and with them, against threads. */
import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { readsOf } from '../machine/meter.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import { BASE, CoreWorld } from './core-world.test-helper.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import { Kernel } from './kernel.ts';
import type { UserCode } from './user-code.ts';

const SLICES_COUNT = 100;
const SLICE = 2048;
/** As many entries as an x86-64 of today has on its second level. */
const BIG_TLB = { sets: 128, ways: 12, policy: 'lru' } as const;

type Way = 'flush' | 'ids' | 'threads';

/** Reads of two programs for their data, that load from the same pages in turn. */
function programReads(way: Way, pagesCount: number): number {
  const world = new CoreWorld({
    quantum: SLICE,
    kernel: { framesCount: 2100, tlb: { ...BIG_TLB, ids: way === 'ids' ? 'on' : 'off' } },
  });
  const { mmu } = world.kernel;
  function* cycle(): UserCode {
    for (let index = 0; index < (SLICES_COUNT * SLICE) / 2; index += 1)
      yield { kind: 'load', address: BASE + (index % pagesCount) * PAGE, size: 1 };
  }
  const threads = world.team(way === 'threads' ? 'thread' : 'process', [cycle, cycle]);
  // All pages have their frames before the count begins, or each first touch would be a walk more, which faults.
  for (const { memory } of new Set(threads.map(({ process }) => process))) {
    memory.mmap({ address: BASE, size: pagesCount * PAGE });
    memory.space.activate();
    for (let page = 0; page < pagesCount; page += 1) memory.store(BASE + page * PAGE, 1, 1);
  }
  mmu.tlb.flushAll();
  mmu.meter.reset();
  expect(world.core.run()).toBe('all ended');
  expect(world.core.timerStrikes).toBe(SLICES_COUNT);
  return mmu.meter.reads - readsOf(world.core.contextSwitch.counted);
}

/**
 * 204,800 loads, and four reads for each walk. A flush makes every slice walk to each of its pages once. With ids a
 * page is walked to once by each process, unless both sets of pages do not fit: of 1024 pages each, 8 belong in each
 * set, 16 of both in 12 ways, and LRU then keeps none of a cycle. Threads share their entries.
 *
 * The pages of the stacks, one a thread, take up an entry each as well; there is room for them.
 */
test.each([
  [8, { flush: 208_000, ids: 204_864, threads: 204_832 }],
  [64, { flush: 230_400, ids: 205_312, threads: 205_056 }],
  [1024, { flush: 614_400, ids: 614_400, threads: 208_896 }],
] as const)('R14 100 slices of 2048 accesses over %i pages', (pagesCount, expected) => {
  const ways = ['flush', 'ids', 'threads'] as const;
  const reads = ways.map((way) => [way, programReads(way, pagesCount)] as const);
  expect(Object.fromEntries(reads)).toEqual(expected);
});

/** An access: by which address space, and to which page. */
type Access = readonly [space: number, page: number];

/** How often a machine misses that makes these accesses. */
function missesOf(accesses: readonly Access[], way: Way, tlb: Partial<TlbOptions>): number {
  const kernel = new Kernel({
    framesCount: 64,
    tlb: { sets: 1, ...tlb, ids: way === 'ids' ? 'on' : 'off' },
  });
  const spaces = [0, 1].map((id) => {
    const space = kernel.newSpace({ id });
    space.mmap({ address: BASE, size: 8 * PAGE });
    space.activate();
    for (let page = 0; page < 8; page += 1) kernel.mmu.store8(BASE + page * PAGE, 1);
    return space;
  });
  kernel.mmu.tlb.flushAll();
  kernel.mmu.meter.reset();
  for (const [owner, page] of accesses) {
    const space = spaces[way === 'threads' ? 0 : owner]!;
    if (!space.isActive) space.activate();
    kernel.mmu.load8(BASE + page * PAGE);
  }
  return kernel.mmu.meter.tlbMisses;
}

const FIFO = { policy: 'fifo' } as const;

test('R14 under FIFO ids can cost more than flushing', () => {
  const accesses: readonly Access[] = [
    [0, 1],
    [1, 2],
    [0, 1],
    [0, 2],
    [0, 4],
    [0, 1],
    [0, 3],
    [0, 2],
  ];
  // The flush makes page 1 younger than page 2, which then stays while page 1 goes.
  expect(missesOf(accesses, 'ids', { ...FIFO, ways: 3 })).toBe(7);
  expect(missesOf(accesses, 'flush', { ...FIFO, ways: 3 })).toBe(6);
});

test('R14 under FIFO threads can cost more than processes', () => {
  const accesses: readonly Access[] = [
    [0, 2],
    [0, 4],
    [1, 2],
    [1, 1],
    [1, 2],
    [1, 4],
    [1, 1],
  ];
  // Threads: 2 4 miss, 2 hits; 1 takes the place of 2, 2 that of 4, 4 that of 1, and 1 that of 2.
  expect(missesOf(accesses, 'threads', { ...FIFO, ways: 2 })).toBe(6);
  // Processes: 2 4 miss, all goes; 2 1 miss, 2 hits, 4 takes the place of 2, and 1 hits.
  expect(missesOf(accesses, 'flush', { ...FIFO, ways: 2 })).toBe(5);
});

test('R14 with random replacement threads can cost more than processes, under LRU neither those nor ids can', () => {
  const prng = new Prng(0x14);
  const more = { random: 0, lru: 0 };
  for (let round = 0; round < 40; round += 1) {
    const owners = Array.from({ length: 16 }, (_, index) => Math.floor(index / 8));
    const accesses = owners.map((owner) => [owner, prng.below(4)] as const);
    for (const policy of ['random', 'lru'] as const) {
      const [flush, ids, threads] = (['flush', 'ids', 'threads'] as const).map((way) =>
        missesOf(accesses, way, { policy, ways: 2, seed: round }),
      );
      if (threads! > flush! || (policy === 'lru' && ids! > flush!)) more[policy] += 1;
    }
  }
  expect(more.lru).toBe(0);
  expect(more.random).toBeGreaterThan(0);
});
