import { type Finding, sameBug } from '../src/check/finding.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { corpusFolder } from '../src/store/corpus-folder.ts';
import { guardedRunFor } from '../src/supervise/guarded-run.ts';
import { type Mutant, mutantTargetName } from '../src/targets/mutants/index.ts';

/** No stored program takes as long. */
const HANG_MS = 10_000;

/** A stored program of a mutant: what it ends in, and its length. */
export interface KnownProgram {
  readonly finding: Finding;
  readonly opsCount: number;
}

/** The stored programs that break a mutant. */
export function knownProgramsOf(mutant: Mutant, makeTarget: MakeTarget): readonly KnownProgram[] {
  const exact = guardedRunFor(makeTarget, HANG_MS, mutant.law);
  return corpusFolder('corpus')
    .findingsOf(mutantTargetName(mutant))
    .flatMap(({ program }) => {
      const finding = exact(program);
      return finding === undefined ? [] : [{ finding, opsCount: program.length }];
    });
}

/** @returns Ops of the shortest of these that ends in the same bug, or undefined when none does. */
export function shortestOf(known: readonly KnownProgram[], finding: Finding): number | undefined {
  const same = known.filter((each) => sameBug(each.finding, finding));
  return same.length === 0 ? undefined : Math.min(...same.map(({ opsCount }) => opsCount));
}
