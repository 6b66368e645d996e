import { expect, test } from 'vitest';
import { ask, COMPUTE, CoreWorld, perform } from './core-world.test-helper.ts';
import { describeDeadlock } from './deadlock.ts';
import type { Thread } from './thread.ts';
import type { Action } from './user-code.ts';

function deadlockOf(world: CoreWorld): string {
  expect(world.core.run()).toBe('deadlock');
  return describeDeadlock(world.core, world.semaphores);
}

test('two threads that take two semaphores crosswise wait for each other', () => {
  const world = new CoreWorld();
  const [a, b] = [world.semaphore(1), world.semaphore(1)];
  const takes = (first: typeof a, second: typeof a): Action[] => [
    ask({ name: 'down', semaphore: first }),
    ask({ name: 'yield' }),
    ask({ name: 'down', semaphore: second }),
  ];
  world.process(() => perform(...takes(a, b)));
  world.process(() => perform(...takes(b, a)));
  // A third one waits as well, and is in no circle.
  world.process(() => perform(COMPUTE, ask({ name: 'down', semaphore: a })));
  expect(deadlockOf(world)).toBe(
    't0 waits for s1, which t1 keeps; t1 waits for s0, which t0 keeps',
  );
});

test('a circle is found behind a thread that only leads there', () => {
  const world = new CoreWorld();
  const lock = world.semaphore(1);
  const joined: Thread[] = [];
  world.process(function* leads() {
    yield ask({ name: 'join', thread: joined[0]! });
  });
  joined.push(
    world.process(function* holds() {
      yield ask({ name: 'down', semaphore: lock });
      yield ask({ name: 'join', thread: joined[1]! });
    }),
    world.process(() => perform(COMPUTE, ask({ name: 'down', semaphore: lock }))),
  );
  expect(deadlockOf(world)).toBe(
    't1 waits for the end of t2, which t2 keeps; t2 waits for s0, which t1 keeps',
  );
});

test('a thread may wait for its own end', () => {
  const world = new CoreWorld();
  world.process(function* self(thread) {
    yield ask({ name: 'join', thread });
  });
  expect(deadlockOf(world)).toBe('t0 waits for the end of t0, which t0 keeps');
});

test('without a circle it says what each waits for', () => {
  const world = new CoreWorld();
  const [gate, queue] = [world.semaphore(0), world.queue(1)];
  world.process(() => perform(ask({ name: 'down', semaphore: gate })));
  world.process(() => perform(ask({ name: 'receive', queue })));
  expect(deadlockOf(world)).toBe('t0 waits for s0; t1 waits for q0 to have a message');
});

test('of a row of threads without a circle it says what each waits for as well', () => {
  const world = new CoreWorld();
  const [lock, queue] = [world.semaphore(1), world.queue(1)];
  world.process(() =>
    perform(ask({ name: 'down', semaphore: lock }), ask({ name: 'receive', queue })),
  );
  world.process(() => perform(ask({ name: 'down', semaphore: lock })));
  expect(deadlockOf(world)).toBe('t0 waits for q0 to have a message; t1 waits for s0');
});

test('a thread that is ready waits for nothing', () => {
  const world = new CoreWorld();
  world.process(() => perform(COMPUTE));
  expect(describeDeadlock(world.core, [])).toBe('t0 waits for nothing');
});
