import { Worker } from 'node:worker_threads';
import { fold } from '../src/base/prng.ts';
import type { Program } from '../src/program/program.ts';
import type { RawFinding } from '../fuzz/engine.ts';
import type { FuzzOptions } from './fuzz-campaign.ts';
import type { FromWorker, ToWorker, WorkerTask } from './fuzz-worker.ts';
import type { InterruptListener } from './interrupt.ts';
import { Tally } from './tally.ts';

/** A worker that does not answer for so long beyond its time limit is in an endless loop that nothing stops. */
const GRACE_MS = 2000;

/** How far one worker is. */
interface Job {
  readonly worker: Worker;
  /** What it has told so far that nobody has taken yet. */
  readonly told: FromWorker[];
  programsCount: number;
  opsCount: number;
  isOver: boolean;
}

/**
 * A campaign on several cores: each worker has a seed of its own and a share of the programs. As a campaign of one, but
 * that the order in which findings come is not the seed's alone.
 */
export class JobCampaign {
  readonly tally = new Tally();
  readonly #options: FuzzOptions;
  readonly #jobs: readonly Job[];
  readonly #kept: Program[] = [];
  #error: unknown;
  #wake: () => void = () => undefined;
  readonly #interrupt: InterruptListener;

  /**
   * @param task What each worker searches, and from where its path is read.
   * @param how How many workers there are, at least 1, and who hears Ctrl-C.
   */
  constructor(
    { cwd, target: { options: targetOptions, spec } }: Pick<WorkerTask, 'target' | 'cwd'>,
    options: FuzzOptions,
    how: { readonly count: number; readonly interrupt: InterruptListener },
  ) {
    this.#options = options;
    this.#interrupt = how.interrupt;
    const counts = sharesOf(options.runs, how.count);
    this.#jobs = counts.map((runs, index) =>
      this.#start({
        // A target has functions, which do not go to another thread.
        target: { options: targetOptions, spec },
        cwd,
        options: { ...options, runs, seed: fold(`${options.seed} worker ${index}`) },
      }),
    );
  }

  /** Programs that showed something new to their worker, once it has ended. */
  get kept(): readonly Program[] {
    return this.#kept;
  }

  /** Programs that were run. */
  get programsCount(): number {
    return this.#jobs.reduce((sum, job) => sum + job.programsCount, 0);
  }

  /** Ops that were run. */
  get opsCount(): number {
    return this.#jobs.reduce((sum, job) => sum + job.opsCount, 0);
  }

  get isDone(): boolean {
    return this.#jobs.every(({ isOver, told }) => isOver && told.length === 0);
  }

  /**
   * Waits for what the next worker tells.
   *
   * @returns A finding, not confirmed, not shrunk.
   * @throws {Interrupted} Ctrl-C was pressed.
   */
  async next(): Promise<RawFinding | undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const job = this.#jobs.find(({ told }) => told.length > 0);
      if (job !== undefined) return this.#take(job, job.told.shift()!);
      if (this.isDone) return undefined;
      await this.#interrupt.wait((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** Ends the campaign: what the workers did is added to the tally. */
  async close(): Promise<void> {
    await Promise.all(this.#jobs.map((job) => this.#stop(job)));
  }

  #start(task: WorkerTask): Job {
    const worker = new Worker(new URL('fuzz-worker.js', import.meta.url), { workerData: task });
    const job: Job = { worker, told: [], programsCount: 0, opsCount: 0, isOver: false };
    worker.on('message', (message: FromWorker) => {
      job.told.push(message);
      this.#wake();
    });
    worker.on('error', (error) => {
      this.#error ??= error;
      this.#wake();
    });
    worker.on('exit', () => {
      job.isOver = true;
      this.#wake();
    });
    return job;
  }

  #take(job: Job, message: FromWorker): RawFinding | undefined {
    if (message.kind === 'over') {
      this.tally.addTally(message.tally);
      this.#kept.push(...message.kept);
      return undefined;
    }
    job.programsCount = message.programsCount;
    job.opsCount = message.opsCount;
    return message.raw;
  }

  /** Asks a worker to end, and waits for its counts; one that hangs is ended without them. */
  async #stop(job: Job): Promise<void> {
    if (!job.isOver) {
      const ended = new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          void job.worker.terminate();
        }, this.#options.timeLimitMs + GRACE_MS);
        job.worker.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
      });
      job.worker.postMessage('stop' satisfies ToWorker);
      await ended;
    }
    for (const message of job.told.splice(0)) this.#take(job, message);
  }
}

/** Parts that differ by one at the most. */
function sharesOf(whole: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) =>
    whole === Infinity ? Infinity : Math.floor((whole + index) / count),
  );
}
