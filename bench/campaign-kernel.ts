import * as fc from 'fast-check';
import { programOf } from '../fuzz/engine.ts';
import { drawProgramFor } from '../fuzz/generator.ts';
import { differenceIn, raceFreePrograms, SCHEDULES } from '../properties/race-free-programs.ts';
import { minimize } from '../src/minimize/minimize.ts';
import type { Program } from '../src/program/program.ts';
import { printOp, printProgram } from '../src/program/text.ts';
import type { Finding } from '../src/check/finding.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeTarget, Target } from '../src/check/target.ts';
import { PRESETS, type PresetName } from '../src/machine/geometry.ts';
import { kernelTarget } from '../src/targets/kernel.ts';

const SCHEDULES_COUNT = 10_000;
const OPS_COUNT = 200;
/** Programs without races, each in four arrangements. */
const RACE_FREE = 1000;

/**
 * The kernel in every preset, with address-space ids and without, against fuzzed schedules of threads, in which nothing
 * must be found. Prints a line each, with what the schedules came to.
 *
 * @param share 1 for all of it, 10 for a tenth of the schedules.
 * @returns How many findings there were, and kinds of switch that no schedule came to.
 */
export function campaignOnKernel(seed: number, share: number): number {
  const count = Math.ceil(SCHEDULES_COUNT / share);
  let troublesCount = 0;
  console.log(`the kernel, ${count} schedules of ${OPS_COUNT} ops each\n`);
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    for (const ids of ['off', 'on'] as const)
      troublesCount += runSchedules({ preset, tlb: { ids } }, seed, count);
  }
  troublesCount += runRaceFree(seed, Math.ceil(RACE_FREE / share));
  console.log(`\n  ${troublesCount} findings, or kinds of switch that never came\n`);
  return troublesCount;
}

/** Fuzzes one kernel, and says what came of it. */
function runSchedules(
  options: { readonly preset: PresetName; readonly tlb: { readonly ids: 'off' | 'on' } },
  seed: number,
  count: number,
): number {
  const makeTarget = kernelTarget(options);
  const runner = new Runner(makeTarget);
  const start = performance.now();
  for (const program of schedules(runner.target, seed, count)) {
    const finding = runner.run(program);
    if (finding !== undefined) return tellFinding(makeTarget, program, finding);
  }
  const { counts, events } = runner;
  const never = [...events].filter(([, times]) => times === 0).map(([name]) => name);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const rare = never.length === 0 ? '' : `, NEVER: ${never.join(', ')}`;
  console.log(
    `  ${makeTarget().name.padEnd(18)} ${counts.ops} ops, ${sumOf(events, SWITCHES)} switches, ${events.get('timerStrikes')} timer strikes, ${seconds} s${rare}`,
  );
  return never.length;
}

/** Fuzzed programs of exactly so many ops: what is drawn longer is cut there, and what is shorter is left out. */
function* schedules(target: Target, seed: number, count: number): Generator<Program> {
  const draw = drawProgramFor(target);
  for (let number = 0, made = 0; made < count; number += 1) {
    const program = programOf(seed, number, draw, 2 * OPS_COUNT);
    if (program.length < OPS_COUNT) continue;
    made += 1;
    yield program.slice(0, OPS_COUNT);
  }
}

function tellFinding(makeTarget: MakeTarget, program: Program, finding: Finding): number {
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  const exact = runner.run(program) ?? finding;
  const shrunk = minimize((each) => runner.run(each), program, exact);
  console.log(`FINDING ${finding.law}: ${finding.observed}`);
  console.log(shrunk.program.map((op) => `  ${printOp(op)}`).join('\n'));
  return 1;
}

const SWITCHES = ['preemption', 'yield', 'exit', 'semaphore', 'queue', 'io', 'sleep', 'join'];

function sumOf(events: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (events.get(name) ?? 0), 0);
}

/** Programs without races: no schedule, TLB or placement changes what they read. */
function runRaceFree(seed: number, count: number): number {
  const machine = { preset: 'x86-64', framesCount: 2048 } as const;
  const makeTargets = (['random', 'gaps', 'down'] as const).map((placement) =>
    kernelTarget({ ...machine, space: { placement, seed }, tlb: { ids: 'on' } }),
  );
  const plain = {
    makeTarget: kernelTarget(machine),
    schedule: { quantum: 10, policy: 'rr', spawns: 'in-order' },
  } as const;
  const others = SCHEDULES.map((schedule, index) => ({
    makeTarget: makeTargets[index]!,
    schedule,
  }));
  const start = performance.now();
  const property = fc.property(raceFreePrograms(PRESETS[machine.preset].pageSize), (program) => {
    const difference = differenceIn(program, plain, others);
    if (difference !== undefined) throw new Error(difference);
  });
  const { counterexample, errorInstance, failed } = fc.check(property, { seed, numRuns: count });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (failed) console.log(`FINDING ${String(errorInstance)}\n${printProgram(counterexample![0])}`);
  console.log(
    `  ${count} programs without races in ${others.length + 1} arrangements, ${seconds} s`,
  );
  return failed ? 1 : 0;
}
