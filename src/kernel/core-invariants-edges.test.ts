/** What the invariants of threads let pass, and what is just too much. */
import { describe, expect, test } from 'vitest';
import { CORE_INVARIANTS } from './core-invariants.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import type { Thread } from './thread.ts';
import { Workshop } from './workshop.test-helper.ts';

test('a ready thread in a queue is found, though it does not say that it waits', () => {
  const { gate, ready, world } = new Workshop();
  gate.waiters.add(ready);
  ready.state = 'ready';
  ready.waitsIn = undefined;
  expect(world.problems()).toEqual({
    'blocked-thread-waits-once': 't9 is ready and waits in 1 queues (s0)',
  });
});

describe('saved registers', () => {
  const places: readonly [string, (thread: Thread) => number, boolean][] = [
    ['below their stack', ({ stack }) => stack.start - 8, false],
    ['at its start', ({ stack }) => stack.start, true],
    ['at its end', ({ stack }) => stack.end - 8, false],
  ];

  test.each(places)('%s', (_, place, isRight) => {
    const { waiting, world } = new Workshop();
    waiting.gate.savedSp = place(waiting.gate);
    expect('registers-lie-on-their-stack' in world.problems()).toBe(!isRight);
  });

  test('of a thread that runs are nowhere', () => {
    const { running, world } = new Workshop();
    running.savedSp = 0;
    expect(world.problems()).toEqual({});
  });
});

test('what is mapped away from the stacks is no business of theirs', () => {
  const { running, world } = new Workshop();
  const { space } = world.core.activities.get(running)!.process;
  expect(space.mmap({ size: PAGE })).toEqual(expect.any(Number));
  expect(world.problems()).toEqual({});
});

/** What an invariant says of a core and what its threads wait for, of which it sees these parts. */
function says(name: string, parts: Readonly<Record<string, unknown>>): string | undefined {
  return CORE_INVARIANTS.find((each) => each.name === name)!.check(Object(parts));
}

test.each([
  [[1, 2, 2], 1, undefined],
  [[1, 3, 2], 1, 'the alarm for tick 2 stands behind the one for tick 3'],
  [[1, 2], 2, 't8 had a tick until 2, an alarm was due at 1'],
] as const)('alarms for ticks %j, and a tick until %d', (times, lastTickAt, problem) => {
  const core = { alarms: { times, dueAt: times[0] }, current: { id: 8, lastTickAt } };
  expect(says('alarms-ring-in-order', { core })).toBe(problem);
});

describe('a semaphore for which a thread waits', () => {
  const waiters = { name: 's0', threads: [{}] };
  const tries = { name: 'down', semaphore: { waiters } };

  test.each([
    ['handed off at 0', 'hand-off', 0, 'ready', tries, undefined],
    [
      'handed off at 1, where one tries',
      'hand-off',
      1,
      'ready',
      tries,
      's0 is 1, 1 threads wait and 1 try',
    ],
    ['at 0, where one tries', 'mesa', 0, 'ready', tries, undefined],
    ['at 1, where one tries', 'mesa', 1, 'ready', tries, undefined],
    ['at 2, where one tries', 'mesa', 2, 'ready', tries, 's0 is 2, 1 threads wait and 1 try'],
    [
      'at 1, where nobody tries',
      'mesa',
      1,
      'ready',
      undefined,
      's0 is 1, 1 threads wait and 0 try',
    ],
    ['at 1, where one tried', 'mesa', 1, 'running', tries, 's0 is 1, 1 threads wait and 0 try'],
    [
      'at 1, where one tries another',
      'mesa',
      1,
      'ready',
      { name: 'down', semaphore: { waiters: { ...waiters } } },
      's0 is 1, 1 threads wait and 0 try',
    ],
  ])('%s', (_, kind, value, state, pending, problem) => {
    const core = { activities: new Map([['t1', { pending, thread: { state } }]]) };
    expect(says('no-wake-up-is-lost', { core, semaphores: [{ kind, value, waiters }] })).toBe(
      problem,
    );
  });
});

test.each([
  [5, 2, 4, true],
  [5, 2, 0, false],
  [5, 5, 2, true],
  [5, 6, 3, false],
])(
  'a queue of %d that reads behind 1 and counts %d writes at %d: %s',
  (capacity, count, write, isRight) => {
    const contents = Array.from({ length: count }, (_, index) => 7 + index);
    const queue = { capacity, contents, count, read: 1, receivedCount: 7, write };
    expect(says('ring-is-consistent', { queues: [queue] }) === undefined).toBe(isRight);
  },
);

test('a device has no request more than threads that wait for it', () => {
  const thread = {};
  const device = {
    dueAt: 5,
    served: thread,
    waiters: { name: 'disk', threads: [thread], first: thread },
  };
  const problems = [1, 2].map((requestsCount) =>
    says('request-completes-once', { core: { devices: [{ ...device, requestsCount }] } }),
  );
  expect(problems).toEqual([undefined, 'disk has 2 requests and 1 threads that wait']);
});
