import type { Range } from '../base/range.ts';
import type { ProcessMemory } from './process-memory.ts';

export type ThreadState = 'ready' | 'running' | 'blocked' | 'ended';

/** The process of a thread, as far as the thread knows it. */
export interface Home {
  readonly number: number;
  readonly memory: ProcessMemory;
}

/** What a thread gets back from an action: a load's value, a call's answer. */
export type Answer = number | string | undefined;

/** Where a thread waits, as far as the thread knows it. */
export interface Waiting {
  readonly name: string;
  /** The thread waits no longer. */
  remove(thread: Thread): void;
}

/**
 * One thread of a process. While it does not run, its registers lie on its stack, and nowhere else:
 *
 *     stack.start            savedSp                                  stack.end
 *     ├──────────────────────┬────────────────────┬───────────────────┤
 *     │ free                 │ 16 registers       │ what it pushed    │
 *     └──────────────────────┴────────────────────┴───────────────────┘
 *     ↑ below lies a page that is nobody's
 */
export class Thread {
  /** Counts threads from 0, in the order in which they were made. */
  readonly id: number;
  readonly process: Home;
  readonly stack: Range;
  state: ThreadState = 'ready';
  /** Where its registers lie while it does not run. */
  savedSp = 0;
  /** What its registers were when they were saved: for the invariants, which hold it against what comes back. */
  savedValues: Float64Array | undefined;
  /** What it waits for while it is blocked. */
  waitsIn: Waiting | undefined;
  /** What its code gets when it goes on. */
  answer: Answer;
  /** The register in which the answer of its last action came back, while that is one. */
  answerRegister = -1;
  /** Why it ended, if it was made to. */
  fault: string | undefined;
  /** Ticks that it computed or accessed memory. */
  userTicks = 0;
  /** When it last computed or accessed memory, by the clock. */
  lastTickAt = 0;

  constructor(parts: { readonly id: number; readonly process: Home; readonly stack: Range }) {
    this.id = parts.id;
    this.process = parts.process;
    this.stack = parts.stack;
  }
}
