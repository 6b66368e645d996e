import { UsageError } from '../../base/usage-error.ts';
import type { MakeTarget } from '../../check/target.ts';
import type * as kernel from '../kernel.ts';
import type * as machine from '../machine.ts';
import type * as reference from '../reference.ts';
import type * as smallAllocators from '../small-allocators.ts';
import { ADDRESS_SPACE_MUTANTS } from './address-space-mutants.ts';
import { FRAME_MUTANTS } from './frame-mutants.ts';
import { BUDDY_MUTANTS } from './buddy-mutants.ts';
import { BUMP_MUTANTS } from './bump-mutants.ts';
import { HEAP_MUTANTS } from './heap-mutants.ts';
import { HISTORY_MUTANTS } from './history-mutants.ts';
import { importPatched } from './import-patched.ts';
import { MACHINE_MUTANTS } from './machine-mutants.ts';
import type { Mutant } from './mutant.ts';
import { SWITCH_MUTANTS } from './switch-mutants.ts';
import { SLAB_MUTANTS } from './slab-mutants.ts';
import { THREAD_MUTANTS } from './thread-mutants.ts';

export type { Mutant } from './mutant.ts';

/** Every mutant, by its place in the tables. */
export const MUTANTS: readonly Mutant[] = [
  ...HEAP_MUTANTS,
  ...BUDDY_MUTANTS,
  ...SLAB_MUTANTS,
  ...BUMP_MUTANTS,
  ...HISTORY_MUTANTS,
  ...MACHINE_MUTANTS,
  ...FRAME_MUTANTS,
  ...ADDRESS_SPACE_MUTANTS,
  ...SWITCH_MUTANTS,
  ...THREAD_MUTANTS,
];

/** The name of a mutant as a target. */
export function mutantTargetName(mutant: Mutant): string {
  return `mutants/${mutant.name}`;
}

/** Makes a mutant's original with its planted bug. */
export async function loadMutant(mutant: Mutant): Promise<MakeTarget> {
  const { original = 'reference', patch } = mutant;
  const patches = [patch].flat();
  const name = mutantTargetName(mutant);
  if (original === 'reference') {
    const patched = (await importPatched('targets/reference', patches)) as typeof reference;
    return patched.referenceTarget({ name });
  }
  if (original === 'buddy' || original === 'slab' || original === 'bump') {
    const patched = (await importPatched(
      'targets/small-allocators',
      patches,
    )) as typeof smallAllocators;
    return patched.SMALL_ALLOCATORS[original](name);
  }
  if (original === 'kernel' || original === 'kernel/ids') {
    const patched = (await importPatched('targets/kernel', patches)) as typeof kernel;
    return patched.kernelTarget({ name, tlb: { ids: original === 'kernel' ? 'off' : 'on' } });
  }
  const patched = (await importPatched('targets/machine', patches)) as typeof machine;
  return patched.machineTarget({ name, preset: original === 'machine' ? 'x86-64' : 'toy' });
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
