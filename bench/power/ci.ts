import { FUZZ, PROPERTIES } from './own-strategies.ts';
import type { Strategy } from './strategy.ts';
import type { Task } from './task.ts';
import { TASKS } from './tasks.ts';
import { makeTrial } from './trial.ts';

const SEEDS = [1, 2, 3];
const TASKS_COUNT = 10;
/** Enough for the hardest of the ten many times over. */
const OPS_MAX = 200_000;

/** Ten tasks, evenly out of all allocators, three seeds. @returns In how many trials our engine found nothing. */
export async function runCi(): Promise<number> {
  const allocators = TASKS.filter(({ family }) => family === 'allocator');
  let missesCount = 0;
  for (let index = 0; index < TASKS_COUNT; index += 1) {
    const task = allocators[Math.floor((index * allocators.length) / TASKS_COUNT)]!;
    const [fuzz, properties] = await Promise.all([opsOf(task, FUZZ), opsOf(task, PROPERTIES)]);
    missesCount += fuzz.filter((ops) => ops === undefined).length;
    console.log(`  ${task.name.padEnd(36)} fuzz ${list(fuzz)}   properties ${list(properties)}`);
  }
  console.log(`\n  ${missesCount} of ${TASKS_COUNT * SEEDS.length} trials missed by fuzz`);
  return missesCount;
}

/** Ops to the first finding, a seed each. */
async function opsOf(task: Task, strategy: Strategy): Promise<readonly (number | undefined)[]> {
  const makeTarget = await task.load();
  return SEEDS.map((seed) => {
    const { found, ops } = makeTrial({ task, strategy, seed, opsMax: OPS_MAX }, makeTarget);
    return found ? ops : undefined;
  });
}

function list(ops: readonly (number | undefined)[]): string {
  return ops.map((each) => `${each ?? 'missed'}`.padStart(7)).join(' ');
}
