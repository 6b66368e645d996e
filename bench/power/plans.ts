import type { Share } from './share.ts';
import type { Strategy } from './strategy.ts';
import type { Task } from './task.ts';
import type { TrialFile } from './trial-file.ts';
import { makeTrial, type TrialPlan } from './trial.ts';

/** Which trials are wanted. */
export interface Plans {
  readonly file: TrialFile;
  readonly tasks: readonly Task[];
  readonly strategies: readonly Strategy[];
  /** Seeds are 1, 2, … */
  readonly seedsCount: number;
  readonly opsMax: number;
  readonly share: Share;
}

/** Makes every trial that is wanted and not in the file, task by task, and says how far it is. */
export async function runPlans(plans: Plans): Promise<void> {
  const { file, opsMax, share, tasks } = plans;
  for (const [index, task] of tasks.entries()) {
    const wanted = trialsOf(task, plans).filter(
      ({ seed, strategy }, at) =>
        at % share.of === share.index &&
        !file.has({ task: task.name, strategy: strategy.name, seed, max_ops: opsMax }),
    );
    if (wanted.length === 0) continue;
    const start = performance.now();
    const makeTarget = await task.load();
    for (const plan of wanted) file.add(makeTrial(plan, makeTarget));
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `${`${index + 1}/${tasks.length}`.padStart(7)}  ${task.name.padEnd(36)} ${wanted.length} trials in ${seconds} s`,
    );
  }
}

/** The trials of a task: every strategy that can be sent against it, with every seed. */
function trialsOf(task: Task, { opsMax, seedsCount, strategies }: Plans): readonly TrialPlan[] {
  return strategies
    .filter(({ families }) => task.family === 'allocator' || families === 'allocators and machines')
    .flatMap((strategy) =>
      Array.from({ length: strategy.isSeeded ? seedsCount : 1 }, (_, index) => ({
        task,
        strategy,
        seed: index + 1,
        opsMax,
      })),
    );
}
