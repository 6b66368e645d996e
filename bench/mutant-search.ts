import { EXPLORED_KINDS, Explorer, type ExplorerOptions, type RawFinding } from '../fuzz/index.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeAllocatorTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../src/program/text.ts';
import { loadMutant, type Mutant } from '../src/targets/mutants/index.ts';

/** Sizes beside those of a mutant's own program. */
const SIZES = [24, 100];

export interface MutantSearch {
  /** The shortest program known. */
  readonly known: Program;
  readonly explorer: Explorer;
  /** A program of the fewest ops; none where all of as many as the known one has find nothing. */
  readonly found: RawFinding | undefined;
}

/**
 * Searches for the shortest program that breaks a mutant of an allocator, over every kind of op and the sizes of the
 * program that it is known by. What shows in the frees that close a run counts if the known one shows it there.
 */
export async function searchMutant(mutant: Mutant): Promise<MutantSearch> {
  const known = parseProgram(`${PROGRAM_HEADER}\n${mutant.shortest}`, mutant.name).program;
  const makeTarget = (await loadMutant(mutant)) as MakeAllocatorTarget;
  const alphabet = alphabetOf(known);
  if (new Runner(makeTarget, { checkEvery: 1 }).run(known)?.op !== 'end') {
    const explorer = new Explorer(makeTarget, alphabet);
    const found = searched(explorer, known.length);
    return { known, explorer, found };
  }
  for (let opsMax = 1; ; opsMax += 1) {
    const explorer = new Explorer(makeTarget, { ...alphabet, opsMax });
    const found = searched(explorer, opsMax);
    if (found !== undefined || opsMax === known.length) return { known, explorer, found };
  }
}

function alphabetOf(known: Program): ExplorerOptions {
  const own = known.flatMap((op) => ('size' in op ? [Number(op.size)] : []));
  const sizes = [...new Set([...own, ...SIZES])];
  const alignment = Math.max(32, ...known.map((op) => (op.kind === 'aligned' ? op.alignment : 0)));
  return { kinds: EXPLORED_KINDS, sizes, alignment };
}

/** Searches until something is found, or all programs of so many ops find nothing. */
function searched(explorer: Explorer, opsMax: number): RawFinding | undefined {
  let found: RawFinding | undefined;
  while (explorer.end === undefined && explorer.depthDone < opsMax) found = explorer.run(100);
  return found;
}
