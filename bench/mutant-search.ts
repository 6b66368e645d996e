import {
  EXPLORED_KINDS,
  Explorer,
  type ExplorerOptions,
  offeredKinds,
  type RawFinding,
} from '../fuzz/index.ts';
import { Runner } from '../src/check/runner.ts';
import type { AllocatorTarget, MakeAllocatorTarget } from '../src/check/target.ts';
import type { BlockOp, Slot } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../src/program/text.ts';
import { BUDDY_MUTANTS } from '../src/targets/mutants/buddy-mutants.ts';
import { BUMP_MUTANTS } from '../src/targets/mutants/bump-mutants.ts';
import { HEAP_MUTANTS } from '../src/targets/mutants/heap-mutants.ts';
import { SLAB_MUTANTS } from '../src/targets/mutants/slab-mutants.ts';
import { loadMutant, type Mutant } from '../src/targets/mutants/index.ts';

/** All mutants of allocators. */
export const ALLOCATOR_MUTANTS: readonly Mutant[] = [
  ...HEAP_MUTANTS,
  ...BUDDY_MUTANTS,
  ...SLAB_MUTANTS,
  ...BUMP_MUTANTS,
];

/** Sizes beside those of a mutant's own program. */
const SIZES = [24, 100];
/** Up to so many ops every kind is searched, and more sizes; of longer programs their own. */
const FULL_OPS_MAX = 3;
/** Longer programs are out of reach. */
const OPS_MAX = 9;

export interface ShortestSearch {
  /** The shortest program known. */
  readonly known: Program;
  readonly alphabet: ExplorerOptions;
  readonly explorer: Explorer;
  /** A program of the fewest ops; none where all of as many as the known one has find nothing. */
  readonly found: RawFinding | undefined;
  /** A program shorter than the known one that shows something at its end, with its slots in whatever order. */
  readonly shorter: Program | undefined;
}

/** The program that a mutant is known by. */
export function knownProgram(mutant: Mutant): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${mutant.shortest}`, mutant.name).program;
}

/** Whether a search can tell if a program is the shortest: there are shorter ones, and not too many. */
export function isWithinReach(known: Program): boolean {
  return known.length > 0 && known.length <= OPS_MAX;
}

/** Whether all programs that are shorter than the known one were searched, and none finds anything. */
export function isConfirmed({ explorer, known, shorter }: ShortestSearch): boolean {
  return shorter === undefined && explorer.depthDone >= known.length - 1;
}

/** Searches for the shortest program that breaks a mutant of an allocator. */
export async function searchMutant(mutant: Mutant): Promise<ShortestSearch> {
  return searchShortest(knownProgram(mutant), (await loadMutant(mutant)) as MakeAllocatorTarget);
}

/**
 * Searches for the shortest program that breaks an allocator, over the sizes of the program that it is known by and the
 * kinds of op that it takes. What shows in the frees that close a run counts if the known one shows it there.
 */
export function searchShortest(known: Program, makeTarget: MakeAllocatorTarget): ShortestSearch {
  const alphabet = alphabetOf(known, makeTarget());
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  if (runner.run(known)?.op !== 'end') {
    const explorer = new Explorer(makeTarget, alphabet);
    const found = searched(explorer, known.length);
    return { known, alphabet, explorer, found, shorter: undefined };
  }
  const shorter = programsInAnyOrder(alphabet, known.length - 1).find(
    (program) => runner.run(program) !== undefined,
  );
  for (let opsMax = 1; ; opsMax += 1) {
    const explorer = new Explorer(makeTarget, { ...alphabet, opsMax });
    const found = searched(explorer, opsMax);
    if (found !== undefined || opsMax === known.length)
      return { known, alphabet, explorer, found, shorter };
  }
}

/**
 * All programs of up to so many requests and frees, each request in any empty slot: a run is closed by freeing slots by
 * their numbers, so the names of slots tell programs apart there.
 */
function programsInAnyOrder(alphabet: ExplorerOptions, opsMax: number): readonly Program[] {
  const slots = Array.from({ length: opsMax }, (_, slot) => slot);
  const programs: Program[] = [[]];
  // The list grows while it is gone over.
  for (const program of programs) {
    if (program.length === opsMax) continue;
    for (const op of slots.flatMap((slot) => opsOn(slot, alphabet, program)))
      programs.push([...program, op]);
  }
  return programs;
}

/** What may be done with a slot after a program of which nothing was refused. */
function opsOn(slot: Slot, { alignment, kinds, sizes }: ExplorerOptions, before: Program): Program {
  const last = (before as readonly BlockOp[]).findLast((op) => op.slot === slot);
  const isLive = last !== undefined && last.kind !== 'free';
  const ops = sizes.flatMap((size): readonly BlockOp[] =>
    isLive
      ? [{ kind: 'realloc', slot, source: slot, size }]
      : [
          { kind: 'malloc', slot, size },
          { kind: 'calloc', slot, count: 1, size },
          { kind: 'aligned', slot, alignment, size },
        ],
  );
  const all: readonly BlockOp[] = isLive ? [...ops, { kind: 'free', slot }] : ops;
  return all.filter(({ kind }) => kinds.some((each) => each === kind));
}

function alphabetOf(known: Program, target: AllocatorTarget): ExplorerOptions {
  const isShort = known.length <= FULL_OPS_MAX;
  const own = known.flatMap((op) => {
    if ('size' in op) return [Number(op.size)];
    return 'offset' in op ? [op.offset] : [];
  });
  const sizes = [...new Set([...own, ...(isShort ? SIZES : [])])];
  const offered = offeredKinds(target);
  const kinds = EXPLORED_KINDS.filter(
    (kind) =>
      offered.includes(kind) &&
      (isShort || kind === 'free' || known.some((op) => op.kind === kind)),
  );
  const alignment = Math.max(32, ...known.map((op) => (op.kind === 'aligned' ? op.alignment : 0)));
  return { kinds, sizes, alignment };
}

/** Searches until something is found, or all programs of so many ops find nothing. */
function searched(explorer: Explorer, opsMax: number): RawFinding | undefined {
  let found: RawFinding | undefined;
  while (explorer.end === undefined && explorer.depthDone < opsMax) found = explorer.run(100);
  return found;
}
