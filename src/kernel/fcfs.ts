import type { ReadyReason, Scheduler } from './scheduler.ts';
import type { Thread } from './thread.ts';

/** First come, first served: a thread runs until it blocks, gives way or ends. */
export class Fcfs implements Scheduler {
  readonly policy = 'fcfs';
  readonly ready: Thread[] = [];

  add(thread: Thread, _reason: ReadyReason, _now: number): void {
    this.ready.push(thread);
  }

  take(_now: number): Thread | undefined {
    return this.ready.shift();
  }

  sliceOf(_thread: Thread, _quantum: number): number {
    return Infinity;
  }
}
