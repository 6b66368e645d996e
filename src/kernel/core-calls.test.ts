import { expect, test } from 'vitest';
import { answerCall } from './core-calls.ts';
import {
  ask,
  BASE,
  COMPUTE,
  compute,
  CoreWorld,
  mapPages,
  perform,
  store,
} from './core-world.test-helper.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import type { Action, Call, UserCode } from './user-code.ts';

/** Answers to the calls that a program makes, one after the other. */
function answersTo(calls: readonly Call[], world = new CoreWorld()): unknown[] {
  const answers: unknown[] = [];
  world.process(function* program() {
    for (const call of calls) answers.push(yield ask(call));
  });
  expect(world.core.run()).toBe('all ended');
  return answers;
}

test('calls for memory answer as the address space does', () => {
  const answers = answersTo([
    { name: 'mmap', request: { address: BASE, size: 2 * PAGE } },
    { name: 'mmap', request: { address: BASE, size: 1 } },
    { name: 'mprotect', address: BASE, size: 1, protection: 'read' },
    { name: 'mprotect', address: BASE + 9 * PAGE, size: 1, protection: 'read' },
    { name: 'munmap', address: BASE, size: 2 * PAGE },
    { name: 'munmap', address: 1, size: 1 },
    { name: 'brk', increment: 5 },
    { name: 'brk', increment: 0 },
  ]);
  const start = 2 ** 47 / 8;
  const calls = [BASE, 'EEXIST', 'done', 'ENOMEM', 'done', 'EINVAL', start, start + 5];
  expect(answers).toEqual(calls);
});

test('exit ends a thread at once, and yield lets others go first', () => {
  const world = new CoreWorld();
  const order: string[] = [];
  const says = (word: string): Action => {
    order.push(word);
    return COMPUTE;
  };
  world.process(function* first() {
    yield says('a');
    yield ask({ name: 'yield' });
    yield says('b');
    yield ask({ name: 'exit' });
    yield says('never');
  });
  world.process(function* second() {
    yield says('c');
  });
  world.core.run();
  expect(order).toEqual(['a', 'c', 'b']);
});

function code(): UserCode {
  return compute(1);
}

test('spawn answers with a number, or that there is no room', () => {
  const world = new CoreWorld({ kernel: { framesCount: 12 } });
  const answers: unknown[] = [];
  world.process(function* parent() {
    answers.push(yield ask({ name: 'spawn', request: { as: 'thread', code } }));
    answers.push(yield ask({ name: 'spawn', request: { as: 'process', code } }));
    answers.push(yield ask({ name: 'spawn', request: { as: 'process', code } }));
    answers.push(yield ask({ name: 'spawn', request: { as: 'thread', code, stackSize: 2 ** 60 } }));
  });
  // A process takes a root, three tables and a stack: five of 12 frames, and one more for the thread.
  expect(world.core.run()).toBe('all ended');
  expect(answers).toEqual([1, 2, 'ENOMEM', 'ENOMEM']);
});

test('join waits for the end of a thread, and not for one that has ended', () => {
  const world = new CoreWorld();
  const order: string[] = [];
  const worker = world.process(() => compute(3));
  for (const name of ['a', 'b'])
    world.process(function* joins() {
      yield ask({ name: 'join', thread: worker });
      order.push(`${name} at ${world.core.clock}`);
      yield ask({ name: 'join', thread: worker });
      yield COMPUTE;
    });
  // They ask first.
  world.core.scheduler.add(world.core.scheduler.take(0)!, 'new', 0);
  world.core.run();
  expect(order).toEqual(['a at 3', 'b at 4']);
  expect(world.core.switches.join).toBe(2);
});

test('a quantum and a policy are those that were asked for last, from the next slice on', () => {
  const world = new CoreWorld({ quantum: 4 });
  const calls: readonly Call[] = [
    { name: 'quantum', ticks: 2 },
    { name: 'policy', policy: 'mlfq' },
  ];
  const strikes: number[] = [];
  world.onStep = (step) => {
    if (step === 'save') strikes.push(world.core.clock);
  };
  world.process(() => perform(...calls.map(ask), ...compute(20)));
  world.core.run();
  // On the levels of the feedback queue slices are 2, 4 and 8 long; the first slice was granted before.
  expect(strikes).toEqual([4, 8, 16]);
});

test('under Mesa a woken thread that comes too late waits again', () => {
  const world = new CoreWorld();
  const semaphore = world.semaphore(0, 'mesa');
  const order: string[] = [];
  world.process(function* late() {
    yield ask({ name: 'down', semaphore });
    order.push(`late at ${world.core.clock}`);
    yield COMPUTE;
  });
  world.process(function* ups() {
    yield ask({ name: 'up', semaphore });
    // The unit goes before the one that was woken for it has run.
    yield ask({ name: 'down', semaphore });
    yield ask({ name: 'sleep', ticks: 7 });
    yield ask({ name: 'up', semaphore });
  });
  expect(world.core.run()).toBe('all ended');
  expect(order).toEqual(['late at 7']);
  expect([world.core.switches.semaphore, semaphore.downsCount]).toEqual([2, 2]);
  expect(world.problems()).toEqual({});
});

test('a receiver that waits gets the message as its answer', () => {
  const world = new CoreWorld();
  const queue = world.queue(1);
  const received: unknown[] = [];
  world.process(function* receives() {
    for (let round = 0; round < 3; round += 1) received.push(yield ask({ name: 'receive', queue }));
  });
  const sends = [1, 2, 3].map((message) => ask({ name: 'send', queue, message }));
  world.process(() => perform(...sends));
  expect(world.core.run()).toBe('all ended');
  expect(received).toEqual([1, 2, 3]);
});

test('a call that is none is a bug of the kit', () => {
  const world = new CoreWorld();
  const thread = world.process(() => perform(mapPages(1), store(BASE, 1)));
  const activity = world.core.activities.get(thread)!;
  const call: Call = Object({ name: 'fork' });
  expect(() => answerCall(world.core, activity, call)).toThrow('no case is left for');
});
