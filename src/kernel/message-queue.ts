import { assert } from '../base/kit-bug.ts';
import type { Thread } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

/** A message, with its place among all that were sent to the queue. */
interface Message {
  readonly value: number;
  readonly number: number;
}

/** What a `send` or `receive` came to: done, perhaps with somebody to wake; or the thread has to wait. */
export type Passed =
  | { readonly kind: 'done'; readonly value: number; readonly woken: Thread | undefined }
  | { readonly kind: 'wait' };

/**
 * A bounded queue of messages, a ring of `capacity` places:
 *
 *     ┌───┬───┬───┬───┬───┐
 *     │   │ a │ b │ c │   │    count 3
 *     └───┴───┴───┴───┴───┘
 *       ↑ read      ↑ write = (read + 1 + count) mod capacity
 *
 * Who sends to a full one waits with the message, and who receives from an empty one waits; messages arrive in the
 * order in which they were sent.
 *
 * Source: FreeRTOS, queue.h, whose read index names the place read last.
 */
export class MessageQueue {
  readonly capacity: number;
  readonly senders: WaitQueue;
  readonly receivers: WaitQueue;
  /** The first message that came out of turn. */
  problem: string | undefined;
  sentCount = 0;
  receivedCount = 0;
  read: number;
  write = 0;
  count = 0;
  readonly #ring: (Message | undefined)[];
  /** What those who wait in `senders` send, in the same order. */
  readonly #unsent: Message[] = [];

  /** @param capacity At least 1. */
  constructor(name: string, capacity: number) {
    this.capacity = capacity;
    this.read = capacity - 1;
    this.#ring = Array.from({ length: capacity }, () => undefined);
    this.senders = new WaitQueue(`${name} to have room`);
    this.receivers = new WaitQueue(`${name} to have a message`);
  }

  /** The places that are in use, the oldest message first. */
  get contents(): readonly (number | undefined)[] {
    return Array.from(
      { length: this.count },
      (_, index) => this.#ring[(this.read + 1 + index) % this.capacity]?.number,
    );
  }

  /** Passes a message to who waits for one, or keeps it; there may be no room. */
  send(value: number): Passed {
    if (this.count === this.capacity) return { kind: 'wait' };
    const message = this.#messageOf(value);
    const woken = this.receivers.take();
    if (woken === undefined) this.#put(message);
    else woken.answer = this.#delivered(message);
    return { kind: 'done', value, woken };
  }

  /** A thread waits with its message, which the `receive` that makes room sends. */
  sendLater(thread: Thread, value: number): void {
    this.#unsent.push(this.#messageOf(value));
    this.senders.add(thread);
  }

  receive(): Passed {
    if (this.count === 0) return { kind: 'wait' };
    this.read = (this.read + 1) % this.capacity;
    const message = this.#ring[this.read];
    this.#ring[this.read] = undefined;
    this.count -= 1;
    assert(message !== undefined, 'a place that is in use holds a message');
    const woken = this.senders.take();
    if (woken !== undefined) this.#put(this.#unsent.shift()!);
    return { kind: 'done', value: this.#delivered(message), woken };
  }

  #messageOf(value: number): Message {
    this.sentCount += 1;
    return { value, number: this.sentCount - 1 };
  }

  #put(message: Message): void {
    this.#ring[this.write] = message;
    this.write = (this.write + 1) % this.capacity;
    this.count += 1;
  }

  #delivered({ number, value }: Message): number {
    if (number !== this.receivedCount)
      this.problem ??= `message ${number} came out where number ${this.receivedCount} was due`;
    this.receivedCount += 1;
    return value;
  }
}
