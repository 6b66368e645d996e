import { UsageError } from '../../src/base/usage-error.ts';
import { isHistoryLaw } from '../../src/check/histories.ts';
import { parseProgram, PROGRAM_HEADER } from '../../src/program/text.ts';
import { loadMutant, type Mutant, MUTANTS } from '../../src/targets/mutants/index.ts';
import { lengthsOf, readKnownPrograms } from '../known-programs.ts';
import { PLANTED_TASKS } from './planted.ts';
import type { Task } from './task.ts';

const KNOWN = readKnownPrograms();

/**
 * Every task: the mutants of allocators and the planted bugs, then the mutants of machine and kernel. What one run of a
 * program does not show is none: a strategy is asked for programs, not for ways to run them.
 */
export const TASKS: readonly Task[] = [
  ...MUTANTS.filter(({ law }) => !isHistoryLaw(law)).map(taskOf),
  ...PLANTED_TASKS.map((task) => ({ ...task, shortestLengths: lengthsOf(KNOWN, task.name) })),
].toSorted((a, b) => Number(a.family === 'machine') - Number(b.family === 'machine'));

function taskOf(mutant: Mutant): Task {
  const { name, original = 'reference', shortest } = mutant;
  return {
    name,
    family: /^(machine|kernel)\b/.test(original) ? 'machine' : 'allocator',
    shortestLength: parseProgram(`${PROGRAM_HEADER}\n${shortest}`, name).program.length,
    shortestLengths: lengthsOf(KNOWN, name),
    load: () => loadMutant(mutant),
  };
}

/**
 * Picks by name, in the order of the list; all of the list where no names are given.
 *
 * @param option What to name in the message.
 * @throws {UsageError} The list has no such name.
 */
export function pickByName<T extends { readonly name: string }>(
  option: string,
  list: readonly T[],
  names: readonly string[],
): readonly T[] {
  const unknown = names.find((name) => !list.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new UsageError(
      `${option}: there is no '${unknown}'; pass some of ${list.map(({ name }) => name).join(', ')}.`,
    );
  return names.length === 0 ? list : list.filter(({ name }) => names.includes(name));
}
