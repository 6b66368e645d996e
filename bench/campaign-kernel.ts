import { Engine } from '../fuzz/engine.ts';
import { minimize } from '../src/minimize/minimize.ts';
import { printOp } from '../src/program/text.ts';
import { Runner } from '../src/check/runner.ts';
import { PRESETS, type PresetName } from '../src/machine/geometry.ts';
import { kernelTarget } from '../src/targets/kernel.ts';

const SCHEDULES = 10_000;
const OPS_MAX = 200;

/**
 * The kernel in every preset, with address-space ids and without, against fuzzed schedules of threads, in which nothing
 * must be found. Prints a line each, with what the schedules came to.
 *
 * @param share 1 for all of it, 10 for a tenth of the schedules.
 * @returns How many findings there were, and kinds of switch that no schedule came to.
 */
export function campaignOnKernel(seed: number, share: number): number {
  const count = Math.ceil(SCHEDULES / share);
  let troublesCount = 0;
  console.log(`the kernel, ${count} schedules of up to ${OPS_MAX} ops each\n`);
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    for (const ids of ['off', 'on'] as const)
      troublesCount += runSchedules({ preset, tlb: { ids } }, seed, count);
  }
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
  const engine = new Engine(makeTarget, { seed, opsMax: OPS_MAX });
  const start = performance.now();
  const raw = engine.run(count);
  if (raw !== undefined) {
    const runner = new Runner(makeTarget, { checkEvery: 1 });
    const { program } = minimize((each) => runner.run(each), raw.program, raw.finding);
    console.log(`FINDING ${raw.finding.law}: ${raw.finding.observed}`);
    console.log(program.map((op) => `  ${printOp(op)}`).join('\n'));
    return 1;
  }
  const { counts, events } = engine.runner;
  const never = [...events].filter(([, times]) => times === 0).map(([name]) => name);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const rare = never.length === 0 ? '' : `, NEVER: ${never.join(', ')}`;
  console.log(
    `  ${makeTarget().name.padEnd(18)} ${counts.ops} ops, ${sumOf(events, SWITCHES)} switches, ${events.get('timerStrikes')} timer strikes, ${seconds} s${rare}`,
  );
  return never.length;
}

const SWITCHES = ['preemption', 'yield', 'exit', 'semaphore', 'queue', 'io', 'sleep', 'join'];

function sumOf(events: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (events.get(name) ?? 0), 0);
}
