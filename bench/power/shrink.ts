import type { Finding } from '../../src/check/finding.ts';
import { LAW } from '../../src/check/law.ts';
import { repeatFinding } from '../../src/check/repeat.ts';
import type { RunProgram } from '../../src/check/runner.ts';
import type { MakeTarget } from '../../src/check/target.ts';
import { refine } from '../../src/minimize/refine.ts';
import type { Program } from '../../src/program/program.ts';
import { guardedRun } from '../../src/supervise/guarded-run.ts';
import { withinTime } from '../../src/supervise/watchdog.ts';
import { HANG_MS, type Shrunk } from './strategy.ts';

/** Shrinks a program with our minimizer; none where it does not break a law on fresh targets, each time anew. */
export function shrinkProgram(
  makeTarget: MakeTarget,
  program: Program,
  finding: Finding,
): Shrunk | undefined {
  const refined = refine(exactRun(makeTarget, finding.law), program, finding);
  if (refined.kind === 'flaky') return undefined;
  return { length: refined.program.length, runsCount: refined.runsCount };
}

/** Runs programs so that a finding of this law shows at its exact step. */
function exactRun(makeTarget: MakeTarget, law: string): RunProgram {
  if (law !== LAW.sameProgramSameAddresses.name) return guardedRun(makeTarget, HANG_MS);
  return (program) => withinTime(HANG_MS, () => repeatFinding(makeTarget, program));
}
