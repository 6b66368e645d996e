import type { Op } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import type { RunCounts } from '../src/check/run-counts.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { guardedRun } from '../src/supervise/guarded-run.ts';
import { Engine, type RawFinding } from '../fuzz/engine.ts';
import { Tally } from './tally.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly opsMax?: number;
  /** Programs at the most. */
  readonly runs: number;
  readonly timeLimitMs: number;
  /** Programs that are run first, and gone on from. */
  readonly known: readonly Program[];
  /** What was seen of a run besides. */
  readonly watch?: () => Iterable<number>;
  /** Told of each op before it is sent, with its place in the program. */
  readonly beforeOp?: (op: Op, step: number) => void;
}

/** What a campaign needs of the thread that it runs in. */
export interface CampaignThread {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Does a piece of work, and lets others have their turn. */
  run<T>(work: () => T): Promise<T>;
}

/** A batch is made as large as runs in about this time. */
const BATCH_MS = 50;
const BATCH_START = 16;

/** Programs of one seed, run in batches that stop when one of them hangs. */
export class FuzzCampaign {
  readonly tally = new Tally();
  readonly #makeTarget: MakeTarget;
  readonly #options: FuzzOptions;
  readonly #thread: CampaignThread;
  readonly #engine: Engine;
  #batch = BATCH_START;

  constructor(makeTarget: MakeTarget, options: FuzzOptions, thread: CampaignThread) {
    this.#makeTarget = makeTarget;
    this.#options = options;
    this.#thread = thread;
    const { beforeOp, known, opsMax, seed, watch } = options;
    this.#engine = new Engine(makeTarget, {
      seed,
      known,
      ...(opsMax === undefined ? {} : { opsMax }),
      ...(watch === undefined ? {} : { watch }),
      ...(beforeOp === undefined ? {} : { beforeOp }),
    });
  }

  /** Programs that showed something new, and are gone on from. */
  get kept(): readonly Program[] {
    return this.#engine.corpus.programs;
  }

  /** Programs that were run. */
  get programsCount(): number {
    return this.#engine.next;
  }

  /** Ops that were run. */
  get opsCount(): number {
    return this.tally.counts.ops + this.#engine.runner.counts.ops;
  }

  get isDone(): boolean {
    return this.#engine.next >= this.#options.runs;
  }

  /** What became of the ops that were run. */
  get counts(): Readonly<RunCounts> {
    return this.#engine.runner.counts;
  }

  /**
   * Runs one batch.
   *
   * @returns The first finding, not confirmed, not shrunk; the next batch goes on behind it.
   * @throws What the thread throws: Ctrl-C was pressed, say.
   */
  async next(): Promise<RawFinding | undefined> {
    const started = this.#thread.now();
    const batch = Math.min(this.#batch, this.#options.runs - this.#engine.next);
    const limitMs = this.#options.timeLimitMs + (batch === 1 ? 0 : BATCH_MS);
    const end = this.#engine.next + batch;
    try {
      return await this.#thread.run(() => withinTime(limitMs, () => this.#engine.run(batch)));
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      return this.#timedOut();
    } finally {
      const elapsedMs = this.#thread.now() - started;
      // One that a finding ended early tells nothing of how long a whole one takes.
      const isWhole = this.#engine.next === end;
      if (isWhole && elapsedMs < BATCH_MS / 2) this.#batch *= 2;
      else if (elapsedMs > BATCH_MS * 2) this.#batch = Math.ceil(this.#batch / 4);
    }
  }

  /** Ends the campaign: what the last runner did is added to the tally. */
  close(): void {
    this.tally.add(this.#engine.runner);
  }

  /** A batch that took too long: a program that hangs, or many slow ones, of which the next batches have fewer. */
  #timedOut(): RawFinding | undefined {
    const { program, runner } = this.#engine;
    const number = this.#engine.next - 1;
    const finding = guardedRun(this.#makeTarget, this.#options.timeLimitMs)(program);
    this.tally.addHung(runner);
    this.#engine.abandon();
    if (finding === undefined) this.#batch = 1;
    return finding === undefined ? undefined : { number, program, finding };
  }
}
