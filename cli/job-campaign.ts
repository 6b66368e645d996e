import { once } from 'node:events';
import { UsageError } from '../src/base/usage-error.ts';
import { fold } from '../src/base/prng.ts';
import { LAW } from '../src/check/law.ts';
import { noCounts } from '../src/check/run-counts.ts';
import type { Program } from '../src/program/program.ts';
import { guardedRun, hangOf } from '../src/supervise/guarded-run.ts';
import type { RawFinding } from '../fuzz/engine.ts';
import type { FromWorker, WorkerTask } from './campaign-worker.ts';
import type { FuzzOptions } from './fuzz-campaign.ts';
import { type HiredWorker, hireProcess, hireThread, type WorkerEnd } from './hired-workers.ts';
import type { InterruptListener } from './interrupt.ts';
import type { LoadedTarget } from './loaded-target.ts';
import { Tally } from './tally.ts';

/** A worker that does not answer for so long beyond its time limit is in an endless loop that nothing stops. */
const GRACE_MS = 2000;

/** A worker that ended without a last message, in the middle of a program. */
interface Crashed {
  readonly kind: 'crashed';
  readonly end: WorkerEnd;
}

/** How far one worker is. */
interface Job {
  readonly task: WorkerTask;
  readonly worker: HiredWorker;
  /** What it has told so far that nobody has taken yet. */
  readonly told: (FromWorker | Crashed)[];
  /** Aborted once it has ended. */
  readonly ended: AbortSignal;
  programsCount: number;
  opsCount: number;
  isOver: boolean;
}

/**
 * A campaign by workers: on several cores, each with a seed of its own and a share of the programs; and, for a library, in
 * processes of their own, each of which may crash and is followed by another. As a campaign of one, but that the order in
 * which findings come is not the seed's alone.
 */
export class JobCampaign {
  readonly tally = new Tally();
  readonly #target: LoadedTarget;
  readonly #options: FuzzOptions;
  readonly #jobs: Job[] = [];
  readonly #kept: Program[] = [];
  #error: unknown;
  #wake: () => void = () => undefined;
  #isClosing = false;
  readonly #interrupt: InterruptListener;

  /**
   * @param where What each worker searches, and from where its path is read.
   * @param how How many workers there are, at least 1, and who hears Ctrl-C.
   */
  constructor(
    { cwd, target }: { readonly target: LoadedTarget; readonly cwd: string },
    options: FuzzOptions,
    how: { readonly count: number; readonly interrupt: InterruptListener },
  ) {
    this.#target = target;
    this.#options = options;
    this.#interrupt = how.interrupt;
    // A target has functions, which do not go to another thread.
    const { name, native, options: targetOptions, spec } = target;
    const described = { name, spec, options: targetOptions, ...(native && { native }) };
    for (const [index, runs] of sharesOf(options.runs, how.count).entries()) {
      const seed = fold(`${options.seed} worker ${index}`);
      this.#start({ target: described, cwd, options: { ...options, runs, seed } });
    }
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
    this.#isClosing = true;
    await Promise.all(this.#jobs.map((job) => this.#stop(job)));
  }

  #start(task: WorkerTask): void {
    const told: Job['told'] = [];
    const ended = new AbortController();
    const hire = task.target.native === undefined ? hireThread : hireProcess;
    let isLast = false;
    const worker = hire(task, {
      told: (message) => {
        isLast = message.kind === 'over';
        told.push(message);
        this.#wake();
      },
      failed: (error) => {
        this.#error ??= error;
        this.#wake();
      },
      gone: (how) => {
        if (!isLast && task.target.native !== undefined) told.push({ kind: 'crashed', end: how });
        job.isOver = true;
        ended.abort();
        this.#wake();
      },
    });
    const job: Job = {
      task,
      worker,
      told,
      ended: ended.signal,
      programsCount: 0,
      opsCount: 0,
      isOver: false,
    };
    this.#jobs.push(job);
  }

  #take(job: Job, message: FromWorker | Crashed): RawFinding | undefined {
    if (message.kind === 'batch') {
      job.programsCount = message.programsCount;
      job.opsCount = message.opsCount;
      return message.raw;
    }
    if (message.kind === 'over') {
      this.tally.addTally(message.tally);
      this.#kept.push(...message.kept);
      // A fresh heap is then one in a fresh process, for each program.
      if (message.isWornOut) this.#follow(job, { ...job.task.target, native: undefined });
      return undefined;
    }
    // What it had asked it can tell no more.
    job.programsCount = message.end.flight?.programsCount ?? job.programsCount;
    const counts = { ...noCounts(), programs: job.programsCount, ops: job.opsCount };
    this.tally.addHung({ counts, asked: new Map() });
    if (this.#isClosing) return undefined;
    if (job.programsCount === 0) throw neverBegan(this.#target);
    this.#follow(job, job.task.target);
    return this.#crashOf(message.end, job.programsCount);
  }

  /** Another worker goes on where this one ended. */
  #follow({ programsCount, task }: Job, target: WorkerTask['target']): void {
    const { options } = task;
    const runs = options.runs - programsCount;
    if (this.#isClosing || runs <= 0) return;
    const seed = fold(`${options.seed} and on`);
    this.#start({ ...task, target, options: { ...options, runs, seed, known: [] } });
  }

  /** What a process died of, as its program shows it on a fresh heap; where it shows nothing, that it died. */
  #crashOf({ flight, signal }: WorkerEnd, number: number): RawFinding {
    const program = flight?.program ?? [];
    const { makeTarget, name } = this.#target;
    const { timeLimitMs } = this.#options;
    const step = Math.max(0, program.length - 1);
    const at = { target: name, step, op: program.at(-1)?.kind ?? ('end' as const) };
    if (signal === 'SIGALRM') return { number, program, finding: hangOf(at, timeLimitMs) };
    const finding = guardedRun(makeTarget, timeLimitMs)(program) ?? {
      law: LAW.callsReturn.name,
      ...at,
      observed: 'the process in which this program ran has ended',
      expected: 'an answer',
    };
    return { number, program, finding };
  }

  /** Asks a worker to end, and waits for its counts; one that hangs is ended without them. */
  async #stop(job: Job): Promise<void> {
    if (!job.isOver) {
      const timer = setTimeout(() => job.worker.kill(), this.#options.timeLimitMs + GRACE_MS);
      job.worker.stop();
      if (!job.ended.aborted) await once(job.ended, 'abort');
      clearTimeout(timer);
    }
    for (const message of job.told.splice(0)) this.#take(job, message);
  }
}

/** What ends before any program would end in every process that follows it. */
function neverBegan({ name }: LoadedTarget): UsageError {
  return new UsageError(
    `${name}: the process that calls it ended before the first program; see what it does when it is loaded a second time.`,
  );
}

/** Parts that differ by one at the most. */
function sharesOf(whole: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) =>
    whole === Infinity ? Infinity : Math.floor((whole + index) / count),
  );
}
