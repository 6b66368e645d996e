import { expect, test } from 'vitest';
import { Alarms } from './alarms.ts';
import { looseThreads, planted } from './core-world.test-helper.ts';
import { Workshop } from './workshop.test-helper.ts';

test('alarms go off in the order of their times, those of one time in the order in which they were set', () => {
  const [a, b, c, d] = looseThreads(4);
  const alarms = new Alarms();
  expect([alarms.dueAt, alarms.take(), alarms.queues]).toEqual([Infinity, undefined, []]);
  expect(alarms.times).toEqual([]);
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
  expect(alarms.times).toEqual([10, 20, 30, 30]);
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

test('S12: an alarm behind a later one is told, where those that are set later stand in front', async () => {
  const find = 'alarm.dueAt > dueAt';
  const replace = 'alarm.dueAt < dueAt';
  const modules = await planted([{ module: 'kernel/alarms', find, replace }]);
  const { waiting, world } = new Workshop({}, modules);
  waiting.gate.waitsIn?.remove(waiting.gate);
  world.core.alarms.set(waiting.gate, 300);
  const [later, sooner] = world.core.alarms.times;
  expect(world.problems()).toEqual({
    'alarms-ring-in-order': `the alarm for tick ${sooner} stands behind the one for tick ${later}`,
  });
});
