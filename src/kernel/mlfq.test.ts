// Source of the rules: Arpaci-Dusseau, "Scheduling: The Multi-Level Feedback Queue".
import { expect, test } from 'vitest';
import { looseThreads } from './core-world.test-helper.ts';
import { Mlfq } from './mlfq.ts';

test('a thread begins on the first level, and each slice used up leads one down, to twice the slice', () => {
  const [thread] = looseThreads(1);
  const scheduler = new Mlfq();
  scheduler.add(thread!, 'new', 0);
  const slices = [1, 2, 3, 4].map(() => {
    scheduler.take(0);
    const slice = scheduler.sliceOf(thread!, 10);
    scheduler.add(thread!, 'preempted', 0);
    return slice;
  });
  expect(slices).toEqual([10, 20, 40, 40]);
});

test('who blocks or gives way before its slice is over stays on its level', () => {
  const [thread] = looseThreads(1);
  const scheduler = new Mlfq();
  scheduler.add(thread!, 'preempted', 0);
  for (const reason of ['woken', 'yielded'] as const) {
    scheduler.take(0);
    scheduler.add(thread!, reason, 0);
    expect(scheduler.sliceOf(thread!, 10)).toBe(20);
  }
});

test('a higher level goes first, and within one each in turn', () => {
  const [low, lower, high, higher] = looseThreads(4);
  const scheduler = new Mlfq();
  scheduler.add(low!, 'preempted', 0);
  scheduler.add(high!, 'new', 0);
  scheduler.add(lower!, 'preempted', 0);
  scheduler.add(higher!, 'new', 0);
  expect(scheduler.ready).toEqual([high, higher, low, lower]);
  expect([1, 2, 3, 4, 5].map(() => scheduler.take(0))).toEqual([
    high,
    higher,
    low,
    lower,
    undefined,
  ]);
});

test('after 100 ticks all are on the first level again, and after 100 more once more', () => {
  const [busy, fresh] = looseThreads(2);
  const scheduler = new Mlfq();
  for (const now of [0, 100]) {
    scheduler.add(busy!, 'preempted', now);
    scheduler.add(fresh!, 'new', now);
    expect([scheduler.take(now + 99), scheduler.sliceOf(busy!, 10)]).toEqual([fresh, 20]);
    scheduler.add(fresh!, 'woken', now + 99);
    // Both are on one level now, the one that was higher in front.
    expect([scheduler.take(now + 100), scheduler.take(now + 100)]).toEqual([fresh, busy]);
    expect(scheduler.sliceOf(busy!, 10)).toBe(10);
  }
});
