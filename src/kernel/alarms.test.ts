import { expect, test } from 'vitest';
import { Alarms } from './alarms.ts';
import { looseThreads } from './core-world.test-helper.ts';

test('alarms go off in the order of their times, those of one time in the order in which they were set', () => {
  const [a, b, c, d] = looseThreads(4);
  const alarms = new Alarms();
  expect([alarms.dueAt, alarms.take(), alarms.queues]).toEqual([Infinity, undefined, []]);
  for (const [thread, dueAt] of [
    [a!, 30],
    [b!, 10],
    [c!, 30],
    [d!, 20],
  ] as const)
    alarms.set(thread, dueAt);
  expect(alarms.queues.map(({ name, threads }) => [name, threads])).toEqual([
    ['tick 10', [b]],
    ['tick 20', [d]],
    ['tick 30', [a]],
    ['tick 30', [c]],
  ]);
  expect([a!.state, a!.waitsIn?.name]).toEqual(['blocked', 'tick 30']);
  const taken = [1, 2, 3, 4].map(() => [alarms.dueAt, alarms.take()]);
  expect(taken).toEqual([
    [10, b],
    [20, d],
    [30, a],
    [30, c],
  ]);
  expect([alarms.dueAt, a!.waitsIn]).toEqual([Infinity, undefined]);
});

test('alarms that were cleared never go off', () => {
  const alarms = new Alarms();
  alarms.set(looseThreads(1)[0]!, 5);
  alarms.clear();
  expect([alarms.dueAt, alarms.take()]).toEqual([Infinity, undefined]);
});
