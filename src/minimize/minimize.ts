import { sameBug, type Finding } from '../check/finding.ts';
import { LAW } from '../check/law.ts';
import type { RunProgram } from '../check/runner.ts';
import { needsKernel } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import type { Attempt, Pass } from './pass.ts';
import { dropMost, dropOps } from './passes/drop-ops.ts';
import { dropPairs } from './passes/drop-pairs.ts';
import { dropStretches } from './passes/drop-stretches.ts';
import { joinBlocks } from './passes/join-blocks.ts';
import { joinOps } from './passes/join-ops.ts';
import { mergeSlots } from './passes/merge-slots.ts';
import { raiseSizes } from './passes/raise-sizes.ts';
import { reorderFrees } from './passes/reorder-frees.ts';
import { shrinkSizes } from './passes/shrink-sizes.ts';
import { simplifyOps } from './passes/simplify-ops.ts';
import { tryShortForLongPrograms, tryShortPagePrograms } from './passes/try-short-page-programs.ts';
import { tryShortPrograms } from './passes/try-short-programs.ts';
import { tryShortThreadPrograms } from './passes/try-short-thread-programs.ts';
import { walkAtRandom } from './passes/walk-at-random.ts';

/*
 * The minimizer turns a program that breaks a law into the smallest that breaks it in the same way.
 *
 * Definitions. A *candidate* is a program that a pass offers. It is *taken* when a run of it ends in the same bug: the
 * same law, the same kind of op. Taken or not, it is run once; programs that were run before are not run again.
 *
 * Invariant. The program at hand always shows the bug, and nothing follows the op at which it shows. So the result
 * is a counterexample whenever the search stops, at the end or at its budget.
 *
 * Shape. Passes know how to make a program smaller and nothing of bugs; the loop knows bugs and nothing of programs.
 * Passes run in turn until a whole round takes nothing. Each pass lowers a measure of its own and raises none before
 * it in the order ops, kinds, slots, sizes, so the rounds come to an end.
 *
 * What goes wrong otherwise. Taking any finding for the bug walks from a rare bug to a common one, whose program is
 * shorter. Looking for damage only at the end of a run keeps ops that only serve to notice it: candidates run with
 * everything checked after every op.
 */

const PASSES: readonly Pass[] = [
  dropMost,
  tryShortForLongPrograms,
  dropOps,
  dropPairs,
  joinOps,
  simplifyOps,
  mergeSlots,
  shrinkSizes,
  joinBlocks,
  reorderFrees,
  raiseSizes,
  dropStretches,
  walkAtRandom,
  tryShortPrograms,
  tryShortPagePrograms,
  tryShortThreadPrograms,
];

export interface MinimizeOptions {
  /** Runs to spend at the most. Default 20,000. */
  readonly runsMax?: number;
  /** Candidates that may hang, and each cost the whole time limit, at the most. Default 200. */
  readonly hangsMax?: number;
  /** Told after each candidate that was taken. */
  readonly onProgress?: (progress: {
    readonly opsCount: number;
    readonly runsCount: number;
  }) => void;
}

export interface Minimized {
  readonly program: Program;
  /** What the program ends in, with the exact step. */
  readonly finding: Finding;
  readonly runsCount: number;
  /** How many of these were stopped. */
  readonly hangsCount: number;
  /** False when the budget ended the search, so that a pass might have gone on. */
  readonly isMinimal: boolean;
}

/**
 * Shrinks a program as far as it goes.
 *
 * @param run Runs a candidate on a fresh heap, with everything checked after every op.
 * @param finding What `run` makes of the program.
 */
export function minimize(
  run: RunProgram,
  program: Program,
  finding: Finding,
  options: MinimizeOptions = {},
): Minimized {
  const search = new Search(run, program, finding, options);
  // A walk goes from one program that shows the bug to the next: thousands of hangs to wait for.
  const isHang = finding.law === LAW.answersInTime.name;
  const passes = isHang ? PASSES.filter((pass) => pass !== walkAtRandom) : PASSES;
  try {
    let before: Program;
    do {
      before = search.program;
      for (const pass of passes) pass(search.program, search.attempt, search.shows);
    } while (search.program !== before);
  } catch (error) {
    if (error !== SPENT) throw error;
  }
  return {
    program: search.program,
    finding: search.finding,
    runsCount: search.runsCount,
    hangsCount: search.hangsCount,
    isMinimal: !search.isSpent,
  };
}

/** Thrown out of a pass when the budget is spent, so that it makes no more candidates. */
const SPENT = new Error('the budget is spent');

/** The program at hand, and the runs that were spent on it. */
class Search {
  program: Program;
  finding: Finding;
  runsCount = 0;
  hangsCount = 0;
  readonly #run: RunProgram;
  readonly #runsMax: number;
  readonly #hangsMax: number;
  readonly #onProgress: MinimizeOptions['onProgress'];
  readonly #seen = new Set<string>();

  constructor(run: RunProgram, program: Program, finding: Finding, options: MinimizeOptions) {
    this.#run = run;
    this.program = upTo(program, finding);
    this.finding = finding;
    this.#runsMax = options.runsMax ?? 20_000;
    this.#hangsMax = options.hangsMax ?? 200;
    this.#onProgress = options.onProgress;
  }

  get isSpent(): boolean {
    return this.runsCount >= this.#runsMax || this.hangsCount >= this.#hangsMax;
  }

  readonly attempt: Attempt = (candidate) => {
    const finding = this.#bugIn(candidate);
    if (finding === undefined) return false;
    this.program = candidate;
    this.finding = finding;
    this.#onProgress?.({ opsCount: candidate.length, runsCount: this.runsCount });
    return true;
  };

  readonly shows: Attempt = (candidate) => this.#bugIn(candidate) !== undefined;

  /** Runs a program, unless it was run before: what it ends in, if that is the bug. */
  #bugIn(candidate: Program): Finding | undefined {
    if (this.isSpent) throw SPENT;
    const key = keyOf(candidate);
    if (this.#seen.has(key)) return undefined;
    this.#seen.add(key);
    this.runsCount += 1;
    const finding = this.#run(candidate);
    if (finding?.law === LAW.answersInTime.name) this.hangsCount += 1;
    return finding !== undefined && sameBug(finding, this.finding) ? finding : undefined;
  }
}

/** The program without the ops that come after its finding. */
function upTo(program: Program, finding: Finding): Program {
  // The ops of several threads do not run in the order of the program.
  const isCut = finding.op !== 'end' && !program.some(needsKernel);
  return isCut ? program.slice(0, finding.step + 1) : program;
}

function keyOf(program: Program): string {
  return program.map((op) => Object.values(op).join(' ')).join('\n');
}
