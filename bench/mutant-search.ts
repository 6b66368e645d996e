import { EXPLORED_KINDS, Explorer, type RawFinding } from '../fuzz/index.ts';
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
 * program that it is known by; one that breaks it in the frees that close a run is not counted.
 */
export async function searchMutant(mutant: Mutant): Promise<MutantSearch> {
  const known = parseProgram(`${PROGRAM_HEADER}\n${mutant.shortest}`, mutant.name).program;
  const own = known.flatMap((op) => ('size' in op ? [Number(op.size)] : []));
  const sizes = [...new Set([...own, ...SIZES])];
  const makeTarget = (await loadMutant(mutant)) as MakeAllocatorTarget;
  const explorer = new Explorer(makeTarget, { kinds: EXPLORED_KINDS, sizes, alignment: 32 });
  let found: RawFinding | undefined;
  while (explorer.end === undefined && explorer.depthDone < known.length) found = explorer.run(100);
  return { known, explorer, found };
}
