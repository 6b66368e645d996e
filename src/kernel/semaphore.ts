import type { Thread } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

/**
 * How an `up` passes its unit on: hand-off gives it to the thread that waits longest, so that nobody can take it first;
 * Mesa raises the value and wakes that thread, which then tries again.
 */
export type SemaphoreKind = 'hand-off' | 'mesa';

/** A counting semaphore. Only the kernel touches it. */
export class Semaphore {
  readonly kind: SemaphoreKind;
  readonly initial: number;
  readonly waiters: WaitQueue;
  /** Threads whose `down` has not been followed by an `up` of theirs, the last one last. */
  readonly holders: Thread[] = [];
  upsCount = 0;
  /** Downs that are over. */
  downsCount = 0;
  #value: number;

  constructor(name: string, initial: number, kind: SemaphoreKind = 'hand-off') {
    this.kind = kind;
    this.initial = initial;
    this.#value = initial;
    this.waiters = new WaitQueue(name);
  }

  get value(): number {
    return this.#value;
  }

  /** @returns False: the value is 0, and the thread has to wait. */
  down(thread: Thread): boolean {
    if (this.#value === 0) return false;
    this.#value -= 1;
    this.#taken(thread);
    return true;
  }

  /** @returns The thread to wake, if one waits. */
  up(thread: Thread): Thread | undefined {
    this.upsCount += 1;
    this.holders.splice(Math.max(0, this.holders.lastIndexOf(thread)), 1);
    const woken = this.waiters.take();
    if (woken === undefined || this.kind === 'mesa') this.#value += 1;
    else this.#taken(woken);
    return woken;
  }

  #taken(thread: Thread): void {
    this.downsCount += 1;
    this.holders.push(thread);
  }
}
