import { Engine } from '../fuzz/engine.ts';
import { Check } from '../properties/check.ts';
import type { Finding } from '../src/check/finding.ts';
import { firstFinding, historyJudges, isHistoryLaw } from '../src/check/histories.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { refine } from '../src/minimize/refine.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, printOp, PROGRAM_HEADER } from '../src/program/text.ts';
import { guardedRunFor } from '../src/supervise/guarded-run.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { loadMutant, MUTANTS } from '../src/targets/mutants/index.ts';
import { runBatch } from './run-batch.ts';
import { formatExcess, lengthsOf, readKnownPrograms, shortestOf } from './known-programs.ts';

const SEEDS = 20;
const TIME_LIMIT_MS = 10_000;
const HANG_MS = 2000;
/** So few that no batch takes as long as a hang. */
const PROGRAMS_A_BATCH = 50;

/** One mutant and one seed. */
interface Hunt {
  readonly makeTarget: MakeTarget;
  /** That the mutant breaks. */
  readonly law: string;
  readonly seed: number;
}

/** What one engine made of one mutant with one seed. */
interface Trial {
  /** Of the processor, so that neighbours cost nothing. */
  readonly ms: number;
  /** What was found, shrunk; nothing in time, or nothing that repeats. */
  readonly found: { readonly finding: Finding; readonly program: Program } | undefined;
}

/**
 * Every mutant against both engines from an empty corpus, 20 seeds each: found within 10 s, and shrunk to at most one
 * op more than the shortest program known that ends in the same bug, or that breaks the mutant, if none does.
 *
 * @param share 1 for all seeds, 10 for a tenth.
 * @returns How many trials missed that.
 */
export async function campaignOnMutants(share: number): Promise<number> {
  const seedsCount = Math.ceil(SEEDS / share);
  let [trialsCount, missesCount] = [0, 0];
  const long: string[] = [];
  const excess: number[] = [];
  const all = readKnownPrograms();
  console.log(
    `the mutants, ${seedsCount} seeds each: good trials, slowest in ms, longest shrunk program\n`,
  );
  console.log(`  ${'mutant'.padEnd(38)} shortest   fuzz                 check`);
  for (const mutant of MUTANTS) {
    const makeTarget = await loadMutant(mutant);
    const lengths = lengthsOf(all, mutant.name);
    const shortest = parseProgram(`${PROGRAM_HEADER}\n${mutant.shortest}`, mutant.name).program
      .length;
    const columns = [fuzzOnce, checkOnce].map((once) => {
      const trials = Array.from({ length: seedsCount }, (_, index) =>
        once({ makeTarget, law: mutant.law, seed: index + 1 }),
      );
      const found = trials.flatMap(({ ms, found: own }) =>
        own === undefined || ms > TIME_LIMIT_MS ? [] : [own],
      );
      trialsCount += trials.length;
      missesCount += trials.length - found.length;
      const longer = found.flatMap(({ finding, program }) => {
        const opsCount = program.length;
        const known = shortestOf(lengths, finding) ?? shortest;
        excess.push(opsCount - known);
        const says = `${mutant.name}: ${finding.law} at ${finding.op} in ${opsCount} ops, known in ${known}: ${program.map(printOp).join('; ')}`;
        return opsCount > known + 1 ? [says] : [];
      });
      long.push(...longer);
      const slowest = Math.max(...trials.map(({ ms }) => ms));
      const longest = Math.max(0, ...found.map(({ program }) => program.length));
      return `${found.length - longer.length}/${trials.length} ${String(Math.round(slowest)).padStart(5)} ${String(longest).padStart(3)}`;
    });
    console.log(
      `  ${mutant.name.padEnd(38)} ${String(shortest).padStart(8)}   ${columns.join('   ')}`,
    );
  }
  console.log(
    `\n  ${trialsCount} trials: ${missesCount} missed; shrunk: ${formatExcess(excess)}\n`,
  );
  for (const line of long) console.log(`  ${line}`);
  return missesCount + long.length;
}

/** A mutant is hunted as the law demands that it breaks: where that is one about whole histories, each program also in its way. */
function fuzzOnce({ law, makeTarget, seed }: Hunt): Trial {
  const start = cpuMs();
  const engine = new Engine(makeTarget, { seed });
  const judges = isHistoryLaw(law) ? historyJudges(makeTarget, { law, isSearch: true }) : [];
  while (cpuMs() - start < TIME_LIMIT_MS) {
    const raw = runBatch(engine, {
      count: judges.length === 0 ? PROGRAMS_A_BATCH : 1,
      hangMs: HANG_MS,
    });
    const finding = raw?.finding ?? firstFinding(judges, engine.program);
    if (finding !== undefined) return shrunk(makeTarget, engine.program, finding, cpuMs() - start);
  }
  return { ms: TIME_LIMIT_MS, found: undefined };
}

function shrunk(makeTarget: MakeTarget, program: Program, finding: Finding, ms: number): Trial {
  const refined = refine(guardedRunFor(makeTarget, HANG_MS, finding.law), program, finding);
  if (refined.kind !== 'confirmed') return { ms, found: undefined };
  return { ms, found: { finding: refined.finding, program: refined.program } };
}

function checkOnce({ makeTarget, seed }: Hunt): Trial {
  const start = cpuMs();
  const check = new Check(makeTarget, { seed });
  for (const property of check.properties) {
    const found = withinHangTime(() => check.check(property));
    if (found === 'hung') break;
    if (found === undefined) continue;
    const { finding, program } = found;
    return { ms: cpuMs() - start, found: { finding, program } };
  }
  return { ms: cpuMs() - start, found: undefined };
}

/** Does some work; work that hangs is a trial that missed. */
function withinHangTime<T>(work: () => T): T | 'hung' {
  try {
    return withinTime(6 * TIME_LIMIT_MS, work);
  } catch (error) {
    if (error instanceof TimedOut) return 'hung';
    throw error;
  }
}

function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}
