import type { ReadyReason, Scheduler } from './scheduler.ts';
import type { Thread } from './thread.ts';

/** Each in turn, for one quantum. */
export class RoundRobin implements Scheduler {
  readonly policy = 'rr';
  readonly ready: Thread[] = [];

  add(thread: Thread, _reason: ReadyReason, _now: number): void {
    this.ready.push(thread);
  }

  take(_now: number): Thread | undefined {
    return this.ready.shift();
  }

  sliceOf(_thread: Thread, quantum: number): number {
    return quantum;
  }
}
