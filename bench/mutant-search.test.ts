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
const each = within.map((mutant): [string, Mutant] => [mutant.name, mutant]);

test.each(each)('no program is shorter than the one that %s is known by', async (_, mutant) => {
  expect(isConfirmed(await searchMutant(mutant))).toBe(true);
});

test.each(each.filter(([name]) => !NOT_IN_A_SEARCH.has(name)))(
  'the search comes to a program as short as that of %s, which breaks the same law in a run',
  async (_, mutant) => {
    const { found, known } = await searchMutant(mutant);
    const runner = new Runner(await loadMutant(mutant), { checkEvery: 1 });
    expect(found?.program.length).toBe(known.length);
    expect(runner.run(found!.program)?.law).toBe(found!.finding.law);
  },
);

test('two mutants are out of reach: one is known by no op at all, one by too many', () => {
  const others = ALLOCATOR_MUTANTS.filter((mutant) => !within.includes(mutant));
  expect(others.map((mutant) => [mutant.name, knownProgram(mutant).length])).toEqual([
    ['buddy-power-is-not-enough', 0],
    ['slab-loses-every-16th-free', 33],
  ]);
});
