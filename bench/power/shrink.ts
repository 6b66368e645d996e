import type { Finding } from '../../src/check/finding.ts';
import type { RunProgram } from '../../src/check/runner.ts';
import type { MakeTarget } from '../../src/check/target.ts';
import { refine } from '../../src/minimize/refine.ts';
import type { Program } from '../../src/program/program.ts';
import { guardedRunFor } from '../../src/supervise/guarded-run.ts';
import { endingOf } from '../known-programs.ts';
import { HANG_MS, type Shrunk } from './strategy.ts';

/** Shrinks a program with our minimizer; none where it does not break a law on fresh targets, each time anew. */
export function shrinkProgram(
  makeTarget: MakeTarget,
  program: Program,
  finding: Finding,
): Shrunk | undefined {
  const refined = refine(exactRun(makeTarget, finding.law), program, finding);
  if (refined.kind === 'flaky') return undefined;
  const { finding: last, program: shrunk, runsCount } = refined;
  return { ending: endingOf(last), length: shrunk.length, runsCount };
}

/** Runs programs so that a finding of this law shows at its exact step. */
function exactRun(makeTarget: MakeTarget, law: string): RunProgram {
  return guardedRunFor(makeTarget, HANG_MS, law);
}
