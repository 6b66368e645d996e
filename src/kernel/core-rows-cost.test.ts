/**
 * The rows of the note on what switches cost, between processes and between threads: each holds, and planted lines
 * break it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025, "Page Table follow-up: Context Switches".
 */
import { expect } from 'vitest';
import { Prng } from '../base/prng.ts';
import { overlaps } from '../base/range.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import type { Patch } from '../targets/mutants/import-patched.ts';
import { type CoreRow, testRows } from './core-rows.test-helper.ts';
import {
  ask,
  BASE,
  COMPUTE,
  compute,
  type CoreModules,
  CoreWorld,
  load,
  mapPages,
  store,
} from './core-world.test-helper.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import type { UserCode } from './user-code.ts';

/** The levels of tables on x86-64. */
const LEVELS = 4;
const YIELD = ask({ name: 'yield' });

/** Maps pages and touches each, so that none faults later. */
function* touched(pagesCount: number): UserCode {
  yield mapPages(pagesCount);
  for (let page = 0; page < pagesCount; page += 1) yield store(BASE + page * PAGE, 1);
}

/** Loads from each of some pages. */
function* loads(pagesCount: number, offset = 0): UserCode {
  for (let page = 0; page < pagesCount; page += 1) yield load(BASE + page * PAGE + offset);
}

function* writer(): UserCode {
  yield* touched(3);
  yield* compute(100);
}

function* reader(): UserCode {
  yield* compute(4);
  yield* loads(3);
  yield* compute(100);
}

/** Reads of memory that each load of a program cost, before another thread has run and after. */
function* measured({ kernel: { mmu } }: CoreWorld, costs: number[], code: UserCode): UserCode {
  for (const action of code) {
    const before = mmu.meter.reads;
    yield action;
    costs.push(mmu.meter.reads - before);
  }
}

function sum(costs: readonly number[]): number {
  return costs.reduce((all, one) => all + one, 0);
}

/** Reads of two programs that access pages and switch after each slice, switches included. */
interface Trace {
  /** Per slice, the pages that it touches. Slices belong to the two programs in turn. */
  readonly slices: readonly (readonly number[])[];
  readonly pagesCount: number;
}

function readsOf(
  as: 'thread' | 'process',
  { pagesCount, slices }: Trace,
  tlb: Partial<TlbOptions>,
  modules: CoreModules,
): number {
  const world = new CoreWorld({ quantum: 1000, kernel: { tlb } }, modules);
  const { meter } = world.kernel.mmu;
  function* program(index: number): UserCode {
    if (index === 0 || as === 'process') yield* touched(pagesCount);
    yield YIELD;
    // From here on nothing faults. The first program begins to count with an empty TLB.
    if (index === 0) {
      world.kernel.mmu.tlb.flushAll();
      meter.reset();
    }
    for (let slice = index; slice < slices.length; slice += 2) {
      for (const page of slices[slice]!) yield load(BASE + page * PAGE);
      yield YIELD;
    }
  }
  world.team(as, [() => program(0), () => program(1)]);
  expect(world.core.run()).toBe('all ended');
  expect(meter.faults['not-mapped']).toBe(0);
  return meter.reads;
}

function drawTrace(prng: Prng): Trace {
  const pagesCount = prng.between(1, 8);
  const slices = Array.from({ length: prng.between(2, 12) }, () =>
    Array.from({ length: prng.between(0, 12) }, () => prng.below(pagesCount)),
  );
  return { pagesCount, slices };
}

const NO_FLUSH: Patch = {
  module: 'machine/mmu',
  find: 'this.tlb.flushAll();',
  replace: ';',
};

const FLUSHES_ALWAYS: Patch = {
  module: 'kernel/core',
  find: 'if (!space.isActive)',
  replace: 'if (space !== undefined)',
};

const ROWS: readonly CoreRow[] = [
  {
    row: 'R09',
    says: 'a switch to another process without ids leaves no entry in the TLB, and with ids all',
    check: (modules) => {
      for (const ids of ['off', 'on'] as const) {
        const world = new CoreWorld({ quantum: 9, kernel: { tlb: { ids } } }, modules);
        const { tlb } = world.kernel.mmu;
        const counts: number[] = [];
        world.onStep = (step) => {
          if (step === 'save' || step === 'set-root' || step === 'load')
            counts.push(tlb.entries().length);
        };
        for (let index = 0; index < 2; index += 1)
          world.process(function* program() {
            yield* touched(3);
            yield* loads(3);
            yield* compute(3);
            yield* compute(3);
          });
        world.core.run();
        // Of each process: three pages, and the one of its stack, with which a load begins. When the first one has
        // ended, its entries go before the load.
        expect(counts).toEqual(
          ids === 'off' ? [0, 1, 4, 0, 1, 4, 0, 1, 0, 1] : [0, 1, 4, 4, 5, 8, 8, 8, 8, 4],
        );
      }
    },
    plants: [[NO_FLUSH]],
  },
  {
    row: 'R10',
    says: 'after a switch to another process, an access to a new page is five reads, to a known one 1',
    check: (modules) => {
      for (const ids of ['off', 'on'] as const) {
        const world = new CoreWorld({ quantum: 100, kernel: { tlb: { ids } } }, modules);
        const costs: number[] = [];
        world.process(function* program() {
          yield* touched(2);
          yield YIELD;
          yield* measured(world, costs, loads(2));
          yield* measured(world, costs, loads(2, 8));
        });
        world.process(() => compute(1));
        world.core.run();
        const known = ids === 'on' ? 1 : 1 + LEVELS;
        expect(costs).toEqual([known, known, 1, 1]);
      }
    },
    plants: [
      [
        {
          module: 'machine/mmu',
          find: 'level <= walk.level',
          replace: 'level < walk.level',
        },
      ],
      [NO_FLUSH],
    ],
  },
  {
    row: 'R11',
    says: 'after a switch each page that is touched costs L reads more, once',
    check: (modules) => {
      for (const touchedCount of [0, 1, 2, 5, 8]) {
        const world = new CoreWorld({ quantum: 1000 }, modules);
        const [warm, cold]: [number[], number[]] = [[], []];
        world.process(function* program() {
          yield* touched(8);
          for (const costs of [warm, cold]) {
            yield* measured(world, costs, loads(touchedCount));
            yield* measured(world, costs, loads(touchedCount, 8));
            yield YIELD;
          }
        });
        world.process(() => compute(1));
        world.core.run();
        expect(sum(warm)).toBe(2 * touchedCount);
        expect(sum(cold) - sum(warm)).toBe(LEVELS * touchedCount);
      }
    },
    plants: [[NO_FLUSH]],
  },
  {
    row: 'R12',
    says: 'threads of a process share its root and its memory, and each has a stack and registers of its own',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 2 }, modules);
      const seen: unknown[] = [];
      const roots = new Set<number>();
      const [first, second] = world.team('thread', [
        function* writes(): UserCode {
          yield mapPages(1);
          yield store(BASE, 7);
          yield COMPUTE;
          seen.push(yield load(BASE));
          yield* compute(9);
        },
        function* reads(): UserCode {
          seen.push(yield load(BASE), yield store(BASE, 8));
          yield* compute(9);
        },
      ]);
      world.onStep = (step) => {
        if (step === 'return') roots.add(world.kernel.mmu.root);
      };
      expect(world.core.run()).toBe('all ended');
      expect([first!.fault, second!.fault]).toEqual([undefined, undefined]);
      // The second one read 7 and stored 8 in its first slice, and says so in its second.
      expect(seen).toEqual([8, 7, undefined]);
      expect(roots.size).toBe(1);
      expect(overlaps(first!.stack, second!.stack)).toBe(false);
      expect([...first!.savedValues!]).not.toEqual([...second!.savedValues!]);
      expect(world.problems()).toEqual({});
    },
    plants: [
      [
        {
          module: 'kernel/process-table',
          find: "as === 'thread' ? parent : this.#openProcess()",
          replace: 'this.#openProcess()',
        },
      ],
    ],
  },
  {
    row: 'R13',
    says: 'a switch between threads of a process sets no root, flushes nothing and changes no entry of the TLB',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 4 }, modules);
      const { meter, tlb } = world.kernel.mmu;
      const readings: string[] = [];
      world.onStep = (step) => {
        // By now each has had two slices, and found its pages and its stack.
        if (world.core.clock < 24 || (step !== 'enter' && step !== 'load')) return;
        const { tlbEvictions, tlbFlushes, translationReads } = meter.read();
        const { rootsSet } = world.core;
        readings.push(
          JSON.stringify([tlbEvictions, tlbFlushes, translationReads, rootsSet, tlb.entries()]),
        );
      };
      world.team('thread', [
        writer,
        reader,
        function* stopper(): UserCode {
          yield* compute(30);
          world.core.stop();
          yield* compute(10);
        },
      ]);
      expect(world.core.run()).toBe('stopped');
      expect(readings.length).toBeGreaterThan(20);
      expect(new Set(readings).size).toBe(1);
    },
    plants: [[FLUSHES_ALWAYS]],
  },
  {
    row: 'R14',
    says: 'under LRU threads cost no more reads than processes, and less where a page is touched again without ids',
    check: (modules) => {
      const again = { pagesCount: 1, slices: [[0], [], [0]] };
      const [fewer, more] = (['thread', 'process'] as const).map((as) =>
        readsOf(as, again, { sets: 1, ways: 8, ids: 'off' }, modules),
      );
      expect(fewer).toBeLessThan(more!);
      const prng = new Prng(0x14);
      for (let round = 0; round < 30; round += 1) {
        const trace = drawTrace(prng);
        const ids = prng.pick(['on', 'off'] as const);
        const tlb = { sets: 1, ways: prng.between(2, 12), ids, policy: 'lru' } as const;
        const [threads, processes] = (['thread', 'process'] as const).map((as) =>
          readsOf(as, trace, tlb, modules),
        );
        expect({ trace, tlb, reads: Math.max(threads!, processes!) }).toEqual({
          trace,
          tlb,
          reads: processes,
        });
      }
    },
    plants: [[FLUSHES_ALWAYS]],
  },
  {
    row: 'R20',
    says: 'a million switches a second that take a microsecond each are all of a core',
    check: (modules) => {
      for (const [work, share] of [
        [0, 1],
        [1, 0.5],
        [3, 0.25],
      ] as const) {
        // A tick is a microsecond. Two programs work for so long between switches.
        const ticks = { call: 0, interrupt: 0, switch: 1 };
        const world = new CoreWorld({ quantum: 1000, ticks }, modules);
        const { core } = world;
        function* program(): UserCode {
          for (let round = 0; round < 500; round += 1) {
            yield* compute(work);
            yield YIELD;
          }
        }
        world.team('process', [program, program]);
        expect(core.run()).toBe('all ended');
        expect(core.switches.yield).toBe(1000);
        const lost = core.accounts.switching / core.clock;
        const perSecond = (core.switches.yield / core.clock) * 1e6;
        expect(lost).toBeCloseTo(share, 2);
        expect(perSecond).toBeCloseTo(1e6 * share, -4);
      }
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: "this.#spend('switching'",
          replace: "this.#spend('kernel'",
        },
      ],
      [{ module: 'kernel/core', find: 'this.switches[this.#leftFor] += 1;', replace: '' }],
    ],
  },
];

testRows(ROWS);
