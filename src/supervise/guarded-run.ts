import type { Finding } from '../check/finding.ts';
import { firstFinding, historyJudges, isHistoryLaw } from '../check/histories.ts';
import { LAW } from '../check/law.ts';
import { Runner, type RunnerOptions, type RunProgram } from '../check/runner.ts';
import type { MakeTarget } from '../check/target.ts';
import type { Program } from '../program/program.ts';
import { TimedOut, withinTime } from './watchdog.ts';

/** The finding of a run that was stopped: the law answers-in-time, at the op where the run was. */
export function timedOutFinding(runner: Runner, limitMs: number): Finding {
  const { step, op } = runner.at;
  return hangOf({ target: runner.target.name, step, op: op?.kind ?? 'end' }, limitMs);
}

/** The finding of a hang, by where it was; the end of the program, where that is not known. */
export function hangOf(at: Pick<Finding, 'target' | 'step' | 'op'>, limitMs: number): Finding {
  const broken = LAW.answersInTime.check(limitMs, 'timed out')!;
  return { law: LAW.answersInTime.name, ...at, ...broken };
}

/**
 * Runs programs one by one in the ways of the laws about whole histories, on targets of their own, each stopped when
 * that takes too long.
 *
 * @param law Only this law's way; default all that the target allows.
 */
export function guardedHistories(
  makeTarget: MakeTarget,
  limitMs: number,
  law?: string,
): RunProgram {
  const wanted = law === undefined ? {} : { law };
  return (program) => {
    try {
      return withinTime(limitMs, () => firstFinding(historyJudges(makeTarget, wanted), program));
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      return hangOf({ target: makeTarget().name, step: program.length, op: 'end' }, limitMs);
    }
  };
}

/** Runs programs one by one so that a finding of this law shows: in the way of one about whole histories, else once. */
export function guardedRunFor(makeTarget: MakeTarget, limitMs: number, law: string): RunProgram {
  return isHistoryLaw(law)
    ? guardedHistories(makeTarget, limitMs, law)
    : guardedRun(makeTarget, limitMs);
}

/**
 * Runs programs one by one with everything checked after every op, each stopped when it takes too long: a hang is a
 * finding like any other.
 *
 * @param limitMs Milliseconds that a program of a few ops may take.
 */
export function guardedRun(
  makeTarget: MakeTarget,
  limitMs: number,
  options: RunnerOptions = {},
): RunProgram {
  let runner = new Runner(makeTarget, { checkEvery: 1, ...options });
  return (program: Program) => {
    try {
      return withinTime(limitMs, () => runner.run(program));
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      const finding = timedOutFinding(runner, limitMs);
      runner = new Runner(makeTarget, { checkEvery: 1, ...options });
      return finding;
    }
  };
}
