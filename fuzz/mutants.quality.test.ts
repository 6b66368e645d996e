/**
 * How good the engine and the minimizer are: each mutant is found within a number of programs and shrunk to hardly
 * more than the shortest program that is known; the examples get their verdict.
 */
import { describe, expect, test } from 'vitest';
import makeBuggy from '../examples/first-fit-with-a-bug.js';
import makeCorrect from '../examples/size-classes.js';
import { isHistoryLaw } from '../src/check/histories.ts';
import { Runner, type RunProgram } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { refine } from '../src/minimize/refine.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../src/program/text.ts';
import {
  loadMutant,
  type Mutant,
  MUTANTS,
  mutantTargetName,
} from '../src/targets/mutants/index.ts';
import { type MakeAllocator, objectTarget } from '../src/targets/object.ts';
import { Engine, type RawFinding } from './index.ts';

const SEED = 1;
/** The examples take no time. */
const SEEDS = [SEED, 0x5f1e_22d0, 0xdeca_fbad];

/** The shortest program on which the example breaks a law: no program of up to 7 ops over sizes 0 and 16 does. */
const FIRST_FIT_SHORTEST = `b0 = malloc 0
b1 = malloc 0
b2 = malloc 0
free b1
free b2
b3 = malloc 16
free b0
b4 = malloc 16`;

/** Programs within which each mutant is found; most are in the first ten. */
const PROGRAMS_MAX = 2000;

/**
 * Mutants that take ten thousand ops and more, and those of which some programs shrink to another shape than the shortest:
 * the campaign hunts them.
 */
const LEFT_TO_CAMPAIGN = new Set([
  'bin-above-is-skipped',
  'malloc-1337-is-too-small',
  'buddy-realloc-copies-the-new-size',
  'slab-loses-every-16th-free',
  'slab-that-was-full-is-forgotten',
  'slab-unmap-drops-the-newest',
  'slab-calloc-threshold-is-off-by-one',
  'slab-aligned-takes-any-cell',
  'bump-counts-null',
]);

const isOfMachine = ({ original = 'reference' }: Mutant): boolean =>
  /^(machine|kernel)/.test(original);

/** Of two mutants that break the same law, the one that fewer ops show. */
function shorter(a: Mutant | undefined, b: Mutant): Mutant {
  return a === undefined || shortestOf(b).length < shortestOf(a).length ? b : a;
}

/**
 * For each law that a heap's mutants break, the one that is shown soonest, on the reference with each seed; of machine
 * and kernel, for every sixth invariant, with one seed and short programs, since those take longer. The campaign hunts
 * them all with many. What breaks a law about whole histories no single run of a program shows.
 */
function hunted(): readonly Mutant[] {
  const byLaw = new Map<string, Mutant>();
  for (const mutant of MUTANTS.filter(
    ({ law, name }) => !LEFT_TO_CAMPAIGN.has(name) && !isHistoryLaw(law),
  )) {
    const key = isOfMachine(mutant) ? mutant.law : `${mutant.original} ${mutant.law}`;
    byLaw.set(key, shorter(byLaw.get(key), mutant));
  }
  const soonest = [...byLaw.values()];
  return [
    ...soonest.filter((mutant) => !isOfMachine(mutant)),
    ...soonest.filter((mutant) => isOfMachine(mutant)).filter((_, index) => index % 6 === 0),
  ];
}

/** Long enough for threads to be looked at: that happens every 16 ops, and at the end of a program. */
function opsMaxFor({ original = 'reference' }: Mutant): number {
  if (original.startsWith('kernel')) return 20;
  return original.startsWith('machine') ? 12 : 64;
}

function shortestOf({ name, shortest }: Mutant): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${shortest}`, name).program;
}

function exactly(makeTarget: MakeTarget): RunProgram {
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  return (program) => runner.run(program);
}

function find(makeTarget: MakeTarget, seed: number, opsMax = 64): RawFinding | undefined {
  return new Engine(makeTarget, { seed, opsMax }).run(PROGRAMS_MAX);
}

describe('a mutant is found and shrunk to one op more than the shortest program at the most', () => {
  test.each(hunted().map((mutant): [string, Mutant] => [mutant.name, mutant]))(
    '%s',
    async (_, mutant) => {
      const makeTarget = await loadMutant(mutant);
      const raw = find(makeTarget, SEED, opsMaxFor(mutant));
      expect(raw?.finding.target).toBe(mutantTargetName(mutant));
      const refined = refine(exactly(makeTarget), raw!.program, raw!.finding);
      expect(refined).toMatchObject({ kind: 'confirmed', isMinimal: true });
      expect(refined.program.length).toBeLessThanOrEqual(shortestOf(mutant).length + 1);
    },
  );
});

/** A target of an example. */
const adapt = (name: string, makeAllocator: unknown): MakeTarget =>
  objectTarget(name, makeAllocator as MakeAllocator);

describe('the example', () => {
  test('size-classes.js breaks nothing in 100,000 ops', () => {
    const engine = new Engine(adapt('size-classes', makeCorrect), { seed: 1 });
    while (engine.runner.counts.ops < 100_000) expect(engine.run(100)).toBeUndefined();
    const asked = Object.fromEntries(engine.runner.asked);
    expect(
      Object.entries(asked)
        .filter(([, count]) => count > 0)
        .map(([law]) => law),
    ).toEqual(
      expect.arrayContaining([
        'blocks-stay-apart',
        'contents-survive',
        'double-free-keeps-promise',
        'free-inside-keeps-promise',
      ]),
    );
  });

  test('first-fit-with-a-bug.js breaks blocks-stay-apart on a program of 8 ops', () => {
    const { program } = parseProgram(`${PROGRAM_HEADER}\n${FIRST_FIT_SHORTEST}`, 'text.ops');
    const run = exactly(adapt('first-fit-with-a-bug', makeBuggy));
    expect(run(program)).toMatchObject({ law: 'blocks-stay-apart', step: 7 });
    const pieces = program.map((_op, index) => program.filter((_other, at) => at !== index));
    expect(pieces.map((piece) => run(piece))).toEqual(pieces.map(() => undefined));
  });

  test('first-fit-with-a-bug.js is found, and shrunk to one op more at the most', () => {
    const makeTarget = adapt('first-fit-with-a-bug', makeBuggy);
    for (const seed of SEEDS) {
      const raw = find(makeTarget, seed)!;
      const refined = refine(exactly(makeTarget), raw.program, raw.finding);
      expect(refined).toMatchObject({ kind: 'confirmed', finding: { law: 'blocks-stay-apart' } });
      expect(refined.program.length).toBeLessThanOrEqual(8 + 1);
    }
  });
});
