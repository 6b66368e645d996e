import type { Finding } from '../src/check/finding.ts';
import { minimize } from '../src/minimize/minimize.ts';
import type { Program } from '../src/program/program.ts';
import type { ShownByThreads, ThreadHost, ThreadRuns } from '../src/targets/threads/thread-host.ts';
import { isForSharedHeap, opsOf, planOf } from '../src/targets/threads/thread-plan.ts';

/** Milliseconds for the runs of one program, and for all of shrinking. */
const PROGRAM_MS = 5000;
const SHRINK_MS = 30_000;
const CANDIDATES_MAX = 5000;
/** A candidate is run so often that the bug would show some times at the rate at hand, within bounds. */
const SHOWS_EXPECTED = 8;
const RUNS_MIN = 8;
const RUNS_MAX = 10_000;
/** It is taken where it shows at this part of the rate at the least, and so often. */
const RATE_PART = 1 / 4;
const SHOWS_MIN = 2;

/** A law that a program of threads breaks in some of its runs. */
export interface ThreadsFinding extends ShownByThreads {
  readonly program: Program;
  readonly runsCount: number;
}

export interface ShrunkByThreads extends ThreadsFinding {
  /** Candidates that were tried. */
  readonly triedCount: number;
  /** False where time ended the search. */
  readonly isMinimal: boolean;
}

/** Whatever runs programs of threads many times. */
type ProgramHost = Pick<ThreadHost, 'offered' | 'run'>;

/** The runs of programs on one host, and how many there were. */
export class ThreadsSearch {
  runsCount = 0;
  opsCount = 0;
  readonly #host: ProgramHost;
  readonly #runLimitMs: number;
  readonly #now: () => number;

  constructor(
    host: ProgramHost,
    { now, runLimitMs }: { readonly runLimitMs: number; readonly now: () => number },
  ) {
    this.#host = host;
    this.#runLimitMs = runLimitMs;
    this.#now = now;
  }

  /** Runs a program so many times, less where time is up; the law that it breaks most often, or a given one. */
  run(program: Program, runsMax: number, law?: string): ThreadsFinding | undefined {
    const limits = { runLimitMs: this.#runLimitMs, totalLimitMs: PROGRAM_MS };
    const ran = this.#host.run(program, { runsMax, ...limits });
    this.runsCount += ran.runsCount;
    this.opsCount += ran.opsCount;
    const shown = law === undefined ? mostOften(ran) : ran.shown.get(law);
    return shown && { ...shown, program, runsCount: ran.runsCount };
  }

  /**
   * Shrinks a program. A candidate is run many times, and taken when it breaks the same law nearly as often: what shows
   * once in a million runs is of no use to anybody.
   */
  shrink(found: ThreadsFinding, onProgress: (opsCount: number) => void): ShrunkByThreads {
    const deadline = this.#now() + SHRINK_MS;
    const rate = found.count / found.runsCount;
    const runsMax = Math.min(RUNS_MAX, Math.max(RUNS_MIN, Math.ceil(SHOWS_EXPECTED / rate)));
    let taken = found;
    const run = (candidate: Program): Finding | undefined => {
      if (this.#now() > deadline || !isForSharedHeap(candidate)) return undefined;
      const shows = (): ThreadsFinding | undefined => {
        const same = this.run(candidate, runsMax, found.finding.law);
        if (same === undefined || same.count < SHOWS_MIN) return undefined;
        return same.count / same.runsCount < rate * RATE_PART ? undefined : same;
      };
      // Once may be luck.
      const same = shows() && shows();
      if (same === undefined) return undefined;
      taken = same;
      // Where a crash happened is a matter of luck.
      return found.finding;
    };
    const { runsCount } = minimize(run, found.program, found.finding, {
      runsMax: CANDIDATES_MAX,
      onProgress: ({ opsCount }) => onProgress(opsCount),
    });
    const program = opsOf(planOf(taken.program, this.#host.offered), taken.program);
    return { ...taken, program, triedCount: runsCount, isMinimal: this.#now() <= deadline };
  }
}

function mostOften({ shown }: ThreadRuns): ShownByThreads | undefined {
  return [...shown.values()].toSorted((a, b) => b.count - a.count)[0];
}
