import { expect, test } from 'vitest';
import { HEAP_MUTANTS } from '../src/targets/mutants/heap-mutants.ts';
import { searchMutant } from './mutant-search.ts';

test.each(HEAP_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  'no program is shorter than the one that %s is known by',
  async (_, mutant) => {
    const { explorer, found, known } = await searchMutant(mutant);
    expect(found?.program.length).toBe(known.length);
    expect(explorer.depthDone).toBeLessThan(known.length);
  },
);
