import type { Finding } from '../src/check/finding.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { guardedRun, timedOutFinding } from '../src/supervise/guarded-run.ts';
import { Engine, type RawFinding } from '../fuzz/engine.ts';
import { interruptible } from './interrupt.ts';
import { Tally } from './tally.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly opsMax?: number;
  /** Programs at the most. */
  readonly runs: number;
  readonly timeLimitMs: number;
  /** What was seen of a run besides. */
  readonly watch?: () => Iterable<number>;
}

/** A batch is made as large as runs in about this time. */
const BATCH_MS = 50;
const BATCH_START = 16;

/** Programs of one seed, run in batches that stop when one of them hangs. */
export class FuzzCampaign {
  readonly tally = new Tally();
  readonly #makeTarget: MakeTarget;
  readonly #options: FuzzOptions;
  readonly #now: () => number;
  readonly #engine: Engine;
  #batch = BATCH_START;

  constructor(makeTarget: MakeTarget, options: FuzzOptions, now: () => number) {
    this.#makeTarget = makeTarget;
    this.#options = options;
    this.#now = now;
    const { opsMax, seed, watch } = options;
    this.#engine = new Engine(makeTarget, {
      seed,
      ...(opsMax === undefined ? {} : { opsMax }),
      ...(watch === undefined ? {} : { watch }),
    });
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

  /**
   * Runs one batch.
   *
   * @returns The first finding, not confirmed, not shrunk; the next batch goes on behind it.
   * @throws {Interrupted} Ctrl-C was pressed.
   */
  async next(): Promise<RawFinding | undefined> {
    const started = this.#now();
    const batch = Math.min(this.#batch, this.#options.runs - this.#engine.next);
    const limitMs = this.#options.timeLimitMs + (batch === 1 ? 0 : BATCH_MS);
    try {
      return await interruptible(() => withinTime(limitMs, () => this.#engine.run(batch)));
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      return this.#timedOut();
    } finally {
      const elapsedMs = this.#now() - started;
      if (elapsedMs < BATCH_MS / 2) this.#batch *= 2;
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
    const hang = timedOutFinding(runner, this.#options.timeLimitMs);
    const finding: Finding | undefined = guardedRun(
      this.#makeTarget,
      this.#options.timeLimitMs,
    )(program);
    this.tally.addHung(runner);
    this.#engine.abandon();
    if (finding === undefined) this.#batch = 1;
    return finding === undefined ? undefined : { number, program, finding: hang };
  }
}
