import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { looseThreads } from './core-world.test-helper.ts';
import { MessageQueue } from './message-queue.ts';

/** Where the ring stands: [read, write, count]. */
function ringOf({ count, read, write }: MessageQueue): number[] {
  return [read, write, count];
}

const WAIT = { kind: 'wait' };

function done(value: number, woken?: unknown): object {
  return { kind: 'done', value, woken };
}

// Source: FreeRTOS, queue.h: an empty queue of N has read N - 1 and write 0, and write is (read + 1 + count) mod N.
describe('a ring of three places', () => {
  test('begins empty, fills, empties and goes round', () => {
    const queue = new MessageQueue('q', 3);
    expect([ringOf(queue), queue.receive()]).toEqual([[2, 0, 0], WAIT]);
    expect([queue.send(10), queue.send(11)]).toEqual([done(10), done(11)]);
    expect([ringOf(queue), queue.contents]).toEqual([
      [2, 2, 2],
      [0, 1],
    ]);
    expect([queue.receive(), ringOf(queue)]).toEqual([done(10), [0, 2, 1]]);
    queue.send(12);
    queue.send(13);
    expect([ringOf(queue), queue.contents]).toEqual([
      [0, 1, 3],
      [1, 2, 3],
    ]);
    expect([queue.send(14), queue.sentCount]).toEqual([WAIT, 4]);
    expect([queue.receive(), queue.receive(), queue.receive(), queue.receive()]).toEqual([
      done(11),
      done(12),
      done(13),
      WAIT,
    ]);
    expect([ringOf(queue), queue.receivedCount, queue.problem]).toEqual([[0, 1, 0], 4, undefined]);
  });

  test('of which one is lost says which', () => {
    const queue = new MessageQueue('q', 3);
    for (const value of [10, 11, 12]) queue.send(value);
    queue.receivedCount = 1;
    queue.receive();
    expect(queue.problem).toBe('message 0 came out where number 1 was due');
    // The first one is kept.
    queue.receivedCount = 9;
    queue.receive();
    expect(queue.problem).toBe('message 0 came out where number 1 was due');
  });
});

test('a place that is counted and holds nothing is seen, and not received from', () => {
  const queue = new MessageQueue('q', 3);
  queue.send(10);
  queue.count = 2;
  expect(queue.contents).toEqual([0, undefined]);
  queue.receive();
  expect(() => queue.receive()).toThrow(new KitBug('a place that is in use holds a message'));
});

test('a message goes straight to who waits for one', () => {
  const [receiver] = looseThreads(1);
  const queue = new MessageQueue('q', 2);
  queue.receivers.add(receiver!);
  expect(receiver!.waitsIn?.name).toBe('q to have a message');
  expect(queue.send(5)).toEqual(done(5, receiver));
  expect([receiver!.answer, queue.count, queue.receivedCount]).toEqual([5, 0, 1]);
});

test('who waits for room has its message taken in when there is some, in turn', () => {
  const [a, b] = looseThreads(2);
  const queue = new MessageQueue('q', 1);
  queue.send(1);
  queue.sendLater(a!, 2);
  queue.sendLater(b!, 3);
  expect([a!.state, a!.waitsIn?.name]).toEqual(['blocked', 'q to have room']);
  expect([queue.receive(), queue.count]).toEqual([done(1, a), 1]);
  expect([queue.receive(), queue.receive(), queue.receive()]).toEqual([done(2, b), done(3), WAIT]);
});
