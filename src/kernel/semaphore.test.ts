import { expect, test } from 'vitest';
import { looseThreads } from './core-world.test-helper.ts';
import { Semaphore } from './semaphore.ts';

test('down takes a unit while there is one, up gives one back', () => {
  const [a, b] = looseThreads(2);
  const semaphore = new Semaphore('s', 1);
  expect([semaphore.kind, semaphore.value]).toEqual(['hand-off', 1]);
  expect([semaphore.down(a!), semaphore.down(b!)]).toEqual([true, false]);
  expect([semaphore.value, semaphore.downsCount, semaphore.holders]).toEqual([0, 1, [a]]);
  expect(semaphore.up(a!)).toBeUndefined();
  expect([semaphore.value, semaphore.upsCount, semaphore.holders]).toEqual([1, 1, []]);
});

test('handed off, a unit goes to who waits longest, and the value stays 0', () => {
  const [a, b, c] = looseThreads(3);
  const semaphore = new Semaphore('s', 1);
  semaphore.down(a!);
  for (const thread of [b!, c!]) semaphore.waiters.add(thread);
  expect(semaphore.up(a!)).toBe(b);
  expect([semaphore.value, semaphore.downsCount, semaphore.holders]).toEqual([0, 2, [b]]);
  expect(semaphore.down(a!)).toBe(false);
  expect(semaphore.up(b!)).toBe(c);
});

// Source: Pintos, synch.c: sema_up raises the value whoever waits, and sema_down looks again.
test('under Mesa a unit is there for whoever comes first', () => {
  const [a, b] = looseThreads(2);
  const semaphore = new Semaphore('s', 1, 'mesa');
  semaphore.down(a!);
  semaphore.waiters.add(b!);
  expect(semaphore.up(a!)).toBe(b);
  expect([semaphore.value, semaphore.downsCount]).toEqual([1, 1]);
  expect([semaphore.down(a!), semaphore.down(b!)]).toEqual([true, false]);
});

test('an up ends the last down of its own thread, or else the oldest one', () => {
  const [a, b, c] = looseThreads(3);
  const semaphore = new Semaphore('s', 3);
  for (const thread of [a!, b!, a!]) semaphore.down(thread);
  semaphore.up(a!);
  expect(semaphore.holders).toEqual([a, b]);
  semaphore.up(c!);
  expect(semaphore.holders).toEqual([b]);
  semaphore.up(b!);
  expect(semaphore.holders).toEqual([]);
  semaphore.up(b!);
  expect([semaphore.value, semaphore.holders]).toEqual([4, []]);
});
