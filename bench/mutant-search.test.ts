import { expect, test } from 'vitest';
import { Runner } from '../src/check/runner.ts';
import type { Mutant } from '../src/targets/mutants/index.ts';
import { loadMutant } from '../src/targets/mutants/index.ts';
import {
  ALLOCATOR_MUTANTS,
  isConfirmed,
  isWithinReach,
  knownProgram,
  searchMutant,
} from './mutant-search.ts';

/** What the known programs of these do is in no search: a free of null, and slots that are not the lowest. */
const NOT_IN_A_SEARCH: ReadonlySet<string> = new Set([
  'bump-counts-null',
  'slab-unmap-drops-the-newest',
]);

const within = ALLOCATOR_MUTANTS.filter((mutant) => isWithinReach(knownProgram(mutant)));

test.each(within.map((mutant): [string, Mutant] => [mutant.name, mutant]))(
  'no program is shorter than the one that %s is known by, and what is found breaks the same law in a run',
  async (name, mutant) => {
    const search = await searchMutant(mutant);
    const { found, known } = search;
    expect(isConfirmed(search)).toBe(true);
    expect(found?.program.length === known.length).toBe(!NOT_IN_A_SEARCH.has(name));
    const runner = new Runner(await loadMutant(mutant), { checkEvery: 1 });
    expect(found && runner.run(found.program)?.law).toBe(found?.finding.law);
  },
);

test('two mutants are out of reach: one is known by no op at all, one by too many', () => {
  const others = ALLOCATOR_MUTANTS.filter((mutant) => !within.includes(mutant));
  expect(others.map((mutant) => [mutant.name, knownProgram(mutant).length])).toEqual([
    ['buddy-power-is-not-enough', 0],
    ['slab-loses-every-16th-free', 33],
  ]);
});
