import type { Thread } from './thread.ts';

/** Round robin; first come, first served; or a multi-level feedback queue. */
export type PolicyName = 'rr' | 'fcfs' | 'mlfq';

export const POLICY_NAMES = ['rr', 'fcfs', 'mlfq'] as const satisfies readonly PolicyName[];

/** Why a thread is ready: it is new, what it waited for came, its slice was over, or it gave way. */
export type ReadyReason = 'new' | 'woken' | 'preempted' | 'yielded';

/** Who decides which thread runs next, and for how long. A port of the core. */
export interface Scheduler {
  readonly policy: PolicyName;
  /** The threads that are ready, in the order in which they would run if nothing else happened. */
  readonly ready: readonly Thread[];
  add(thread: Thread, reason: ReadyReason, now: number): void;
  /** Takes the thread out that runs next. @returns Undefined: none is ready. */
  take(now: number): Thread | undefined;
  /** Ticks of user work after which the timer strikes for a thread that begins to run. */
  sliceOf(thread: Thread, quantum: number): number;
}
