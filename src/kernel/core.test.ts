import { describe, expect, test } from 'vitest';
import {
  ask,
  BASE,
  COMPUTE,
  compute,
  CoreWorld,
  load,
  mapPages,
  perform,
  store,
} from './core-world.test-helper.ts';
import { Core } from './core.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import { Kernel } from './kernel.ts';
import type { UserCode } from './user-code.ts';

describe('a core', () => {
  test('has turns of 10 ticks and work of the kernel that takes none, unless told otherwise', () => {
    const core = new Core(new Kernel());
    expect([core.quantum, core.scheduler.policy]).toEqual([10, 'rr']);
    core.boot({ code: () => compute(25) });
    expect(core.run()).toBe('all ended');
    expect([core.clock, core.timerStrikes]).toEqual([25, 2]);
    expect(core.accounts).toEqual({ user: 25, kernel: 0, switching: 0, idle: 0 });
  });

  test('boots nobody where there is no frame', () => {
    const core = new Core(new Kernel({ framesCount: 4 }));
    expect(core.boot({ code: () => compute(1) })).toBeUndefined();
    expect([core.run(), core.kernel.frames.owned()]).toEqual(['all ended', []]);
  });

  test('accounts for what the kernel does', () => {
    const world = new CoreWorld({ quantum: 4, ticks: { call: 2, interrupt: 3, switch: 5 } });
    const device = world.device();
    world.process(() => perform(ask({ name: 'io', device, ticks: 20 }), COMPUTE));
    world.process(() => perform(ask({ name: 'sleep', ticks: 30 }), COMPUTE));
    world.process(() => compute(5));
    expect(world.core.run()).toBe('all ended');
    // Two calls; three interrupts, of timer, device and alarm; a switch to the second thread, to the third, and to
    // each of the first two when it wakes. The first one is done at 31, and the second one sleeps from 9 to 39.
    expect(world.core.accounts).toEqual({ user: 7, kernel: 4 + 9, switching: 20, idle: 8 });
    expect(world.core.switches).toMatchObject({ io: 1, sleep: 1, preemption: 0, exit: 2 });
    expect(world.problems()).toEqual({});
  });

  test('wakes who is due when the interrupt of a device is over, before a program goes on', () => {
    const world = new CoreWorld({ ticks: { call: 0, interrupt: 3, switch: 0 } });
    const device = world.device();
    world.process(() => perform(ask({ name: 'io', device, ticks: 4 }), COMPUTE));
    world.process(() => perform(ask({ name: 'sleep', ticks: 5 }), COMPUTE));
    world.process(function* looks() {
      for (let tick = 0; tick < 9; tick += 1) {
        yield COMPUTE;
        expect(world.core.alarms.dueAt).toBeGreaterThan(world.core.clock);
      }
    });
    expect(world.core.run()).toBe('all ended');
    expect(world.core.accounts).toEqual({ user: 11, kernel: 6, switching: 0, idle: 0 });
  });

  test('counts switches by their reason, and none where a thread goes on', () => {
    const world = new CoreWorld({ quantum: 2 });
    world.process(() => perform(COMPUTE, COMPUTE, COMPUTE, ask({ name: 'yield' }), COMPUTE));
    world.core.run();
    expect(Object.values(world.core.switches).every((count) => count === 0)).toBe(true);
    expect([world.core.timerStrikes, world.core.rootsSet]).toEqual([1, 1]);
    world.process(() => perform(ask({ name: 'yield' }), COMPUTE));
    world.process(() => compute(3));
    world.core.run();
    expect(world.core.switches).toMatchObject({ exit: 2, yield: 1, preemption: 1 });
  });

  test('counts the ticks that it idles although a thread is ready', () => {
    const world = new CoreWorld();
    const { core } = world;
    world.process(() => perform(ask({ name: 'sleep', ticks: 5 })));
    world.process(() => compute(1));
    const { scheduler } = core;
    let takesCount = 0;
    const take = scheduler.take.bind(scheduler);
    scheduler.take = (now) => {
      takesCount += 1;
      return takesCount === 2 ? undefined : take(now);
    };
    core.run();
    expect([core.accounts.idle, core.idleWhileReady]).toEqual([5, 5]);
  });

  test('counts the calls of its threads by name, one that waits once', () => {
    const world = new CoreWorld();
    const gate = world.semaphore(0, 'mesa');
    world.process(() => perform(ask({ name: 'down', semaphore: gate }), ask({ name: 'yield' })));
    world.process(() => perform(ask({ name: 'yield' }), ask({ name: 'up', semaphore: gate })));
    world.core.run();
    const { calls } = world.core;
    expect(Object.entries(calls).filter(([, count]) => count !== 0)).toEqual([
      ['yield', 2],
      ['down', 1],
      ['up', 1],
    ]);
  });

  test('gives a program what it loaded through a register, and what it asked for past them', () => {
    const world = new CoreWorld({ quantum: 1 });
    const answers: unknown[] = [];
    world.process(function* program() {
      answers.push(yield mapPages(1), yield store(BASE, 300, 2), yield load(BASE, 2));
      answers.push(yield COMPUTE, yield ask({ name: 'brk', increment: 0 }));
    });
    world.core.run();
    expect(answers).toEqual([BASE, undefined, 300, undefined, expect.any(Number)]);
  });

  test('stops when it is told to, and goes on later', () => {
    const world = new CoreWorld();
    const thread = world.process(function* program() {
      yield COMPUTE;
      world.core.stop();
      yield COMPUTE;
      yield COMPUTE;
    });
    expect([world.core.run(), thread.userTicks, thread.state]).toEqual(['stopped', 2, 'running']);
    expect([world.core.run(), thread.userTicks, thread.state]).toEqual(['all ended', 3, 'ended']);
  });
});

describe('a thread that faults', () => {
  test('hears why, and ends', () => {
    const world = new CoreWorld();
    const heard: unknown[] = [];
    const thread = world.process(function* program() {
      try {
        yield load(BASE);
      } catch (error) {
        heard.push(error);
        // Nobody performs this any more.
        yield COMPUTE;
      }
    });
    expect(world.core.run()).toBe('all ended');
    expect(String(heard)).toBe('ThreadFault: not-mapped');
    expect([thread.fault, thread.userTicks, thread.state]).toEqual(['not-mapped', 1, 'ended']);
    expect([...world.kernel.spaces]).toEqual([]);
  });

  test('and has a bug of its own shows that', () => {
    const world = new CoreWorld();
    const bug = new Error('a bug in the program');
    world.process(function* program() {
      try {
        yield load(BASE);
      } catch {
        throw bug;
      }
    });
    expect(() => world.core.run()).toThrow(bug);
  });

  test('ends when a sibling took its stack away, in whatever order, and nobody else does', () => {
    const world = new CoreWorld({ quantum: 2 });
    const [thief, victim, bystander] = world.team('thread', [
      function* steals(): UserCode {
        const { end, start } = victim!.stack;
        yield ask({ name: 'munmap', address: start, size: end - start });
        yield* compute(5);
      },
      () => compute(5),
      () => compute(5),
    ]);
    expect(world.core.run()).toBe('all ended');
    expect([thief!.fault, victim!.fault, bystander!.fault]).toEqual([
      undefined,
      'not-mapped',
      undefined,
    ]);
    expect([victim!.userTicks, bystander!.userTicks]).toEqual([0, 5]);
    // No step of it was out of order, and what was not loaded is not held against what was saved.
    expect(world.problems()).toEqual({});
  });

  test('ends when its own stack is gone at a call that waits, and does not wait', () => {
    const world = new CoreWorld();
    const semaphore = world.semaphore(0);
    const thread = world.process(function* program(self) {
      const { end, start } = self.stack;
      yield ask({ name: 'munmap', address: start, size: end - start });
      yield ask({ name: 'down', semaphore });
    });
    expect(world.core.run()).toBe('all ended');
    expect([thread.fault, semaphore.waiters.first]).toEqual(['not-mapped', undefined]);
    expect(world.problems()).toEqual({});
  });
});

test('a core that is shut down has nothing left, and may be used again', () => {
  const world = new CoreWorld({ policy: 'mlfq', quantum: 3 });
  const { core, kernel } = world;
  const semaphore = world.semaphore(0);
  const device = world.device();
  const [first] = world.team('thread', [
    () => perform(ask({ name: 'sleep', ticks: 50 })),
    () => perform(ask({ name: 'down', semaphore })),
    () => perform(ask({ name: 'io', device, ticks: 50 })),
    function* stops(): UserCode {
      yield COMPUTE;
      core.stop();
      yield* compute(9);
    },
  ]);
  world.process(() => compute(9));
  expect(core.run()).toBe('stopped');
  core.shutDown();
  expect([core.current, core.scheduler.ready, core.activities.size]).toEqual([undefined, [], 0]);
  expect([core.processes.size, core.dying, core.devices.size]).toEqual([0, [], 0]);
  expect([core.alarms.dueAt, semaphore.waiters.first]).toEqual([Infinity, undefined]);
  expect([first!.state, kernel.frames.owned(), core.scheduler.policy]).toEqual([
    'ended',
    [],
    'mlfq',
  ]);
  const { clock } = core;
  const last = world.process(() => compute(4));
  expect([core.run(), core.clock - clock, last.userTicks]).toEqual(['all ended', 4, 4]);
  expect(core.switches.yield + core.switches.exit).toBe(0);
  expect(world.problems()).toEqual({});
});

test('the last process gives its memory back while nobody runs', () => {
  const world = new CoreWorld();
  world.process(() => perform(mapPages(1), store(BASE + PAGE - 1, 1)));
  world.core.run();
  expect([world.kernel.mmu.root, world.kernel.frames.owned()]).toEqual([-1, []]);
});
