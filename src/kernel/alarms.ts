import type { Thread } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

interface Alarm {
  readonly thread: Thread;
  readonly dueAt: number;
  readonly queue: WaitQueue;
}

/** Threads that sleep, the one that wakes first in front; of several at one time, the one that slept first. */
export class Alarms {
  readonly #alarms: Alarm[] = [];

  /** When the next thread wakes, by the clock; Infinity when none sleeps. */
  get dueAt(): number {
    return this.#alarms[0]?.dueAt ?? Infinity;
  }

  /** When each of those who sleep wakes, by the clock. */
  get times(): readonly number[] {
    return this.#alarms.map(({ dueAt }) => dueAt);
  }

  /** The queues of those who sleep: each has one of its own. */
  get queues(): readonly WaitQueue[] {
    return this.#alarms.map(({ queue }) => queue);
  }

  set(thread: Thread, dueAt: number): void {
    const queue = new WaitQueue(`tick ${dueAt}`);
    queue.add(thread);
    const later = this.#alarms.findIndex((alarm) => alarm.dueAt > dueAt);
    this.#alarms.splice(later < 0 ? this.#alarms.length : later, 0, { thread, dueAt, queue });
  }

  /** Takes the next one out. @returns The thread to wake. */
  take(): Thread | undefined {
    return this.#alarms.shift()?.queue.take();
  }

  /** Nobody sleeps any more. */
  clear(): void {
    this.#alarms.length = 0;
  }
}
