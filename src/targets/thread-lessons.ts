import { assert } from '../base/kit-bug.ts';
import { Core, type CoreOptions } from '../kernel/core.ts';
import { Device } from '../kernel/device.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { Thread } from '../kernel/thread.ts';
import type { Action, UserCode } from '../kernel/user-code.ts';
import { readsOf, subtractReadings } from '../machine/meter.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import type { Lesson, LessonCase } from './lesson.ts';

/** The claims about switching from one thread to another. */
export function threadLessons(): readonly Lesson[] {
  return [sharingLesson(), waitLesson(), rateLesson()];
}

/** What two threads of work share: nothing, the TLB, or an address space. */
type Sharing = 'processes' | 'processes, ids' | 'threads';
const SHARINGS = ['processes', 'processes, ids', 'threads'] as const satisfies readonly Sharing[];

/** Two threads on a core, whose pages have frames before anything is counted. */
interface Pair {
  readonly core: Core;
  /** What the threads themselves read from memory, for data and for translation. */
  readonly reads: () => number;
  /** What of that was for translation. */
  readonly translationReads: () => number;
}

/** How a pair is made. */
interface PairOptions extends CoreOptions {
  readonly sharing: Sharing;
  readonly tlb?: Partial<TlbOptions>;
  /** Pages of each process. */
  readonly pagesCount: number;
  /** What each thread does, once it is known where its process's pages start. */
  readonly codes: readonly [CodeOf, CodeOf];
}

type CodeOf = (start: number, core: Core) => UserCode;

const PAGE_SIZE = 4096;
const LEVELS_COUNT = 4;
/** Frames for tables and stacks. */
const TABLES_MAX = 64;

function makePair({ codes, pagesCount, sharing, tlb, ...options }: PairOptions): Pair {
  const ids = sharing === 'processes, ids' ? 'on' : 'off';
  const kernel = new Kernel({ framesCount: 2 * pagesCount + TABLES_MAX, tlb: { ...tlb, ids } });
  const core = new Core(kernel, options);
  const starts = new Map<Thread['process'], number>();
  const [first, second] = codes.map((codeOf) => ({ process }: Thread): UserCode => {
    const start = starts.get(process) ?? residentPages(process, pagesCount);
    starts.set(process, start);
    return codeOf(start, core);
  });
  const parent = core.activities.get(core.boot({ code: first! })!);
  core.spawn({ as: sharing === 'threads' ? 'thread' : 'process', code: second! }, parent);
  const { mmu } = kernel;
  mmu.meter.reset();
  const own = () => subtractReadings(mmu.meter.read(), core.contextSwitch.counted);
  const translationReads = () => own().translationReads.reduce((sum, reads) => sum + reads, 0);
  return { core, translationReads, reads: () => readsOf(own()) };
}

/** Maps pages and gives each its frame, past TLB and meter. @returns Their first address. */
function residentPages({ memory }: Thread['process'], count: number): number {
  const start = memory.mmap({ size: count * PAGE_SIZE });
  assert(typeof start === 'number', 'a new machine has room for a few pages');
  const word = new Float64Array(1);
  for (let page = 0; page < count; page += 1) memory.plant(start + page * PAGE_SIZE, word);
  return start;
}

function load(address: number): Action {
  return { kind: 'load', address, size: 4 };
}

/** 1536 entries, as a second-level TLB has them. */
const LARGE_TLB: Partial<TlbOptions> = { sets: 128, ways: 12 };
const TLB_ENTRIES = 1536;
const SLICES_COUNT = 100;
const SLICE_ACCESSES = 2048;

function sharingLesson(): Lesson {
  return {
    row: 'R13 R14',
    says: `${SLICES_COUNT} slices of ${SLICE_ACCESSES} accesses: threads set no root, flush nothing and read least; ids help while the TLB of ${TLB_ENTRIES} holds the pages of both.`,
    cases: [8, 64, 1024].flatMap((pages) => SHARINGS.map((sharing) => sharingCase(pages, sharing))),
  };
}

function sharingCase(pages: number, sharing: Sharing): LessonCase {
  const code: CodeOf = (start, core) => cyclicLoads(start, pages, core);
  const quantum = SLICE_ACCESSES;
  const pair = makePair({
    sharing,
    quantum,
    tlb: LARGE_TLB,
    pagesCount: pages,
    codes: [code, code],
  });
  pair.core.run();
  return {
    pages,
    as: sharing,
    reads: pair.reads(),
    expected: SLICES_COUNT * SLICE_ACCESSES + LEVELS_COUNT * sharingMisses(pages, sharing),
    rootsSet: pair.core.rootsSet,
    flushes: pair.core.kernel.mmu.meter.tlbFlushes,
  };
}

/** Loads from page after page, round and round, until half of all slices are over; whoever is done first ends the run. */
function* cyclicLoads(start: number, pages: number, core: Core): UserCode {
  for (let access = 0; access < (SLICES_COUNT / 2) * SLICE_ACCESSES; access += 1)
    yield load(start + (access % pages) * PAGE_SIZE);
  core.stop();
}

/** Threads miss each page once; processes once a slice, unless the TLB knows both apart and has room for both. */
function sharingMisses(pages: number, sharing: Sharing): number {
  if (sharing === 'threads') return pages;
  const isKept = sharing === 'processes, ids' && 2 * pages <= TLB_ENTRIES;
  return isKept ? 2 * pages : SLICES_COUNT * pages;
}

const WAITS_COUNT = 2;
/** Pages that each of the two touches whenever it runs. */
const TOUCHED_PAGES = 4;
const JOBS_COUNT = 40;
const JOB_TICKS = 50;
const WAIT_TICKS = { call: 25, interrupt: 25, switch: 100 } as const;
/** A wait for which a lesson looks; the worker has enough to do for all of them. */
const WAIT_MAX = 1000;

type WaitingHow = 'spinning' | 'blocking';

function waitLesson(): Lesson {
  const found = SHARINGS.map((as) => ({ as, wait: crossover(as) }));
  const list = found.map(({ as, wait }) => `${wait} (${as})`).join(', ');
  return {
    row: 'R19',
    says: `Blocking does more useful work than spinning once a wait is longer than two switches, a call, an interrupt and the TLB's refill: from ${list} ticks on.`,
    cases: found.flatMap(({ as, wait }) =>
      [100, wait - 1, wait, WAIT_MAX].map((each) => waitCase(as, each)),
    ),
  };
}

/** @param wait Ticks. Lost are all that do no work, for each wait; a read for translation takes one, as any access. */
function waitCase(as: Sharing, wait: number): LessonCase {
  const { call, interrupt } = WAIT_TICKS;
  const refill = as === 'processes' ? 2 * TOUCHED_PAGES * LEVELS_COUNT : 0;
  return {
    as,
    wait,
    lostBySpinning: lostPerWait(as, wait, 'spinning'),
    lostByBlocking: lostPerWait(as, wait, 'blocking'),
    expected: 2 * WAIT_TICKS.switch + call + interrupt + refill,
  };
}

/** The shortest wait, in ticks, for which a program that blocks is done before one that spins. */
function crossover(as: Sharing): number {
  let [low, high] = [0, WAIT_MAX];
  while (low < high) {
    const wait = Math.floor((low + high) / 2);
    const isWorthIt = timeOf(as, wait, 'blocking') < timeOf(as, wait, 'spinning');
    if (isWorthIt) high = wait;
    else low = wait + 1;
  }
  return low;
}

function lostPerWait(as: Sharing, wait: number, how: WaitingHow): number {
  return (timeOf(as, wait, how) - timeOf(as, 0, 'spinning')) / WAITS_COUNT;
}

/** Ticks and reads for translation until a thread that waits and one that works are both done. */
function timeOf(sharing: Sharing, wait: number, how: WaitingHow): number {
  const pair = makePair({
    sharing,
    policy: 'fcfs',
    ticks: WAIT_TICKS,
    pagesCount: 2 * TOUCHED_PAGES,
    codes: [(start) => waiter(start, wait, how), (start) => worker(start)],
  });
  pair.core.run();
  return pair.core.clock + pair.translationReads();
}

function* waiter(start: number, wait: number, how: WaitingHow): UserCode {
  const device = new Device('the device');
  for (let round = 0; round < WAITS_COUNT; round += 1) {
    yield* touch(start);
    if (how === 'blocking') yield { kind: 'call', call: { name: 'io', device, ticks: wait } };
    else for (let tick = 0; tick < wait; tick += 1) yield { kind: 'compute' };
  }
  yield* touch(start);
}

/** Small jobs, after each of which whoever has become ready goes first. */
function* worker(start: number): UserCode {
  for (let job = 0; job < JOBS_COUNT; job += 1) {
    yield* touch(start + TOUCHED_PAGES * PAGE_SIZE);
    for (let tick = TOUCHED_PAGES; tick < JOB_TICKS; tick += 1) yield { kind: 'compute' };
    yield { kind: 'call', call: { name: 'yield' } };
  }
}

function* touch(start: number): Generator<Action, void> {
  for (let page = 0; page < TOUCHED_PAGES; page += 1) yield load(start + page * PAGE_SIZE);
}

/** A tick of 100 ns, so that a switch takes 1 us. */
const TICKS_PER_SECOND = 1e7;
const RATE_TICKS = { call: 0, interrupt: 0, switch: 10 } as const;
const RATE_SWITCHES = 100;

function rateLesson(): Lesson {
  return {
    row: 'R20',
    says: 'Switches a second times what one takes is the share of a core that is lost: 1,000,000 of 1 us are all of it.',
    cases: [990, 90, 10, 0].map(rateCase),
  };
}

/** @param work Ticks that a thread works before the other one has its turn. */
function rateCase(work: number): LessonCase {
  const code: CodeOf = (_start, core) => (work === 0 ? yields(core) : computes(work, core));
  const pair = makePair({
    sharing: 'threads',
    quantum: Math.max(work, 1),
    ticks: RATE_TICKS,
    pagesCount: 1,
    codes: [code, code],
  });
  pair.core.run();
  const { accounts, clock } = pair.core;
  const switches = accounts.switching / RATE_TICKS.switch;
  const switchesPerSecond = (switches * TICKS_PER_SECOND) / clock;
  return {
    ticksBetweenSwitches: work,
    switches,
    switchesPerSecond,
    lostPercent: (100 * accounts.switching) / clock,
    expected: (100 * switchesPerSecond * RATE_TICKS.switch) / TICKS_PER_SECOND,
  };
}

function* computes(work: number, core: Core): UserCode {
  for (let tick = 0; tick < (work * RATE_SWITCHES) / 2; tick += 1) yield { kind: 'compute' };
  core.stop();
}

function* yields(core: Core): UserCode {
  for (let count = 0; count < RATE_SWITCHES / 2; count += 1)
    yield { kind: 'call', call: { name: 'yield' } };
  core.stop();
}
