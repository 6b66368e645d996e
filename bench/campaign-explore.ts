import { Explorer, type ExploredKind } from '../fuzz/index.ts';
import { coverageSentence, layerLines } from '../cli/explore-report.ts';
import { formatCount } from '../cli/format.ts';
import type { HeapOptions } from '../src/heap/options.ts';
import { LECTURE_NOTE } from '../src/heap/options.ts';
import { printOp } from '../src/program/text.ts';
import { HEAP_MUTANTS } from '../src/targets/mutants/heap-mutants.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { searchMutant } from './mutant-search.ts';

/** Two of them are of one extent on the default heap; all split a block, and merge with what they are freed beside. */
const SIZES = [8, 24, 40, 100];

interface Bound {
  readonly name: string;
  readonly heap: Partial<HeapOptions>;
  readonly kinds: readonly ExploredKind[];
  readonly opsMax: number;
}

const BOUNDS: readonly Bound[] = [
  { name: 'reference', heap: {}, kinds: ['malloc', 'free'], opsMax: 11 },
  { name: 'reference', heap: {}, kinds: ['malloc', 'free', 'realloc'], opsMax: 9 },
  {
    name: 'reference',
    heap: {},
    kinds: ['malloc', 'free', 'realloc', 'calloc', 'aligned'],
    opsMax: 6,
  },
  { name: 'reference/lecture-note', heap: LECTURE_NOTE, kinds: ['malloc', 'free'], opsMax: 9 },
];

/**
 * Every program of up to so many ops on the flat reference, and the shortest program that breaks each mutant of it.
 *
 * @param share 1 for all of it; 10 for programs of one op less.
 * @returns How many findings there were on the reference, and mutants whose known program is not the shortest.
 */
export async function campaignOnExplore(share: number): Promise<number> {
  const fewer = Math.round(Math.log10(share));
  console.log(
    `every program over sizes ${SIZES.join(', ')}, with an arena of 16 MiB that grows by 64 KiB\n`,
  );
  let troublesCount = 0;
  for (const bound of BOUNDS)
    troublesCount += searchAll({ ...bound, opsMax: bound.opsMax - fewer });
  return troublesCount + (await confirmMutants());
}

function searchAll({ heap, kinds, name, opsMax }: Bound): number {
  const started = performance.now();
  const startedCpu = process.cpuUsage();
  const options = { kinds, sizes: SIZES, alignment: 32, opsMax };
  const explorer = new Explorer(referenceTarget({ name, heap }), options);
  while (explorer.end === undefined) explorer.run(10_000);
  const { system, user } = process.cpuUsage(startedCpu);
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor`;
  console.log(
    `${name}, ${kinds.join(', ')}: ${formatCount(explorer.stepsCount)} ops in ${formatCount(explorer.statesCount)} states, ${seconds}`,
  );
  for (const line of [...layerLines(explorer), '', coverageSentence(explorer, options), ''])
    console.log(line);
  return explorer.end === 'found' ? 1 : 0;
}

async function confirmMutants(): Promise<number> {
  console.log(
    'mutants of the reference: ops of the shortest program known, and of the shortest there is\n',
  );
  console.log(`  ${'mutant'.padEnd(34)} known  shortest    states  found`);
  let wrongCount = 0;
  for (const mutant of HEAP_MUTANTS) {
    const { explorer, found, known } = await searchMutant(mutant);
    if (found?.program.length !== known.length) wrongCount += 1;
    const length = String(found?.program.length ?? 'none').padStart(8);
    const states = formatCount(explorer.statesCount).padStart(8);
    const program = found?.program.map(printOp).join('; ') ?? '';
    console.log(
      `  ${mutant.name.padEnd(34)} ${String(known.length).padStart(5)}  ${length}  ${states}  ${found?.finding.law}: ${program}`,
    );
  }
  console.log(`\n  ${wrongCount} known programs are not the shortest\n`);
  return wrongCount;
}
