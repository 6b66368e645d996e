/**
 * The rows of the note on whose turn it is on a core: each holds, and planted lines break it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025, "Page Table follow-up: Context Switches".
 */
import { expect } from 'vitest';
import { type CoreRow, testRows } from './core-rows.test-helper.ts';
import {
  ask,
  COMPUTE,
  compute,
  type CoreModules,
  CoreWorld,
  perform,
} from './core-world.test-helper.ts';
import type { Scheduler } from './scheduler.ts';
import type { Thread } from './thread.ts';
import type { UserCode } from './user-code.ts';

/** One setting of the bound on waiting: threads, quantum, and what switches and interrupts take. */
interface Turns {
  readonly threadsCount: number;
  readonly quantum: number;
  readonly cost: number;
  readonly interrupt: number;
}

function allTurns(): Turns[] {
  const all: Turns[] = [];
  for (const threadsCount of [1, 2, 5])
    for (const quantum of [1, 2, 7]) {
      all.push({ threadsCount, quantum, cost: 0, interrupt: 0 });
      all.push({ threadsCount, quantum, cost: 3, interrupt: 1 });
    }
  return all;
}

/** A scheduler that notes what the kernel has used when a thread became ready. */
function noteReady(world: CoreWorld): Map<Thread, { at: number; kernel: number }> {
  const notes = new Map<Thread, { at: number; kernel: number }>();
  const { core } = world;
  const inner = core.scheduler;
  const noting: Scheduler = {
    policy: inner.policy,
    get ready() {
      return inner.ready;
    },
    add: (thread, reason, now) => {
      notes.set(thread, { at: now, kernel: core.accounts.kernel });
      inner.add(thread, reason, now);
    },
    take: (now) => inner.take(now),
    sliceOf: (thread, quantum) => inner.sliceOf(thread, quantum),
  };
  core.scheduler = noting;
  return notes;
}

/** By how many ticks waits missed the bound of round robin: none may be above 0. A second thread that runs is Infinity. */
function waitsAgainstBound(turns: Turns, modules: CoreModules, code: () => UserCode): number[] {
  const { threadsCount, quantum, cost, interrupt } = turns;
  const ticks = { call: 0, interrupt, switch: cost };
  const world = new CoreWorld({ quantum, ticks }, modules);
  const notes = noteReady(world);
  const waits: number[] = [];
  world.onStep = (step, thread) => {
    if (step !== 'load') return;
    const { at, kernel } = notes.get(thread!)!;
    const { accounts, clock } = world.core;
    const bound = (threadsCount - 1) * quantum + threadsCount * cost;
    waits.push(clock - at - (accounts.kernel - kernel) - bound);
    for (const other of world.core.activities.keys())
      if (other.state === 'running' && other !== thread) waits.push(Infinity);
  };
  for (let index = 0; index < threadsCount; index += 1) world.process(code);
  expect(world.core.run()).toBe('all ended');
  return waits;
}

/** Work between naps, whose length differs. */
function* napping(): UserCode {
  for (let round = 1; round < 8; round += 1) {
    yield* compute((round * 5) % 7);
    yield ask({ name: 'sleep', ticks: (round * 3) % 11 });
  }
}

const ROWS: readonly CoreRow[] = [
  {
    row: 'R01',
    says: 'under round robin a ready thread waits (N-1)*Q + N*C and interrupt handlers at most, and alone runs',
    check: (modules) => {
      for (const turns of allTurns()) {
        const { length } = Array.from({ length: 10 * turns.quantum });
        const busy = waitsAgainstBound(turns, modules, () => compute(length));
        // With all threads busy the bound is what they wait; one alone waits not even for a switch.
        expect(Math.max(...busy)).toBe(turns.threadsCount === 1 ? 0 - turns.cost : 0);
        const mixed = waitsAgainstBound(turns, modules, napping);
        expect(Math.max(...mixed)).toBeLessThanOrEqual(0);
      }
    },
    plants: [
      [
        {
          module: 'kernel/round-robin',
          find: 'this.ready.push(thread);',
          replace: 'this.ready.unshift(thread);',
        },
      ],
      [{ module: 'kernel/core', find: "thread.state = 'ready';", replace: '' }],
    ],
  },
  {
    row: 'R01',
    says: 'jobs of 6, 8 and 10 ticks in slices of 2 end at 14, 20 and 24, and begin at 0, 2 and 4',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 2 }, modules);
      const begun = new Map<Thread, number>();
      world.onStep = (step, thread) => {
        if (step === 'return' && !begun.has(thread!)) begun.set(thread!, world.core.clock);
      };
      const jobs = [6, 8, 10].map((ticks) => world.process(() => compute(ticks)));
      expect(world.core.run()).toBe('all ended');
      expect(jobs.map(({ lastTickAt }) => lastTickAt)).toEqual([14, 20, 24]);
      expect(jobs.map((job) => begun.get(job))).toEqual([0, 2, 4]);
    },
    plants: [
      [
        {
          module: 'kernel/round-robin',
          find: 'return quantum;',
          replace: 'return quantum + 1;',
        },
      ],
    ],
  },
  {
    row: 'R02',
    says: 'the timer strikes after exactly Q ticks of work, whatever calls come in between',
    check: (modules) => {
      for (const quantum of [1, 2, 3, 10]) {
        const world = new CoreWorld({ quantum }, modules);
        const struckAt: number[] = [];
        world.onStep = (step, thread) => {
          if (step === 'save') struckAt.push(thread!.userTicks);
        };
        world.process(function* calls() {
          for (let tick = 0; tick < 3 * quantum; tick += 1) {
            yield COMPUTE;
            yield ask({ name: 'brk', increment: 0 });
          }
        });
        world.core.run();
        expect(struckAt).toEqual([quantum, 2 * quantum, 3 * quantum]);
        expect(world.core.timerStrikes).toBe(3);
      }
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'this.#sliceTicks >= this.#sliceEnd',
          replace: 'this.#sliceTicks > this.#sliceEnd',
        },
      ],
    ],
  },
  {
    row: 'R02',
    says: 'who blocks, gives way or ends has ended its slice, and the next one has a whole slice',
    check: (modules) => {
      for (const name of ['sleep', 'yield', 'exit'] as const) {
        const world = new CoreWorld({ quantum: 10 }, modules);
        const struckAt: number[] = [];
        world.process(function* early() {
          yield* compute(3);
          yield ask(name === 'sleep' ? { name, ticks: 100 } : { name });
        });
        const other = world.process(() => compute(25));
        world.onStep = (step, thread) => {
          if (step === 'save' && thread === other) struckAt.push(other.userTicks);
        };
        world.core.run();
        expect(struckAt).toEqual([10, 20]);
        expect(other.lastTickAt).toBe(28);
      }
    },
    plants: [[{ module: 'kernel/core', find: 'this.#sliceTicks = 0;', replace: '' }]],
  },
  {
    row: 'R05',
    says: 'who is chosen is ready, under each policy, and the core idles exactly while none is',
    check: (modules) => {
      for (const policy of ['rr', 'fcfs', 'mlfq'] as const) {
        const world = new CoreWorld({ policy, quantum: 2 }, modules);
        const { core } = world;
        world.onStep = (step, thread) => {
          if (step !== 'pick') return;
          const ready = [...core.activities.keys()].filter(({ state }) => state === 'ready');
          // The one that was picked is still called ready; without one, none is.
          expect(thread === undefined ? ready.length === 0 : ready.includes(thread)).toBe(true);
        };
        world.process(() => perform(ask({ name: 'sleep', ticks: 50 }), COMPUTE));
        world.process(() => perform(COMPUTE, COMPUTE, COMPUTE, ask({ name: 'sleep', ticks: 7 })));
        expect(core.run()).toBe('all ended');
        // The first one sleeps until 50. The other one works for 3 ticks before.
        expect(core.accounts).toEqual({ user: 4, kernel: 0, switching: 0, idle: 47 });
        expect(core.idleWhileReady).toBe(0);
      }
    },
    plants: [
      [
        {
          module: 'kernel/round-robin',
          find: 'return this.ready.shift();',
          replace: 'return this.ready[0];',
        },
      ],
      [
        {
          module: 'kernel/mlfq',
          find: 'this.#queues.find(',
          replace: 'now < 3 ? undefined : this.#queues.find(',
        },
      ],
    ],
  },
  {
    row: 'R05',
    says: 'the policy is the one plugged in, also while threads are ready',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 2 }, modules);
      const order: number[] = [];
      world.onStep = (step, thread) => {
        if (step === 'return' && order.at(-1) !== thread!.id) order.push(thread!.id);
      };
      world.process(() => perform(ask({ name: 'policy', policy: 'fcfs' }), ...compute(3)));
      world.process(() => compute(3));
      const stack: Thread[] = [];
      expect(world.core.run()).toBe('all ended');
      // The first thread had a slice of two ticks; the second one would have had another, in turn.
      expect([order, world.core.scheduler.policy]).toEqual([[0, 1, 0], 'fcfs']);
      world.core.scheduler = {
        policy: 'fcfs',
        ready: stack,
        add: (thread) => stack.push(thread),
        take: () => stack.pop(),
        sliceOf: () => 2,
      };
      for (let index = 0; index < 3; index += 1) world.process(() => compute(1));
      expect(world.core.run()).toBe('all ended');
      expect(order).toEqual([0, 1, 0, 4, 3, 2]);
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: "this.scheduler.add(thread, 'new', this.clock);",
          replace: ';',
        },
      ],
      [{ module: 'kernel/fcfs', find: 'return Infinity;', replace: 'return _quantum;' }],
    ],
  },
];

testRows(ROWS);
