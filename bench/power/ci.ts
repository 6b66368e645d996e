import { FUZZ } from './own-strategies.ts';
import { TASKS } from './tasks.ts';
import { makeTrial } from './trial.ts';

const SEEDS = [1, 2, 3];
const TASKS_COUNT = 10;
const OPS_MAX = 1_000_000;

/** Ten tasks, evenly out of all allocators, three seeds. @returns In how many trials our engine found nothing. */
export async function runCi(): Promise<number> {
  const allocators = TASKS.filter(({ family }) => family === 'allocator');
  let missesCount = 0;
  for (let index = 0; index < TASKS_COUNT; index += 1) {
    const task = allocators[Math.floor((index * allocators.length) / TASKS_COUNT)]!;
    const makeTarget = await task.load();
    const ops = SEEDS.map((seed) => {
      const trial = makeTrial({ task, strategy: FUZZ, seed, opsMax: OPS_MAX }, makeTarget);
      return trial.found ? trial.ops : undefined;
    });
    missesCount += ops.filter((each) => each === undefined).length;
    const shown = ops.map((each) => (each?.toLocaleString('en') ?? 'missed').padStart(10));
    console.log(`  ${task.name.padEnd(36)} ${shown.join('')}`);
  }
  console.log(`\n  ${missesCount} of ${TASKS_COUNT * SEEDS.length} trials missed by ${FUZZ.name}`);
  return missesCount;
}
