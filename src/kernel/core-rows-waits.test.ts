/**
 * The rows of the note on what threads wait for: each holds, and planted lines break it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025, "Page Table follow-up: Context Switches".
 */
import { expect } from 'vitest';
import { Prng } from '../base/prng.ts';
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
import type { Thread } from './thread.ts';
import type { Call, UserCode } from './user-code.ts';

const KINDS = ['hand-off', 'mesa'] as const;

/** Downs and ups at random by three threads, each of which gives back what it took. */
function downsAndUps(modules: CoreModules, kind: (typeof KINDS)[number], seed: number): void {
  const prng = new Prng(seed);
  const initial = prng.between(1, 2);
  const world = new CoreWorld({ quantum: prng.between(1, 5) }, modules);
  const semaphore = world.semaphore(initial, kind);
  let inside = 0;
  const wrong: string[] = [];
  function* program(): UserCode {
    for (let round = 0; round < 6; round += 1) {
      yield* compute(prng.below(4));
      yield ask({ name: 'down', semaphore });
      inside += 1;
      if (inside > initial) wrong.push(`${inside} are inside`);
      yield* compute(prng.below(6));
      inside -= 1;
      yield ask({ name: 'up', semaphore });
    }
  }
  world.onStep = () => {
    const { downsCount, upsCount, value } = semaphore;
    if (value < 0 || value !== initial + upsCount - downsCount) wrong.push(`the value is ${value}`);
  };
  world.team('thread', [program, program, program]);
  expect(world.core.run()).toBe('all ended');
  expect(wrong).toEqual([]);
  expect([semaphore.value, semaphore.upsCount, semaphore.downsCount]).toEqual([initial, 18, 18]);
  expect(world.problems()).toEqual({});
}

/** For each way to wait, a call that waits, and what ends that wait. */
function waysToWait(world: CoreWorld): readonly (readonly [Call, Call | undefined])[] {
  const semaphore = world.semaphore(0);
  const full = world.queue(1);
  full.send(1);
  const empty = world.queue(1);
  return [
    [{ name: 'sleep', ticks: 5 }, undefined],
    [{ name: 'io', device: world.device(), ticks: 5 }, undefined],
    [
      { name: 'down', semaphore },
      { name: 'up', semaphore },
    ],
    [
      { name: 'receive', queue: empty },
      { name: 'send', queue: empty, message: 4 },
    ],
    [
      { name: 'send', queue: full, message: 2 },
      { name: 'receive', queue: full },
    ],
  ];
}

/** A thread that waits by a call, and another that works, and then ends the wait if nothing else does. */
function waitOnce(modules: CoreModules, way: number): CoreWorld {
  const world = new CoreWorld({ quantum: 100 }, modules);
  const [call, end] = way < 5 ? waysToWait(world)[way]! : [undefined, undefined];
  const other = world.process(function* works() {
    yield* compute(9);
    if (end !== undefined) yield ask(end);
  });
  world.process(() => perform(ask(call ?? { name: 'join', thread: other }), COMPUTE));
  world.core.scheduler.add(world.core.scheduler.take(0)!, 'new', 0);
  return world;
}

/** How a program waits for something that takes time, and what all of it costs. */
interface Wait {
  readonly by: 'sleep' | 'spin';
  readonly ticks: number;
  readonly quantum: number;
  readonly switchTicks: number;
}

const WORK_TICKS = 200;
const PAGES = 3;

/** Time that a wait and the work of another program take together: ticks, and one for each entry read by a walk. */
function timeOf({ by, quantum, switchTicks, ticks }: Wait, modules: CoreModules): number {
  const world = new CoreWorld(
    { quantum, ticks: { call: 0, interrupt: 0, switch: switchTicks } },
    modules,
  );
  const { core, kernel } = world;
  world.process(function* waits() {
    yield mapPages(PAGES);
    for (let page = 0; page < PAGES; page += 1) yield store(BASE + page * 4096, 1);
    const due = core.clock + ticks;
    if (by === 'sleep') yield ask({ name: 'sleep', ticks });
    while (core.clock < due) yield COMPUTE;
    for (let page = 0; page < PAGES; page += 1) yield load(BASE + page * 4096);
  });
  world.process(() => compute(WORK_TICKS));
  expect(core.run()).toBe('all ended');
  const walks = kernel.mmu.meter.translationReads.reduce((sum, reads) => sum + reads, 0);
  return core.clock + walks;
}

const ROWS: readonly CoreRow[] = [
  {
    row: 'R15',
    says: 'down at 0 waits, up wakes exactly one, and the value is the initial one and ups less downs, never negative',
    check: (modules) => {
      for (const kind of KINDS) {
        const world = new CoreWorld({ quantum: 100 }, modules);
        const semaphore = world.semaphore(0, kind);
        const { core } = world;
        const waiters = world.team('process', [
          () => perform(ask({ name: 'down', semaphore }), COMPUTE),
          () => perform(ask({ name: 'down', semaphore }), COMPUTE),
        ]);
        const states = (): string[] => waiters.map(({ state }) => state);
        world.process(function* ups() {
          expect(states()).toEqual(['blocked', 'blocked']);
          yield ask({ name: 'up', semaphore });
          expect(states()).toEqual(['ready', 'blocked']);
          yield ask({ name: 'up', semaphore });
          expect(states()).toEqual(['ready', 'ready']);
          yield ask({ name: 'up', semaphore });
        });
        expect(core.run()).toBe('all ended');
        expect([core.switches.semaphore, semaphore.value]).toEqual([2, 1]);
        for (let seed = 0; seed < 5; seed += 1) downsAndUps(modules, kind, seed);
      }
    },
    plants: [
      [
        {
          module: 'kernel/semaphore',
          find: 'if (this.#value === 0)',
          replace: 'if (this.#value === -1)',
        },
      ],
      [
        {
          module: 'kernel/semaphore',
          find: 'const woken = this.waiters.take();',
          replace: 'this.waiters.take(); const woken = this.waiters.take();',
        },
      ],
    ],
  },
  {
    row: 'R16',
    says: 'who sends to a full queue or receives from an empty one waits; what was sent arrives once and in order',
    check: (modules) => {
      for (let seed = 0; seed < 10; seed += 1) {
        const prng = new Prng(seed);
        const world = new CoreWorld({ quantum: prng.between(1, 5) }, modules);
        const queue = world.queue(prng.between(1, 4));
        const sent: number[] = [];
        const received: unknown[] = [];
        function* sends(): UserCode {
          for (let round = 0; round < 12; round += 1) {
            yield* compute(prng.below(4));
            // Between this line and the call nobody else runs.
            sent.push(sent.length);
            yield ask({ name: 'send', queue, message: sent.length - 1 });
          }
        }
        const wrong: string[] = [];
        world.onStep = (step, thread) => {
          const { capacity, count, receivers, senders } = queue;
          if (count < 0 || count > capacity) wrong.push(`${count} of ${capacity} messages`);
          if (step !== 'pick' || thread !== undefined) return;
          // Nobody is ready: whoever has not ended waits for a reason.
          if (count > 0 && receivers.first !== undefined)
            wrong.push('a message waits, and a thread for one');
          if (count < capacity && senders.first !== undefined)
            wrong.push('room waits, and a thread for some');
        };
        world.team('thread', [
          sends,
          sends,
          function* receives(): UserCode {
            for (let round = 0; round < 24; round += 1) {
              yield* compute(prng.below(8));
              received.push(yield ask({ name: 'receive', queue }));
            }
          },
        ]);
        expect(world.core.run()).toBe('all ended');
        expect(received).toEqual(sent);
        expect(wrong).toEqual([]);
        expect([queue.sentCount, queue.receivedCount, queue.count]).toEqual([24, 24, 0]);
        expect(world.problems()).toEqual({});
      }
    },
    plants: [
      [
        {
          module: 'kernel/message-queue',
          find: 'this.#unsent.shift()',
          replace: 'this.#unsent.pop()',
        },
      ],
      [
        {
          module: 'kernel/message-queue',
          find: 'if (this.count === this.capacity)',
          replace: 'if (this.count === this.capacity - 1)',
        },
      ],
    ],
  },
  {
    row: 'R17',
    says: 'who asks a device is not ready before the interrupt that completes its own request',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 100 }, modules);
      const { core } = world;
      const device = world.device();
      const doneAt: (readonly [number, number])[] = [];
      function* asks(thread: Thread): UserCode {
        yield ask({ name: 'io', device, ticks: 10 - 5 * thread.id });
        doneAt.push([thread.id, core.clock]);
      }
      const askers = world.team('process', [asks, asks]);
      const readyAt = new Map<Thread, number>();
      world.process(function* works() {
        for (let tick = 1; tick <= 30; tick += 1) {
          yield COMPUTE;
          for (const thread of askers) {
            const isReady = core.scheduler.ready.includes(thread);
            expect(isReady).toBe(thread.state === 'ready');
            if (isReady && !readyAt.has(thread)) readyAt.set(thread, tick);
          }
        }
      });
      expect(core.run()).toBe('all ended');
      // One request after the other: the second one begins at 10.
      expect([...readyAt.values()]).toEqual([10, 15]);
      expect(doneAt).toEqual([
        [0, 30],
        [1, 30],
      ]);
      expect(device.completedCount).toBe(2);
    },
    plants: [
      [
        {
          module: 'kernel/device',
          find: 'return this.waiters.take();',
          replace:
            'const last = this.waiters.threads.at(-1); this.waiters.remove(last); return last;',
        },
      ],
      [{ module: 'kernel/device', find: 'now + next.ticks', replace: 'now' }],
    ],
  },
  {
    row: 'R18',
    says: 'sleeping, joining, semaphores, queues and devices make a thread wait by one and the same switch',
    check: (modules) => {
      for (const way of [0, 1, 2, 3, 4, 5]) {
        const world = waitOnce(modules, way);
        const waiter = [...world.core.activities.keys()][1]!;
        world.onStep = (step) => {
          if (step !== 'set-root' || waiter.userTicks > 0) return;
          if (waiter.state === 'blocked') expect(world.core.scheduler.ready).not.toContain(waiter);
        };
        expect(world.core.run()).toBe('all ended');
        const begin = ['pick t1', 'set-root t1', 'load t1', 'return t1'];
        const away = ['enter t1', 'save t1', 'pick t0', 'set-root t0', 'load t0', 'return t0'];
        expect(world.steps.slice(0, 10), `way ${way}`).toEqual([...begin, ...away]);
        expect(world.problems()).toEqual({});
        // The other one has worked for 9 ticks before the one that waits works for one.
        expect([waiter.userTicks, waiter.lastTickAt]).toEqual([1, 10]);
      }
    },
    plants: [
      [
        {
          module: 'kernel/core-calls',
          find: "return leave('sleep', () => core.alarms.set(thread, core.clock + call.ticks));",
          replace: 'return DONE;',
        },
      ],
      [
        {
          module: 'kernel/core-calls',
          find: "waitIn(core.activities.get(call.thread)?.joiners, thread, 'join')",
          replace: 'DONE',
        },
      ],
    ],
  },
  {
    row: 'R19',
    says: 'who waits blocked gets no tick and no turn, who waits spinning burns its slices',
    check: (modules) => {
      for (const by of ['down', 'spin'] as const) {
        const world = new CoreWorld({ quantum: 5 }, modules);
        const semaphore = world.semaphore(0);
        let turns = 0;
        let ended = false;
        const door = { isOpen: by === 'down' };
        const [waiter, worker] = world.team('process', [
          function* waits(): UserCode {
            if (by === 'down') yield ask({ name: 'down', semaphore });
            while (!door.isOpen) yield COMPUTE;
          },
          function* works(): UserCode {
            yield* compute(100);
            door.isOpen = true;
            ended = true;
            yield ask({ name: 'up', semaphore });
          },
        ]);
        world.onStep = (step, thread) => {
          if (step === 'load' && thread === waiter && !ended) turns += 1;
        };
        expect(world.core.run()).toBe('all ended');
        // To work for 100 ticks takes 20 slices. The one that spins has one before each of them, and one more before
        // the call that ends its wait.
        expect([waiter!.userTicks, turns]).toEqual(by === 'down' ? [0, 1] : [105, 21]);
        expect(worker!.lastTickAt).toBe(by === 'down' ? 100 : 200);
      }
    },
    plants: [
      [
        {
          module: 'kernel/core-calls',
          find: 'semaphore.waiters.add(thread);',
          replace: 'core.giveWay(thread); activity.pending = call; return;',
        },
      ],
    ],
  },
  {
    row: 'R19',
    says: 'blocking does no less useful work than spinning once the wait exceeds two switches and the refill of the TLB',
    check: (modules) => {
      for (const quantum of [20, 1000])
        for (const switchTicks of [0, 10, 50]) {
          // Four entries for each page that either program uses, and for their stacks.
          const refill = 4 * (PAGES + 2);
          const enough = 2 * switchTicks + refill;
          const lengths = [
            0,
            switchTicks,
            ...Array.from({ length: 8 }, (_, at) => enough + at * at),
          ];
          const saved = lengths.map((ticks) => {
            const wait = { quantum, switchTicks, ticks };
            return (
              timeOf({ ...wait, by: 'spin' }, modules) - timeOf({ ...wait, by: 'sleep' }, modules)
            );
          });
          expect(saved.slice(2).filter((ticks) => ticks < 0)).toEqual([]);
          // A wait that is no longer than the switch away from it is better spun through.
          if (quantum === 1000) expect(Math.max(...saved.slice(0, 2))).toBeLessThan(0);
        }
    },
    plants: [
      [
        {
          module: 'kernel/core-calls',
          find: 'core.clock + call.ticks)',
          replace: 'core.clock + 20 * call.ticks)',
        },
      ],
    ],
  },
];

testRows(ROWS);
