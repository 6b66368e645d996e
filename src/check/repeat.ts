import type { Program } from '../program/program.ts';
import type { Finding } from './finding.ts';
import { askedCounters } from './judge.ts';
import { LAW } from './law.ts';
import { Runner } from './runner.ts';
import type { MakeTarget } from './target.ts';
import type { Outcome } from './outcome.ts';
import type { Trace } from './trace.ts';

/** One run of a program, kept to be compared. */
interface Repetition {
  readonly trace: Trace;
  readonly finding: Finding | undefined;
}

/**
 * Runs a program three times, on two fresh targets and once more on the second after its reset, and compares the
 * addresses op by op.
 *
 * @returns The first difference; or, where there is none, what the runs themselves found.
 */
export function repeatFinding(makeTarget: MakeTarget, program: Program): Finding | undefined {
  return new Repeater(makeTarget).run(program);
}

/**
 * Runs many programs three times each. As `repeatFinding`, but for the targets: where they can be reset, the same two
 * serve all programs, and so have histories of their own, which must not show.
 */
export class Repeater {
  readonly #runnerA: Runner;
  readonly #runnerB: Runner;
  readonly #asked: Float64Array;

  /** @param asked One counter a law, by `Law.index`; one question is one address compared with another. */
  constructor(makeTarget: MakeTarget, asked: Float64Array = askedCounters()) {
    this.#runnerA = new Runner(makeTarget, { record: 'outcomes' });
    this.#runnerB = new Runner(makeTarget, { record: 'outcomes' });
    this.#asked = asked;
  }

  run(program: Program): Finding | undefined {
    const first = repeated(this.#runnerA, program);
    for (let round = 0; round < 2; round += 1) {
      const target = this.#runnerB.target.name;
      const second = repeated(this.#runnerB, program);
      const difference = firstDifference({
        first: first.trace,
        second: second.trace,
        asked: this.#asked,
      });
      const finding = difference === undefined ? second.finding : { ...difference, target };
      if (finding !== undefined) return finding;
    }
    return first.finding;
  }
}

function repeated(runner: Runner, program: Program): Repetition {
  const finding = runner.run(program);
  return { finding, trace: runner.trace };
}

/** Where two traces of one program part; an end that only one of them has is a finding of its own. */
function firstDifference(traces: {
  readonly first: Trace;
  readonly second: Trace;
  readonly asked: Float64Array;
}): Omit<Finding, 'target'> | undefined {
  const { first, second, asked } = traces;
  const law = LAW.sameProgramSameAddresses;
  const stepsCount = Math.min(first.length, second.length);
  for (let step = 0; step < stepsCount; step += 1) {
    const { op, outcome } = first[step]!;
    if (!isAnswer(outcome)) continue;
    asked[law.index]! += 1;
    const broken = law.check(op, answerOf(second[step]!.outcome), answerOf(outcome));
    if (broken !== undefined) return { law: law.name, step, op: op.kind, ...broken };
  }
  return undefined;
}

function isAnswer(outcome: Outcome): boolean {
  return outcome.kind === 'granted' || outcome.kind === 'refused';
}

function answerOf(outcome: Outcome): number | null {
  return outcome.kind === 'granted' ? outcome.address : null;
}
