import { EXPLORED_KINDS, Explorer, type ExploredKind } from '../fuzz/index.ts';
import { coverageSentence, layerLines } from '../cli/explore-report.ts';
import { formatCount } from '../cli/format.ts';
import type { MakeAllocatorTarget } from '../src/check/target.ts';
import { LECTURE_NOTE } from '../src/heap/options.ts';
import type { Program } from '../src/program/program.ts';
import { printOp } from '../src/program/text.ts';
import type { Mutant } from '../src/targets/mutants/index.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { SMALL_ALLOCATORS } from '../src/targets/small-allocators.ts';
import {
  ALLOCATOR_MUTANTS,
  isConfirmed,
  isWithinReach,
  knownProgram,
  searchMutant,
} from './mutant-search.ts';

/** Two of them are of one extent on the default heap; all split a block, and merge with what they are freed beside. */
const SIZES = [8, 24, 40, 100];

const PLAIN: readonly ExploredKind[] = ['malloc', 'free'];
const STANDARD: readonly ExploredKind[] = [...PLAIN, 'realloc', 'calloc', 'aligned'];

interface Bound {
  readonly name: string;
  readonly makeTarget: MakeAllocatorTarget;
  readonly kinds: readonly ExploredKind[];
  readonly opsMax: number;
}

/** Kinds that each of them promises an answer to. */
const NO_WRITES = EXPLORED_KINDS.filter((kind) => kind !== 'write-freed');

const BOUNDS: readonly Bound[] = [
  { name: 'reference', makeTarget: referenceTarget(), kinds: PLAIN, opsMax: 11 },
  { name: 'reference', makeTarget: referenceTarget(), kinds: [...PLAIN, 'realloc'], opsMax: 9 },
  { name: 'reference', makeTarget: referenceTarget(), kinds: STANDARD, opsMax: 6 },
  {
    name: 'reference/lecture-note',
    makeTarget: referenceTarget({ heap: LECTURE_NOTE }),
    kinds: PLAIN,
    opsMax: 9,
  },
  { name: 'buddy', makeTarget: SMALL_ALLOCATORS.buddy(), kinds: PLAIN, opsMax: 9 },
  { name: 'buddy', makeTarget: SMALL_ALLOCATORS.buddy(), kinds: NO_WRITES, opsMax: 5 },
  { name: 'slab', makeTarget: SMALL_ALLOCATORS.slab(), kinds: PLAIN, opsMax: 8 },
  { name: 'slab', makeTarget: SMALL_ALLOCATORS.slab(), kinds: NO_WRITES, opsMax: 4 },
  { name: 'bump', makeTarget: SMALL_ALLOCATORS.bump(), kinds: PLAIN, opsMax: 8 },
  {
    name: 'bump',
    makeTarget: SMALL_ALLOCATORS.bump(),
    kinds: [...STANDARD, 'write-freed'],
    opsMax: 5,
  },
];

/**
 * Every program of up to so many ops on the allocators of ours, and the shortest program that breaks each mutant of one.
 *
 * @param share 1 for all of it; 10 for programs of one op less.
 * @returns How many findings there were on them, and mutants whose known program is not confirmed as the shortest.
 */
export async function campaignOnExplore(share: number): Promise<number> {
  const fewer = Math.round(Math.log10(share));
  console.log(
    `every program over sizes ${SIZES.join(', ')}; the reference has an arena of 16 MiB that grows by 64 KiB\n`,
  );
  let troublesCount = 0;
  for (const bound of BOUNDS)
    troublesCount += searchAll({ ...bound, opsMax: bound.opsMax - fewer });
  return troublesCount + (await confirmMutants());
}

function searchAll({ kinds, makeTarget, name, opsMax }: Bound): number {
  const started = performance.now();
  const startedCpu = process.cpuUsage();
  const options = { kinds, sizes: SIZES, alignment: 32, opsMax };
  const explorer = new Explorer(makeTarget, options);
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

/** @returns How many mutants have a shorter program than the known one. */
async function confirmMutants(): Promise<number> {
  console.log(
    'mutants of the allocators: ops of the shortest program known, of the first that the search comes to, and how many\n' +
      'programs find nothing, all that have fewer ops among them\n',
  );
  console.log(`  ${'mutant'.padEnd(38)} known  search  programs  found`);
  const counts = { confirmed: 0, wrong: 0, open: 0 };
  for (const mutant of ALLOCATOR_MUTANTS) {
    const { cells, verdict } = await confirmMutant(mutant);
    counts[verdict] += 1;
    const known = String(knownProgram(mutant).length).padStart(5);
    console.log(`  ${mutant.name.padEnd(38)} ${known}  ${cells}`);
  }
  console.log(
    `\n  ${counts.confirmed} known programs are the shortest, ${counts.wrong} are not, ${counts.open} not confirmed\n`,
  );
  return counts.wrong;
}

interface Confirmed {
  readonly verdict: 'confirmed' | 'wrong' | 'open';
  readonly cells: string;
}

async function confirmMutant(mutant: Mutant): Promise<Confirmed> {
  const length = knownProgram(mutant).length;
  if (length === 0) return { verdict: 'confirmed', cells: 'no program is shorter than this' };
  if (!isWithinReach(knownProgram(mutant)))
    return { verdict: 'open', cells: 'not confirmed: it is beyond the bound' };
  const search = await searchMutant(mutant);
  const { explorer, found, shorter } = search;
  const ops = String(found?.program.length ?? 'none').padStart(6);
  const cells = `${ops}  ${formatCount(explorer.programsCount).padStart(8)}  `;
  if (!isConfirmed(search))
    return { verdict: 'wrong', cells: cells + text(shorter ?? found!.program) };
  if (found?.program.length === length)
    return { verdict: 'confirmed', cells: `${cells}${found.finding.law}: ${text(found.program)}` };
  return {
    verdict: 'confirmed',
    cells: `${cells}nothing shorter; in no search is ${text(search.known)}`,
  };
}

function text(program: Program): string {
  return program.map(printOp).join('; ');
}
