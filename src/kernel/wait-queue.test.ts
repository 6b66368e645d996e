import { expect, test } from 'vitest';
import { looseThreads } from './core-world.test-helper.ts';
import { WaitQueue } from './wait-queue.ts';

test('threads wait in the order in which they came, and know where', () => {
  const [a, b, c] = looseThreads(3);
  const queue = new WaitQueue('rain');
  expect([queue.first, queue.take()]).toEqual([undefined, undefined]);
  for (const thread of [a!, b!, c!]) queue.add(thread);
  expect([queue.first, b!.state, b!.waitsIn]).toEqual([a, 'blocked', queue]);
  queue.remove(b!);
  expect([b!.waitsIn, queue.threads]).toEqual([undefined, [a, c]]);
  expect([queue.take(), queue.take(), queue.take()]).toEqual([a, c, undefined]);
});

test('a thread waits in one queue, and is taken out of no other', () => {
  const [thread] = looseThreads(1);
  const [queue, other] = [new WaitQueue('rain'), new WaitQueue('sun')];
  queue.add(thread!);
  expect(() => other.add(thread!)).toThrow('a thread waits in one queue');
  expect(() => other.remove(thread!)).toThrow('a thread is taken out of where it waits');
});
