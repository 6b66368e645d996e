import { loadTarget } from '../cli/load-target.ts';
import { Engine } from '../fuzz/engine.ts';
import { nativeTarget } from '../src/targets/native/native-target.ts';
import { withJob } from './job.ts';
import { median } from './ratio.ts';
import { systemLibrary } from './system-library.ts';

const ROUNDS = 5;
const ROUND_MS = 1500;
/** Before it is measured, each side has run for so long: a process that has just begun compiles most of the time. */
const WARM_UP_MS = 1500;
const OPS_MAX = 64;
const GOAL_RATIO = 2 / 3;
const GOAL_START_MS = 150;

/**
 * What it costs that a library is fuzzed in a process of its own, each op being recorded first, against the same calls in
 * this process; and how soon such a process has run its first programs.
 */
export async function measureNative(): Promise<void> {
  const file = systemLibrary('libc.so.6');
  if (file === undefined) {
    console.log('F4 needs the libc of Debian\n');
    return;
  }
  const makeTarget = await nativeTarget({ library: file }, 'libc');
  const [inHere, inProcess, starts]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const engine = new Engine(makeTarget, { seed: round, opsMax: OPS_MAX });
    const here = await measured({
      ops: () => engine.runner.counts.ops,
      step: () => Promise.resolve(engine.run(16)),
    });
    const apart = await runApart(file, round);
    inHere.push(here);
    inProcess.push(apart.rate);
    starts.push(apart.startMs);
  }
  const [apart, here, start] = [inProcess, inHere, starts].map((each) =>
    median(each.toSorted((x, y) => x - y)),
  );
  const ratio = apart! / here!;
  console.log(`F4 fuzzing glibc, programs of up to ${OPS_MAX} ops, medians of ${ROUNDS} rounds`);
  console.log(`  in a process of its own, recorded   k ops/s  ${apart!.toFixed(1)}`);
  console.log(`  in this process                     k ops/s  ${here!.toFixed(1)}`);
  console.log(
    `  ratio ${ratio.toFixed(2)}, goal ${GOAL_RATIO.toFixed(2)}: ${said(ratio >= GOAL_RATIO)}`,
  );
  console.log(
    `  the first programs are run after ${Math.round(start!)} ms, goal below ${GOAL_START_MS}: ${said(start! < GOAL_START_MS)}\n`,
  );
}

async function runApart(file: string, seed: number): Promise<{ rate: number; startMs: number }> {
  const target = await loadTarget(file, { cwd: '.' });
  const begun = performance.now();
  return withJob(target, { seed, opsMax: OPS_MAX, timeLimitMs: 2000 }, async (campaign) => {
    await campaign.next();
    const startMs = performance.now() - begun;
    const rate = await measured({ ops: () => campaign.opsCount, step: () => campaign.next() });
    return { rate, startMs };
  });
}

/** Thousand ops a second, once it has run for a while. */
async function measured(side: {
  readonly ops: () => number;
  readonly step: () => Promise<unknown>;
}): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < WARM_UP_MS) await side.step();
  const first = { at: performance.now(), ops: side.ops() };
  while (performance.now() - first.at < ROUND_MS) await side.step();
  return (side.ops() - first.ops) / (performance.now() - first.at);
}

function said(isReached: boolean): string {
  return isReached ? 'reached' : 'not reached';
}
