import type { Thread } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

/** A request to a device, from when it was made until it is complete. */
interface IoRequest {
  readonly thread: Thread;
  readonly ticks: number;
}

/**
 * A device that serves one request after the other, each for as long as it takes, and interrupts when one is complete.
 * Who asked waits until then.
 */
export class Device {
  readonly waiters: WaitQueue;
  completedCount = 0;
  /** When the request that is served is complete, by the clock; Infinity when there is none. */
  dueAt = Infinity;
  readonly #requests: IoRequest[] = [];

  constructor(name: string) {
    this.waiters = new WaitQueue(name);
  }

  /** Requests that are not complete. */
  get requestsCount(): number {
    return this.#requests.length;
  }

  /** The thread whose request is served. */
  get served(): Thread | undefined {
    return this.#requests[0]?.thread;
  }

  /** Takes a request at a time, and begins with it if there is no other. */
  request(thread: Thread, ticks: number, now: number): void {
    this.#requests.push({ thread, ticks });
    if (this.#requests.length === 1) this.dueAt = now + ticks;
    this.waiters.add(thread);
  }

  /** The request that is served is complete; the next one begins. @returns The thread that waited for it. */
  complete(now: number): Thread | undefined {
    this.#requests.shift();
    this.completedCount += 1;
    const next = this.#requests[0];
    this.dueAt = next === undefined ? Infinity : now + next.ticks;
    // Requests are served in the order in which their threads began to wait.
    return this.waiters.take();
  }
}
