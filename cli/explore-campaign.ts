import type { MakeAllocatorTarget } from '../src/check/target.ts';
import { guardedRun } from '../src/supervise/guarded-run.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { inTurn, InterruptListener } from './interrupt.ts';
import type { Explorer, RawFinding } from '../fuzz/index.ts';

/** A batch is made as large as runs in about this time. */
const BATCH_MS = 50;
const BATCH_START = 16;

export interface ExploreLimits {
  /** What a program may take. */
  readonly timeLimitMs: number;
  /** What the search may take. */
  readonly budgetMs: number;
}

export type CampaignEnd = 'done' | 'out of time' | 'stopped by Ctrl-C';

/** A search in batches that stop when a program hangs, and between which Ctrl-C is heard. */
export class ExploreCampaign {
  readonly explorer: Explorer;
  readonly #makeTarget: MakeAllocatorTarget;
  readonly #limits: ExploreLimits;
  readonly #now: () => number;
  #batch = BATCH_START;

  constructor(
    explorer: Explorer,
    makeTarget: MakeAllocatorTarget,
    limits: ExploreLimits,
    now: () => number,
  ) {
    this.explorer = explorer;
    this.#makeTarget = makeTarget;
    this.#limits = limits;
    this.#now = now;
  }

  /** Searches until there is nothing more to do. Ctrl-C stops it where it is; a second one ends the process. */
  async search(
    onBatch: () => void,
  ): Promise<{ readonly end: CampaignEnd; readonly found?: RawFinding }> {
    const started = this.#now();
    const interrupt = new InterruptListener();
    try {
      while (this.explorer.end === undefined) {
        if (interrupt.isPressed) return { end: 'stopped by Ctrl-C' };
        if (this.#now() - started >= this.#limits.budgetMs) return { end: 'out of time' };
        const found = await inTurn(() => this.#next());
        if (found !== undefined) return { end: 'done', found };
        onBatch();
      }
      return { end: 'done' };
    } finally {
      interrupt.close();
    }
  }

  #next(): RawFinding | undefined {
    const started = this.#now();
    const { timeLimitMs } = this.#limits;
    try {
      return withinTime(timeLimitMs + BATCH_MS, () => this.explorer.run(this.#batch));
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      return this.#timedOut();
    } finally {
      const elapsedMs = this.#now() - started;
      if (elapsedMs < BATCH_MS / 2) this.#batch *= 2;
      else if (elapsedMs > BATCH_MS * 2) this.#batch = Math.ceil(this.#batch / 4);
    }
  }

  /** A batch that took too long: a program that hangs, or many slow ones, of which fewer are run from now on. */
  #timedOut(): RawFinding | undefined {
    const { program } = this.explorer;
    const finding = guardedRun(this.#makeTarget, this.#limits.timeLimitMs)(program);
    if (finding !== undefined) return { number: this.explorer.stepsCount, program, finding };
    this.explorer.abandon();
    this.#batch = 1;
    return undefined;
  }
}
