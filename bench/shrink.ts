import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Engine, type RawFinding } from '../fuzz/engine.ts';
import { tuneV8 } from '../cli/tune-v8.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { isHistoryLaw } from '../src/check/histories.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { Minimized } from '../src/minimize/minimize.ts';
import { refine } from '../src/minimize/refine.ts';
import type { Program } from '../src/program/program.ts';
import { printOp } from '../src/program/text.ts';
import { guardedRun } from '../src/supervise/guarded-run.ts';
import { loadMutant, type Mutant, MUTANTS } from '../src/targets/mutants/index.ts';
import { SMALL_ALLOCATORS } from '../src/targets/small-allocators.ts';
import {
  endingOf,
  formatExcess,
  keepShorter,
  lengthsOf,
  readKnownPrograms,
  shortestOf,
} from './known-programs.ts';
import { median } from './ratio.ts';
import { tellUsageErrors } from './usage-errors.ts';

/** Ops of the longest program that is drawn, and from how many on it is as long as is wanted. */
const OPS_MAX = 200;
const OPS_WANTED = 180;
/** Of so many findings the longest is taken, where none is as long as is wanted. */
const FINDINGS_MAX = 100;
const PROGRAMS_MAX = 2000;
const HANG_MS = 2000;

type Family = 'heap' | 'small' | 'machine' | 'kernel';

/** How one found program was shrunk. */
interface Trial {
  readonly mutant: string;
  readonly seed: number;
  /** What it broke, and the ops up to where it did. */
  readonly ending: string;
  readonly opsBefore: number;
  /** After shrinking, and of the shortest program known that ends in the same bug, if one is. */
  readonly opsCount: number;
  readonly opsShortest: number | null;
  readonly program: Program;
  readonly isMinimal: boolean;
  readonly runsCount: number;
  readonly cpuMs: number;
}

/**
 * `npm run bench:shrink`: how good the minimizer is. A trial is a mutant and a seed: a program is found and shrunk.
 *
 * `--family small` for those of the small allocators, `machine` or `kernel`; `--seeds 3` for fewer of each, `--first 21`
 * for others, `--only a,b` for some mutants, `--json` for a line of JSON a trial, `--keep` to keep what is shorter than
 * all that is known.
 */
tellUsageErrors();
tuneV8();
const { values } = parseArgs({
  options: {
    family: { type: 'string', default: 'heap' },
    seeds: { type: 'string' },
    first: { type: 'string', default: '1' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const isJson = values.json;
const mutants = chosen(values.family, values.only?.split(','));
const seedFirst = Number(values.first);
const seedsCount = Number(values.seeds ?? (values.family === 'heap' ? 20 : 2));
print(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`);
print(`programs of up to ${OPS_MAX} ops, ${seedsCount} seeds from ${seedFirst} on\n`);
print(
  `  ${'mutant'.padEnd(36)} trials  other  from  short   equal  worst   runs   most      ms   most`,
);
const known = readKnownPrograms();
const trials: Trial[] = [];
for (const mutant of mutants) {
  const own = await trialsOf(mutant, { first: seedFirst, count: seedsCount });
  trials.push(...own);
  print(own.length === 0 ? `  ${mutant.name}: not found` : rowOf(mutant.name, own));
}
if (trials.length > 0) print(`\n${rowOf('all', trials)}\n\n  ${formatExcess(excessOf(trials))}`);
if (values.keep) keepShorter(trials);

function print(text: string): void {
  if (!isJson) console.log(text);
}

function chosen(family: string, names: readonly string[] | undefined): readonly Mutant[] {
  const unknown = names?.find((name) => MUTANTS.every((mutant) => mutant.name !== name));
  if (unknown !== undefined) throw new UsageError(`--only: there is no mutant '${unknown}'.`);
  const own = MUTANTS.filter(
    (mutant) =>
      names?.includes(mutant.name) ?? (familyOf(mutant) === family && !isHistoryLaw(mutant.law)),
  );
  if (own.length === 0)
    throw new UsageError(`--family: there is no '${family}'; pass heap, small, machine or kernel.`);
  return own;
}

function familyOf({ original = 'reference' }: Mutant): Family {
  if (original === 'reference') return 'heap';
  if (original in SMALL_ALLOCATORS) return 'small';
  return original.startsWith('kernel') ? 'kernel' : 'machine';
}

async function trialsOf(
  mutant: Mutant,
  seeds: { readonly first: number; readonly count: number },
): Promise<readonly Trial[]> {
  const makeTarget = await loadMutant(mutant);
  const lengths = lengthsOf(known, mutant.name);
  const own: Trial[] = [];
  for (let seed = seeds.first; seed < seeds.first + seeds.count; seed += 1) {
    const raw = found(makeTarget, seed);
    const shrunk = raw && shrink(makeTarget, raw);
    if (shrunk === undefined) continue;
    const { finding, program, opsBefore, isMinimal, runsCount, cpuMs } = shrunk;
    const trial: Trial = {
      mutant: mutant.name,
      seed,
      opsBefore,
      opsCount: program.length,
      opsShortest: shortestOf(lengths, finding) ?? null,
      ending: endingOf(finding),
      program,
      isMinimal,
      runsCount,
      cpuMs,
    };
    own.push(trial);
    const text = program.map((op) => printOp(op)).join('\n');
    if (isJson) console.log(JSON.stringify({ ...trial, program: text }));
  }
  return own;
}

/** The first program that is long enough up to where it breaks a law, or else the longest of those that do. */
function found(makeTarget: MakeTarget, seed: number): RawFinding | undefined {
  const engine = new Engine(makeTarget, { seed, opsMax: OPS_MAX });
  const exact = new Runner(makeTarget, { checkEvery: 1 });
  let longest: RawFinding | undefined;
  let opsLongest = 0;
  for (let count = 0; count < FINDINGS_MAX && opsLongest < OPS_WANTED; count += 1) {
    const raw = engine.run(PROGRAMS_MAX - engine.next);
    if (raw === undefined) break;
    const opsCount = opsUpTo(raw.program, exact);
    if (opsCount <= opsLongest) continue;
    longest = raw;
    opsLongest = opsCount;
  }
  return longest;
}

function opsUpTo(program: Program, exact: Runner): number {
  const finding = exact.run(program);
  return finding === undefined ? 0 : Math.min(finding.step + 1, program.length);
}

/** @returns What became of a finding, and what it cost; undefined when it did not repeat. */
function shrink(
  makeTarget: MakeTarget,
  { program, finding }: RawFinding,
): (Minimized & { readonly opsBefore: number; readonly cpuMs: number }) | undefined {
  const opsBefore = opsUpTo(program, new Runner(makeTarget, { checkEvery: 1 }));
  const start = process.cpuUsage();
  const refined = refine(guardedRun(makeTarget, HANG_MS), program, finding);
  const { system, user } = process.cpuUsage(start);
  if (refined.kind === 'flaky') return undefined;
  return { ...refined, opsBefore, cpuMs: Math.round((system + user) / 100) / 10 };
}

/**
 * How many were shrunk to the shortest length known, the ops that the worst has more, then medians and greatest. What
 * ends in a bug that no stored program shows has nothing to be compared with, and is counted apart.
 */
function rowOf(name: string, own: readonly Trial[]): string {
  const compared = own.flatMap(({ opsShortest }) => (opsShortest === null ? [] : [opsShortest]));
  const excess = excessOf(own);
  const equalCount = excess.filter((more) => more <= 0).length;
  const runs = own.map(({ runsCount }) => runsCount);
  const ms = own.map(({ cpuMs }) => cpuMs);
  const cells: readonly (readonly [number | string, number])[] = [
    [own.length, 7],
    [own.length - compared.length, 7],
    [middle(own.map(({ opsBefore }) => opsBefore)), 6],
    [compared.length === 0 ? '-' : middle(compared), 7],
    [compared.length === 0 ? '-' : `${((100 * equalCount) / compared.length).toFixed(1)} %`, 8],
    [compared.length === 0 ? '-' : Math.max(...excess), 7],
    [middle(runs), 7],
    [Math.max(...runs), 7],
    [middle(ms).toFixed(1), 8],
    [Math.max(...ms).toFixed(0), 7],
  ];
  return `  ${name.padEnd(36)}${cells.map(([cell, width]) => String(cell).padStart(width)).join('')}`;
}

/** Ops over the shortest, of those trials that have one to compare with. */
function excessOf(own: readonly Trial[]): readonly number[] {
  return own.flatMap(({ opsCount, opsShortest }) =>
    opsShortest === null ? [] : [opsCount - opsShortest],
  );
}

function middle(numbers: readonly number[]): number {
  return median(numbers.toSorted((a, b) => a - b));
}
