import { assert } from '../src/base/kit-bug.ts';
import { GIB, MIB } from '../src/base/units.ts';
import { FlatArena } from '../src/heap/flat-arena.ts';
import { Heap } from '../src/heap/heap.ts';
import type { AddressSpace } from '../src/kernel/address-space.ts';
import { Kernel } from '../src/kernel/kernel.ts';
import type { Mmu } from '../src/machine/mmu.ts';
import { PagedArena } from '../src/targets/paged-arena.ts';
import { candidate, drawStream } from './allocators.ts';
import { compare, median, timed, type Candidate } from './ratio.ts';

const PAGE = 4096;
/** An address of 47 bits, as programs on x86-64 have. */
const BASE = 0x5555 * 2 ** 32 + GIB;
/** Half of what the TLB has entries for. */
const HIT_PAGES = 32;
/** To the next load: on the next page, and in another cache line of it. */
const HIT_STEP = PAGE + 64;
const PASSES = 250_000;
const FAULT_PAGES = 20_000;
const SPREAD_SIZE = 10 * GIB;
const SPREAD_GOAL_MS = 5;
const SPREAD_ROUNDS = 20;
const SPREAD_WARM_UPS = 5;
const LIVE_COUNT = 1000;

/**
 * F3: the machine, in multiples of a flat loop. That loop makes the same loads of 4 bytes, in the same order, but from a
 * typed array by an index: the fastest that V8 can do.
 */
export function measureMachine(): void {
  console.log('F3 the machine\n');
  const flat = flatLoads();
  compare('F3 loads that hit the TLB, each on another page, counted', pagedLoads(), flat, 0.12);
  compare('F3 page faults: first touch of a page, walk, frame, zeroes', faults(), flat, 1 / 1300);
  measureUnmap();
  const stream = drawStream(LIVE_COUNT);
  const paged = new Heap(new PagedArena({ base: BASE, brkSize: 0, mapSize: 16 * MIB }));
  const plain = new Heap(new FlatArena({ mapSize: 16 * MIB, brkSize: 0 }));
  compare(
    `F3 malloc and free, ${LIVE_COUNT} live blocks, words of 8 bytes`,
    candidate('reference, default, paged', paged, stream, LIVE_COUNT),
    candidate('reference, default, flat', plain, stream, LIVE_COUNT),
    0.2,
  );
}

/** The loads of a pass lie on pages side by side, each a cache line further into its page than the one before. */
function flatLoads(): Candidate {
  const words = new Int32Array((HIT_PAGES * HIT_STEP) / 4);
  return loads('flat loop over a typed array', (column) => sumFlat(words, column));
}

function sumFlat(words: Int32Array, column: number): number {
  let sum = 0;
  for (let index = column; index < words.length; index += HIT_STEP / 4) sum += words[index]!;
  return sum;
}

function pagedLoads(): Candidate {
  const { kernel, space } = makeSpace(HIT_PAGES + 8);
  space.mmap({ address: BASE, size: HIT_PAGES * HIT_STEP });
  return loads('loads through the MMU', (column) => sumPaged(kernel.mmu, column));
}

function sumPaged(mmu: Mmu, column: number): number {
  const end = BASE + HIT_PAGES * HIT_STEP;
  let sum = 0;
  for (let address = BASE + column * 4; address < end; address += HIT_STEP)
    sum += mmu.load32(address);
  return sum;
}

/** A pass is a call: in a loop that is compiled while it runs, variables keep the form that they had before. */
function loads(name: string, sumPass: (column: number) => number): Candidate {
  const run = (): void => {
    for (let pass = 0; pass < PASSES; pass += 1) sumPass(pass & 15);
  };
  return { name, run: () => ({ ops: PASSES * HIT_PAGES, ms: timed(run) }) };
}

function faults(): Candidate {
  const { kernel, space } = makeSpace(FAULT_PAGES + 64);
  const size = FAULT_PAGES * PAGE;
  return {
    name: 'first touches',
    run: () => {
      space.mmap({ address: BASE, size });
      const ms = timed(() => touch(kernel, PAGE));
      space.munmap(BASE, size);
      return { ops: FAULT_PAGES, ms };
    },
  };
}

/** Touches `FAULT_PAGES` pages, so many bytes apart. */
function touch({ mmu }: Kernel, step: number): void {
  for (let index = 0; index < FAULT_PAGES; index += 1) mmu.store32(BASE + index * step, 1);
}

/** Not in multiples of anything: what a call takes that has 20,000 pages to give back. */
function measureUnmap(): void {
  const tablesCount = SPREAD_SIZE / (2 * MIB) + 64;
  const { kernel, space } = makeSpace(FAULT_PAGES + tablesCount);
  const step = Math.floor(SPREAD_SIZE / FAULT_PAGES / PAGE) * PAGE;
  const times: number[] = [];
  for (let round = 0; round < SPREAD_ROUNDS; round += 1) {
    let ms = timed(() => space.mmap({ address: BASE, size: SPREAD_SIZE }));
    touch(kernel, step);
    ms += timed(() => space.munmap(BASE, SPREAD_SIZE));
    assert(space.areas.mappedSize === 0, 'everything is unmapped');
    if (round >= SPREAD_WARM_UPS) times.push(ms);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const [first, middle, last] = [sorted[0]!, median(sorted), sorted.at(-1)!];
  const verdict = middle < SPREAD_GOAL_MS ? 'reached' : 'not reached';
  console.log(`F3 mmap and munmap of 10 GiB, ${FAULT_PAGES} pages of it touched, spread evenly`);
  console.log(
    `  ms a pair: min ${first.toFixed(2)}  median ${middle.toFixed(2)}  max ${last.toFixed(2)}, goal below ${SPREAD_GOAL_MS}: ${verdict}\n`,
  );
}

function makeSpace(framesCount: number): { kernel: Kernel; space: AddressSpace } {
  const kernel = new Kernel({ framesCount });
  const space = kernel.newSpace();
  space.activate();
  return { kernel, space };
}
