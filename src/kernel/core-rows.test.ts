/**
 * The rows of the note on how one core goes from a process to another: each holds, and planted lines break it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025, "Page Table follow-up: Context Switches".
 */
import { expect } from 'vitest';
import { GENERAL_COUNT, REGISTERS_COUNT } from '../machine/registers.ts';
import type { Patch } from '../targets/mutants/import-patched.ts';
import { FRAME_SIZE, STACK_OVERFLOW, STACK_UNDERFLOW } from './context-switch.ts';
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
  perform,
  store,
} from './core-world.test-helper.ts';
import { PAGE } from './kernel-world.test-helper.ts';
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
  for (const threadsCount of [1, 2, 3, 5])
    for (const quantum of [1, 2, 7])
      for (const cost of [0, 3])
        for (const interrupt of [0, 1]) all.push({ threadsCount, quantum, cost, interrupt });
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

/** By how many ticks waits missed the bound of round robin: none may be above 0. */
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
    const running = [...world.core.activities.keys()].filter(({ state }) => state === 'running');
    expect(running).toEqual([thread]);
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

/** The bytes of a process's pages, by virtual address. */
function bytesOf({ kernel }: CoreWorld, thread: Thread): Map<number, Uint8Array> {
  const { id } = thread.process.memory.space;
  const { frames, mmu } = kernel;
  const own = frames
    .owned()
    .filter((frame) => frames.ownerOf(frame) === id && frames.typeOf(frame) === 'data');
  return new Map(
    own.map((frame) => [
      frames.addressOf(frame),
      Uint8Array.from({ length: PAGE }, (_, at) => mmu.memory.load8(frame * PAGE + at)),
    ]),
  );
}

/** The addresses at which two readings differ. */
function changesOf(
  before: ReadonlyMap<number, Uint8Array>,
  after: ReadonlyMap<number, Uint8Array>,
): number[] {
  return [...after].flatMap(([page, bytes]) =>
    [...bytes.keys()]
      .filter((at) => bytes[at] !== (before.get(page)?.[at] ?? 0))
      .map((at) => page + at),
  );
}

/** The words that lie where a thread's registers were saved. */
function wordsAt({ kernel }: CoreWorld, thread: Thread, address: number): number[] {
  const { frame } = thread.process.memory.space.table.lookup(address)!;
  return Array.from({ length: REGISTERS_COUNT }, (_, index) =>
    kernel.mmu.memory.load64(frame * PAGE + (address % PAGE) + 8 * index),
  );
}

/** Fills each register with a number of its own that needs all of its bits. */
function* fullRegisters(): UserCode {
  yield mapPages(1);
  const words = Array.from({ length: GENERAL_COUNT }, (_, index) => BASE + 8 * index);
  for (const [index, at] of words.entries()) yield store(at, 2 ** 53 - 1 - index, 8);
  yield* compute(2);
  for (const at of [...words, ...words]) yield load(at, 8);
}

const SETS_ROOT_LATE: readonly Patch[] = [
  {
    module: 'kernel/core',
    find: 'space.activate();',
    replace: 'if (this.kernel.mmu.root < 0) space.activate();',
  },
  {
    module: 'kernel/core',
    find: 'this.#load(thread);',
    replace: 'this.#load(thread); space.activate();',
  },
];

const RETURNS_AS_KERNEL: Patch = {
  module: 'kernel/context-switch',
  find: "this.#mmu.mode = 'user';",
  replace: '',
};

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
    row: 'R03',
    says: 'root and TLB change in the kernel only, which is entered by the timer, calls, faults and ends',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 3 }, modules);
      const { core, kernel } = world;
      const changes: boolean[] = [];
      const setRoot = kernel.mmu.setRoot.bind(kernel.mmu);
      kernel.mmu.setRoot = (root, space) => {
        changes.push(core.isInKernel);
        setRoot(root, space);
      };
      const flushPage = kernel.mmu.tlb.flushPage.bind(kernel.mmu.tlb);
      kernel.mmu.tlb.flushPage = (address, space) => {
        changes.push(core.isInKernel);
        flushPage(address, space);
      };
      const own: boolean[] = [];
      function* program(): UserCode {
        yield mapPages(2);
        for (let tick = 0; tick < 10; tick += 1) {
          own.push(core.isInKernel || kernel.mmu.mode === 'kernel');
          yield tick % 2 === 0 ? COMPUTE : store(BASE, tick);
        }
        yield ask({ name: 'munmap', address: BASE, size: PAGE });
        yield store(BASE, 1);
      }
      const threads = [program, program].map((code) => world.process(code));
      expect(core.run()).toBe('all ended');
      expect(threads.map(({ fault }) => fault)).toEqual(['not-mapped', 'not-mapped']);
      expect(changes.length).toBeGreaterThan(8);
      expect(changes.filter((isInKernel) => !isInKernel)).toEqual([]);
      expect(own.filter(Boolean)).toEqual([]);
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'this.isInKernel = true;\n        this.#watcher',
          replace: 'this.#watcher',
        },
      ],
      [RETURNS_AS_KERNEL],
    ],
  },
  {
    row: 'R03',
    says: 'a program goes on in user mode: a page that is not for it ends it, before a switch and after',
    check: (modules) => {
      for (const ticks of [0, 4]) {
        const world = new CoreWorld({ quantum: 3 }, modules);
        const thread = world.process(function* program() {
          yield ask({
            name: 'mmap',
            request: { address: BASE, size: 1, protection: 'read-write' },
          });
          yield store(BASE, 7);
          yield ask({ name: 'mprotect', address: BASE, size: 1, protection: 'none' });
          yield* compute(ticks);
          yield load(BASE);
        });
        world.process(() => compute(9));
        world.core.run();
        expect(thread.fault).toBe('kernel-only');
      }
    },
    plants: [[RETURNS_AS_KERNEL]],
  },
  {
    row: 'R04',
    says: 'all registers are saved just below sp, on the own stack, and no other byte of memory changes',
    check: (modules) => {
      for (const by of [0, -200, -1, -(PAGE - FRAME_SIZE), -PAGE - 8]) {
        const world = new CoreWorld({ quantum: 30 }, modules);
        const { registers } = world.core;
        const thread = world.process(function* deep() {
          yield { kind: 'move-stack', by };
          yield* fullRegisters();
        }, 2 * PAGE);
        let before: ReturnType<typeof bytesOf> = new Map();
        let savesCount = 0;
        world.onStep = (step) => {
          if (step === 'enter') before = bytesOf(world, thread);
          if (step !== 'save') return;
          savesCount += 1;
          expect(new Set(registers.values).size).toBe(REGISTERS_COUNT);
          expect(thread.savedSp).toBe(thread.stack.end + by - FRAME_SIZE);
          expect(registers.sp).toBe(thread.stack.end + by);
          const changes = changesOf(before, bytesOf(world, thread));
          const outside = changes.filter(
            (at) => at < thread.savedSp || at >= thread.savedSp + FRAME_SIZE,
          );
          expect(changes).not.toEqual([]);
          expect(outside).toEqual([]);
          if (by % 8 === 0 && by % PAGE !== -8)
            expect(wordsAt(world, thread, thread.savedSp)).toEqual([...registers.values]);
        };
        world.core.run();
        expect(savesCount).toBe(1);
      }
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'memory.store(start + 8 * index, value, 8)',
          replace: 'memory.store(start - 8 + 8 * index, value, 8)',
        },
      ],
      [
        {
          module: 'kernel/context-switch',
          find: 'this.#registers.values.entries()',
          replace: 'this.#registers.values.subarray(0, 15).entries()',
        },
      ],
    ],
  },
  {
    row: 'R04',
    says: 'a stack without room for all registers ends its thread, and nobody else',
    check: (modules) => {
      const room = PAGE - FRAME_SIZE;
      for (const [by, fault] of [
        [-room, undefined],
        [-room - 1, STACK_OVERFLOW],
        [-room - 8, STACK_OVERFLOW],
        [-PAGE, STACK_OVERFLOW],
        [-(2 ** 50), STACK_OVERFLOW],
        [1, STACK_UNDERFLOW],
      ] as const) {
        const world = new CoreWorld({ quantum: 3 }, modules);
        const [thread, other] = world.team('thread', [
          () => perform({ kind: 'move-stack', by }, COMPUTE, COMPUTE, COMPUTE),
          () => compute(9),
        ]);
        expect(world.core.run()).toBe('all ended');
        expect([thread!.fault, thread!.userTicks]).toEqual([fault, fault === undefined ? 4 : 3]);
        expect([other!.fault, other!.userTicks]).toEqual([undefined, 9]);
      }
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'start < thread.stack.start',
          replace: 'start + 8 < thread.stack.start',
        },
      ],
      [
        {
          module: 'kernel/context-switch',
          find: 'start + FRAME_SIZE > thread.stack.end',
          replace: 'start > thread.stack.end',
        },
      ],
    ],
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
  {
    row: 'R06',
    says: 'at every step of a program the root is that of its process, and so is what it reads',
    check: (modules) => {
      for (const ids of ['on', 'off'] as const) {
        const world = new CoreWorld({ quantum: 2, kernel: { tlb: { ids } } }, modules);
        for (const own of [1, 2, 3]) {
          world.process(function* marks(thread) {
            yield mapPages(1);
            yield store(BASE, own);
            for (let tick = 0; tick < 9; tick += 1) {
              expect(yield load(BASE)).toBe(own);
              const { table } = thread.process.memory.space;
              expect(world.kernel.mmu.root).toBe(table.root);
            }
          });
        }
        expect(world.core.run()).toBe('all ended');
        expect(world.core.rootsSet).toBeGreaterThan(12);
      }
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'if (!space.isActive)',
          replace: 'if (!space.isActive && this.rootsSet < 4)',
        },
      ],
    ],
  },
  {
    row: 'R07',
    says: 'registers come back bit by bit, saved under the old root and loaded under the new one',
    check: (modules) => {
      for (const as of ['process', 'thread'] as const) {
        const world = new CoreWorld({ quantum: 3 }, modules);
        const { core, kernel } = world;
        const saved = new Map<Thread, number[]>();
        const roots = new Set<number>();
        world.onStep = (step, thread) => {
          if (step !== 'save' && step !== 'load') return;
          expect(kernel.mmu.root).toBe(thread!.process.memory.space.table.root);
          roots.add(kernel.mmu.root);
          const values = [...core.registers.values];
          if (step === 'save') saved.set(thread!, values);
          else expect(values).toEqual(saved.get(thread!) ?? values);
        };
        world.team(as, [
          fullRegisters,
          () => compute(50),
          () => perform(...compute(9), { kind: 'move-stack', by: -64 }, ...compute(9)),
        ]);
        expect(core.run()).toBe('all ended');
        expect(roots.size).toBe(as === 'process' ? 3 : 1);
        expect(saved.get([...saved.keys()][0]!)!.length).toBe(GENERAL_COUNT + 3);
      }
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'this.#registers.values[index] = answer.value;',
          replace: 'this.#registers.values[Math.min(index, 14)] = answer.value;',
        },
      ],
      SETS_ROOT_LATE,
    ],
  },
  {
    row: 'R08',
    says: 'a switch saves, picks, sets the root, loads and returns; a thread goes on where it was',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 2 }, modules);
      const pcs: number[] = [];
      world.onStep = (step) => {
        if (step === 'save' || step === 'return') pcs.push(world.core.registers.pc);
      };
      world.process(() => compute(3));
      world.process(() => compute(3));
      expect(world.core.run()).toBe('all ended');
      const away = ['enter', 'save'];
      const on = ['pick', 'set-root', 'load', 'return'];
      const stepsOf = (steps: readonly string[], id: number): string[] =>
        steps.map((step) => `${step} t${id}`);
      expect(world.steps).toEqual([
        ...stepsOf([...on, ...away], 0),
        ...stepsOf([...on, ...away], 1),
        ...stepsOf([...on, 'enter'], 0),
        ...stepsOf([...on, 'enter'], 1),
        'pick -',
      ]);
      expect(pcs).toEqual([0, 2, 0, 2, 2, 2]);
      expect(world.problems()).toEqual({});
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'this.timerStrikes += 1;\n        this.#enter(activity.thread);',
          replace: 'this.timerStrikes += 1;',
        },
      ],
      [
        {
          module: 'kernel/core',
          find: 'this.contextSwitch.save(thread);',
          replace: 'this.contextSwitch.save(thread); this.registers.pc += 1;',
        },
        {
          module: 'kernel/core',
          find: 'this.contextSwitch.restore(thread);',
          replace: 'this.contextSwitch.restore(thread); this.registers.pc += 1;',
        },
      ],
    ],
  },
  {
    row: 'R08',
    says: 'a thread begins with a forged frame at the top of its stack: all zero, but for sp',
    check: (modules) => {
      const world = new CoreWorld({}, modules);
      const first = Array.from({ length: REGISTERS_COUNT }, () => 0);
      const threads = world.team('thread', [() => compute(3), () => compute(3)]);
      const begun: Thread[] = [];
      world.onStep = (step, thread) => {
        if (step !== 'load' || begun.includes(thread!)) return;
        begun.push(thread!);
        expect([...world.core.registers.values]).toEqual(first.with(13, thread!.stack.end));
      };
      for (const thread of threads) {
        expect(thread.savedSp).toBe(thread.stack.end - FRAME_SIZE);
        expect(wordsAt(world, thread, thread.savedSp)).toEqual(first.with(13, thread.stack.end));
      }
      world.core.run();
      expect(begun).toEqual(threads);
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'values.sp = thread.stack.end;',
          replace: 'values.sp = thread.savedSp;',
        },
      ],
    ],
  },
];

testRows(ROWS);
