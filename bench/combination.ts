import type { DrawProgram } from '../fuzz/draw-program.ts';
import { programOf } from '../fuzz/engine.ts';
import { drawProgramFor } from '../fuzz/generator.ts';
import { askedCounters } from '../src/check/judge.ts';
import { firstFinding, HISTORIES, historyJudges } from '../src/check/histories.ts';
import { LAW, LAWS } from '../src/check/law.ts';
import type { RunCounts } from '../src/check/run-counts.ts';
import { Runner } from '../src/check/runner.ts';
import { type AllocatorTarget, isMachine, type MakeTarget } from '../src/check/target.ts';
import { minimize } from '../src/minimize/minimize.ts';
import { printOp } from '../src/program/text.ts';
import { guardedRunFor } from '../src/supervise/guarded-run.ts';

const HANG_MS = 5000;
/** After as many programs, one is run three times, to compare its addresses. */
const PROGRAMS_A_REPEAT = 10;
/** After as many ops, the other laws about whole histories are asked of a program: they take hundreds of runs. */
const OPS_A_HISTORY = 900;
/** What a law may need of a target. */
type Offers = Pick<AllocatorTarget, 'guards' | 'promises'>;

/** Laws that runs ask only of some targets, and what these offer or promise. */
const ASKED_IF: Readonly<Record<string, (target: Offers) => boolean>> = {
  'realloc-keeps-alignment': ({ promises }) => promises.reallocKeepsAlignment === true,
  'realloc-zero-keeps-promise': ({ promises }) => promises.reallocZero === 'frees',
  'guards-stay-untouched': ({ guards }) => guards !== undefined,
  'usable-size-grows': ({ promises }) => promises.usableGrows === true,
  'double-free-keeps-promise': ({ promises }) => promises.doubleFree !== undefined,
  'free-inside-keeps-promise': ({ promises }) => promises.freeInside !== undefined,
  'free-foreign-keeps-promise': ({ promises }) => promises.freeForeign !== undefined,
  'write-freed-keeps-promise': ({ promises }) => promises.writeFreed !== undefined,
  'churn-is-bounded': ({ promises }) => promises.steady === true,
  'largest-fits': ({ promises }) => promises.largest === true,
};

/** One way to build a target, and what is run on it. */
export interface Combination {
  readonly name: string;
  readonly makeTarget: MakeTarget;
  /** Where programs come from; default what the fuzzer draws for the target. */
  readonly draw?: DrawProgram;
  /** Ops of the longest program. Default 64. Everything is walked twice a program, so long ones cost less. */
  readonly opsMax?: number;
  /** Walk everything each this many ops besides. Default 256. */
  readonly checkEvery?: number;
  /** Default: that of the campaign. */
  readonly seed?: number;
  /** The part of the ops that it gets, where each of them costs more. Default 1. */
  readonly part?: number;
  /** Laws that this target cannot be asked, by name, with the reason. */
  readonly notHere?: Readonly<Record<string, string>>;
}

interface CombinationResult {
  readonly target: Offers;
  readonly asked: ReadonlyMap<string, number>;
  readonly counts: Readonly<RunCounts>;
  readonly findingsCount: number;
  readonly seconds: number;
}

/** How much is run of each combination, and how often each law is to be asked in it. */
export interface CampaignSize {
  readonly seed: number;
  readonly ops: number;
  readonly askedMin: number;
}

/**
 * Runs combinations one after the other, which must find nothing, with each law asked often enough to mean something.
 * Prints a line for each, and how often each law was asked in all.
 *
 * @returns How many findings there were, and laws that were asked too rarely in a combination.
 */
export function runCombinations(all: readonly Combination[], size: CampaignSize): number {
  const asked = new Map<string, number>();
  let troublesCount = 0;
  for (const combination of all) {
    const { part = 1, seed = size.seed } = combination;
    const askedMin = size.askedMin * part;
    const result = runCombination(combination, { ...size, seed, ops: size.ops * part });
    for (const [law, count] of result.asked) asked.set(law, (asked.get(law) ?? 0) + count);
    const rare = [...result.asked].filter(
      ([law, count]) =>
        count < askedMin &&
        whyNotAsked(law, result.target) === undefined &&
        combination.notHere?.[law] === undefined,
    );
    const rareText = rare.map(([law, count]) => `, ASKED TOO RARELY: ${law} ${count}`).join('');
    const { ops, programs } = result.counts;
    console.log(
      `  ${combination.name.padEnd(46)} ${ops} ops in ${programs} programs, ${result.seconds.toFixed(1)} s${rareText}`,
    );
    troublesCount += rare.length + result.findingsCount;
  }
  console.log('\n  asked in all');
  for (const [law, count] of asked) {
    const why = count === 0 ? whyNotAsked(law, { promises: {} }) : undefined;
    console.log(`  ${law.padEnd(34)} ${count}${why === undefined ? '' : `   ${why}`}`);
  }
  console.log(
    `\n  ${troublesCount} findings or laws asked too rarely, ${size.askedMin} times being enough\n`,
  );
  return troublesCount;
}

/** Why no correct run asks a law of a target that offers and promises as little, or undefined when runs do. */
function whyNotAsked(law: string, target: Offers): string | undefined {
  if (law === LAW.answersInTime.name) return 'asked by the watchdog only';
  return ASKED_IF[law]?.(target) === false ? 'nothing is promised' : undefined;
}

function runCombination(
  { checkEvery = 256, draw, makeTarget, opsMax = 64 }: Combination,
  { ops, seed }: CampaignSize,
): CombinationResult {
  const runner = new Runner(makeTarget, { checkEvery });
  const drawProgram = draw ?? drawProgramFor(runner.target);
  const historiesAsked = askedCounters();
  const asking = { asked: historiesAsked, isSearch: true };
  const repeats = LAW.sameProgramSameAddresses.name;
  const repeaters = historyJudges(makeTarget, { ...asking, law: repeats });
  const judges = historyJudges(makeTarget, { ...asking, without: repeats });
  const start = performance.now();
  let findingsCount = 0;
  let nextHistory = OPS_A_HISTORY;
  for (let number = 0; runner.counts.ops < ops && findingsCount === 0; number += 1) {
    const program = programOf(seed, number, drawProgram, opsMax);
    const isRepeated = number % PROGRAMS_A_REPEAT === PROGRAMS_A_REPEAT - 1;
    let finding =
      runner.run(program) ?? (isRepeated ? firstFinding(repeaters, program) : undefined);
    if (finding === undefined && runner.counts.ops >= nextHistory) {
      nextHistory += OPS_A_HISTORY;
      finding = firstFinding(judges, program);
    }
    if (finding === undefined) continue;
    findingsCount = 1;
    const run = guardedRunFor(makeTarget, HANG_MS, finding.law);
    const shrunk = minimize(run, program, finding).program;
    console.log(`FINDING ${finding.law}: ${finding.observed}`);
    console.log(shrunk.map((op) => `  ${printOp(op)}`).join('\n'));
  }
  const asked = new Map(runner.asked);
  for (const { law } of HISTORIES) asked.set(law.name, historiesAsked[law.index]!);
  // A machine is owed no law: those are an allocator's.
  if (isMachine(runner.target)) for (const { name } of LAWS) asked.delete(name);
  return {
    target: runner.target,
    asked,
    counts: runner.counts,
    findingsCount,
    seconds: (performance.now() - start) / 1000,
  };
}
