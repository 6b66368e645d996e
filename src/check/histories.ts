import type { Program } from '../program/program.ts';
import { Churn } from './churn.ts';
import type { Finding } from './finding.ts';
import { Largest } from './largest.ts';
import { LAW, type Law } from './law.ts';
import { RefusedMemoryWalk } from './refused-memory.ts';
import { Repeater } from './repeat.ts';
import { isMachine, type MakeTarget, type Target } from './target.ts';

/** Runs programs so that a law about whole histories is judged, and all others on the way. */
export interface HistoryJudge {
  run(program: Program): Finding | undefined;
}

export interface HistoryOptions {
  /** One counter a law, by `Law.index`. */
  readonly asked?: Float64Array;
  /** Whether there are many more programs, so that each is looked at less closely at first. */
  readonly isSearch?: boolean;
}

/** A law that one run of a program does not show. */
export interface History {
  readonly law: Law;
  readonly isAllowed: (target: Target) => boolean;
  readonly judge: (makeTarget: MakeTarget, options: HistoryOptions) => HistoryJudge;
}

/** The laws about whole histories: each does a program in its own way, and what it finds shows by that way alone. */
export const HISTORIES: readonly History[] = [
  {
    law: LAW.sameProgramSameAddresses,
    isAllowed: ({ promises }) => promises.repeats !== undefined,
    judge: (makeTarget, { asked }) => new Repeater(makeTarget, asked),
  },
  {
    law: LAW.churnIsBounded,
    isAllowed: (target) =>
      !isMachine(target) && target.footprint !== undefined && target.promises.steady !== undefined,
    judge: (makeTarget, options) => new Churn(makeTarget, options),
  },
  {
    law: LAW.refusedMemoryIsSurvived,
    isAllowed: (target) => !isMachine(target) && target.refusals !== undefined,
    judge: (makeTarget, options) => new RefusedMemoryWalk(makeTarget, options),
  },
  {
    law: LAW.largestFits,
    isAllowed: (target) =>
      !isMachine(target) && target.bounds !== undefined && target.promises.largest !== undefined,
    judge: (makeTarget, options) => new Largest(makeTarget, options),
  },
];

/** The judges of the histories that a target allows, of one law's alone, or of all but one. */
export function historyJudges(
  makeTarget: MakeTarget,
  options: HistoryOptions & { readonly law?: string; readonly without?: string } = {},
): readonly HistoryJudge[] {
  const target = makeTarget();
  const { law: wanted, without } = options;
  return HISTORIES.filter(
    ({ isAllowed, law: { name } }) =>
      isAllowed(target) && (wanted === undefined || wanted === name) && name !== without,
  ).map(({ judge }) => judge(makeTarget, options));
}

/** Whether a law is one about whole histories. */
export function isHistoryLaw(name: string): boolean {
  return HISTORIES.some(({ law }) => law.name === name);
}

/** Runs a program in the way of each judge. @returns The first finding. */
export function firstFinding(
  judges: readonly HistoryJudge[],
  program: Program,
): Finding | undefined {
  for (const judge of judges) {
    const finding = judge.run(program);
    if (finding !== undefined) return finding;
  }
  return undefined;
}
