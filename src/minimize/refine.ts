import { confirm } from '../check/examine.ts';
import type { Finding } from '../check/finding.ts';
import type { RunProgram } from '../check/runner.ts';
import type { Program } from '../program/program.ts';
import { minimize, type Minimized, type MinimizeOptions } from './minimize.ts';

/** What becomes of a program that broke a law once. */
export type Refined =
  | (Minimized & { readonly kind: 'confirmed'; readonly opsBefore: number })
  | {
      readonly kind: 'flaky';
      readonly program: Program;
      readonly finding: Finding;
      readonly repeatsCount: number;
      readonly confirmRunsCount: number;
    };

/**
 * Runs a program again until its finding is confirmed, and shrinks it; what does not repeat is kept as it is, with
 * its rate.
 *
 * @param run Runs a program on a fresh heap, with everything checked after every op.
 * @param raw What the program ended in when it was found.
 */
export function refine(
  run: RunProgram,
  program: Program,
  raw: Finding,
  options: MinimizeOptions = {},
): Refined {
  const { finding, repeatsCount, runsCount } = confirm(run, program);
  if (finding === undefined || repeatsCount < runsCount) {
    return {
      kind: 'flaky',
      program,
      finding: finding ?? raw,
      repeatsCount,
      confirmRunsCount: runsCount,
    };
  }
  return {
    kind: 'confirmed',
    opsBefore: program.length,
    ...minimize(run, program, finding, options),
  };
}
