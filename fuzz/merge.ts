import { Runner } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import { type Feature, Novelty } from './novelty.ts';

/**
 * Reduces programs to some that together show all that they show, shorter ones first. A program that breaks a law shows
 * that as well: one is kept for each law and kind of op.
 *
 * @param known What these show need not be shown again.
 * @returns Some of the programs, by rising length.
 */
export function mergePrograms(
  makeTarget: MakeTarget,
  programs: readonly Program[],
  known: readonly Program[] = [],
): readonly Program[] {
  const novelty = new Novelty();
  const runner = new Runner(makeTarget, { observe: (op, outcome) => novelty.note(op, outcome) });
  const seen = new Set<Feature | string>(
    known.flatMap((program) => shownBy(program, runner, novelty)),
  );
  return programs
    .toSorted((a, b) => a.length - b.length)
    .filter((program) => {
      const shown: (Feature | string)[] = shownBy(program, runner, novelty);
      const before = seen.size;
      for (const each of shown) seen.add(each);
      return seen.size > before;
    });
}

function shownBy(program: Program, runner: Runner, novelty: Novelty): (Feature | string)[] {
  const finding = runner.run(beginning(program, runner, novelty));
  if (finding !== undefined) return [...novelty.features, `${finding.law} ${finding.op}`];
  novelty.end();
  return [...novelty.features];
}

/** A program that tells when it begins: only then it is known on which target. */
function* beginning(
  program: Program,
  runner: Runner,
  novelty: Novelty,
): Generator<Program[number]> {
  novelty.begin(runner.target);
  yield* program;
}
