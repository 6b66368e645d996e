import { expect, test } from 'vitest';
import { historyJudges, firstFinding, isHistoryLaw } from '../src/check/histories.ts';
import { Runner, type RunProgram } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { corpusFolder } from '../src/store/corpus-folder.ts';
import { loadMutant, MUTANTS } from '../src/targets/mutants/index.ts';
import { endingOf, formatExcess, lengthsOf, readKnownPrograms } from './known-programs.ts';
import { PLANTED_TASKS } from './power/planted.ts';

const KNOWN = readKnownPrograms();
const LOADERS: readonly (readonly [string, () => Promise<MakeTarget>])[] = [
  ...MUTANTS.map((mutant) => [mutant.name, () => loadMutant(mutant)] as const),
  ...PLANTED_TASKS.map(({ name, load }) => [name, load] as const),
];
const corpus = corpusFolder('corpus');

/** What programs end in, if it is this law that they are run for. */
function endings(makeTarget: MakeTarget): (law: string, ...args: Parameters<RunProgram>) => string {
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  return (law, program) => {
    const finding = isHistoryLaw(law)
      ? firstFinding(historyJudges(makeTarget, { law }), program)
      : runner.run(program);
    return finding === undefined ? 'nothing' : endingOf(finding);
  };
}

test.each(LOADERS)(
  'the programs known of %s end as they are said to, and no stored one is shorter',
  async (name, load) => {
    const own = KNOWN.filter(({ mutant }) => mutant === name);
    const endingFor = endings(await load());
    const actual = own.map(({ ending, program }) => endingFor(ending.split(' ')[0]!, program));
    expect(actual).toEqual(own.map(({ ending }) => ending));
    const lengths = lengthsOf(KNOWN, name);
    const stored = corpus.findingsOf(`mutants/${name}`).map(({ file, law, program }) => {
      const shortest = lengths.get(endingFor(law!, program));
      return { file, isKnown: shortest !== undefined && shortest <= program.length };
    });
    expect(stored.filter(({ isKnown }) => !isKnown)).toEqual([]);
  },
);

test('there is one program an ending, and each mutant has some', () => {
  const keys = KNOWN.map(({ ending, mutant }) => `${mutant} | ${ending}`);
  expect(new Set(keys).size).toBe(keys.length);
  const names = LOADERS.map(([name]) => name);
  expect([...new Set(KNOWN.map(({ mutant }) => mutant))].toSorted()).toEqual(names.toSorted());
});

test('what is over the shortest is told in three parts', () => {
  expect(formatExcess([0, 0, -1, 0, 1, 2, 9, 1])).toBe(
    '4 as short as the shortest known (50.0 %), 2 an op over, 2 more',
  );
});
