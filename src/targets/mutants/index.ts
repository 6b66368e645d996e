import { UsageError } from '../../base/usage-error.ts';
import type { MakeTarget } from '../../check/target.ts';
import type * as reference from '../reference.ts';
import { HEAP_MUTANTS } from './heap-mutants.ts';
import { importPatched } from './import-patched.ts';
import type { Mutant } from './mutant.ts';

export type { Mutant } from './mutant.ts';

/** Every mutant, by its place in the tables. */
export const MUTANTS: readonly Mutant[] = HEAP_MUTANTS;

/** The name of a mutant as a target. */
export function mutantTargetName(mutant: Mutant): string {
  return `mutants/${mutant.name}`;
}

/** Makes the reference with one planted bug. */
export async function loadMutant(mutant: Mutant): Promise<MakeTarget> {
  const patched = (await importPatched('targets/reference', [mutant.patch])) as typeof reference;
  return patched.referenceTarget({ name: mutantTargetName(mutant) });
}

/**
 * Finds a mutant by its target name.
 *
 * @throws {UsageError} There is no such mutant.
 */
export function findMutant(targetName: string): Mutant {
  const mutant = MUTANTS.find((each) => mutantTargetName(each) === targetName);
  if (mutant === undefined) {
    throw new UsageError(
      `target: there is no '${targetName}'; 'heapcheck list mutants' names those that there are.`,
    );
  }
  return mutant;
}
