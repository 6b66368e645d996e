import type { Program } from '../program/program.ts';
import { sameBug, type Finding } from './finding.ts';
import { Runner, type RunProgram } from './runner.ts';
import type { MakeTarget } from './target.ts';
import type { Trace } from './trace.ts';

/** A run with everything written down, and walked after every op. */
export interface Examination {
  readonly finding: Finding | undefined;
  readonly trace: Trace;
}

/** Runs a program once, slowly: the finding names the exact step, the trace shows the target's blocks after each op. */
export function examine(makeTarget: MakeTarget, program: Program): Examination {
  const runner = new Runner(makeTarget, { checkEvery: 1, record: 'blocks' });
  const finding = runner.run(program);
  return { finding, trace: runner.trace };
}

/** How often the same program shows the same bug. */
export interface Confirmation {
  /** What the first run that found something found. */
  readonly finding: Finding | undefined;
  readonly repeatsCount: number;
  readonly runsCount: number;
}

/** Runs that a finding must survive before it is called more than flaky. */
const CONFIRM_RUNS = 4;

/**
 * Runs a program several times. A finding is confirmed when every run ends in the same bug; what repeats less often is
 * flaky, with `repeatsCount / runsCount` as its rate.
 *
 * @param run Runs it on a fresh heap, with everything checked after every op.
 */
export function confirm(run: RunProgram, program: Program): Confirmation {
  const findings = Array.from({ length: CONFIRM_RUNS }, () => run(program));
  const finding = findings.find((each) => each !== undefined);
  const repeats = findings.filter(
    (each) => finding !== undefined && each !== undefined && sameBug(each, finding),
  );
  return { finding, repeatsCount: repeats.length, runsCount: CONFIRM_RUNS };
}
