import { assert } from '../../src/base/kit-bug.ts';
import { median } from './statistics.ts';
import type { Strategy } from './strategy.ts';
import type { Task } from './task.ts';
import type { Trial } from './trial.ts';

/** What tables and charts need of a strategy. */
export type StrategyLabel = Pick<Strategy, 'name' | 'says'>;
/** What they need of a task. */
export type TaskLabel = Pick<Task, 'name' | 'shortestLength' | 'shortestLengths'>;

/** The trials of some tasks by some strategies, by task and strategy. */
export class Results {
  /** From the easiest to the hardest. */
  readonly tasks: readonly TaskLabel[];
  /** Those that have trials. */
  readonly strategies: readonly StrategyLabel[];
  readonly opsMax: number;
  readonly #cells = new Map<string, Trial[]>();
  readonly #trials: readonly Trial[];

  constructor(
    trials: readonly Trial[],
    tasks: readonly TaskLabel[],
    strategies: readonly StrategyLabel[],
  ) {
    const names = new Set(tasks.map(({ name }) => name));
    this.#trials = trials.filter(({ task }) => names.has(task));
    this.opsMax = Math.max(1, ...this.#trials.map(({ max_ops: opsMax }) => opsMax));
    for (const trial of this.#trials) {
      const key = keyOf(trial.task, trial.strategy);
      this.#cells.set(key, [...(this.#cells.get(key) ?? []), trial]);
    }
    const tried = new Set(this.#trials.map(({ task }) => task));
    const asked = new Set(this.#trials.map(({ strategy }) => strategy));
    this.strategies = strategies.filter(({ name }) => asked.has(name));
    this.tasks = tasks
      .filter(({ name }) => tried.has(name))
      .map((task) => ({ task, hardness: this.#hardness(task) }))
      .toSorted((a, b) => a.hardness - b.hardness)
      .map(({ task }) => task);
  }

  /** The third of the tasks that takes the most ops, median over all trials of all strategies. */
  get hardThird(): readonly TaskLabel[] {
    return this.tasks.slice(this.tasks.length - Math.ceil(this.tasks.length / 3));
  }

  /** All tasks but the easiest third, of which everything finds all. */
  get notEasy(): readonly TaskLabel[] {
    return this.tasks.slice(Math.floor(this.tasks.length / 3));
  }

  of(task: string, strategy: string): readonly Trial[] {
    return this.#cells.get(keyOf(task, strategy)) ?? [];
  }

  /** All trials of a strategy. */
  by(strategy: string): readonly Trial[] {
    return this.#trials.filter((trial) => trial.strategy === strategy);
  }

  foundCount(task: string, strategy: string): number {
    return this.of(task, strategy).filter(({ found }) => found).length;
  }

  /** Ops to the first finding of each trial; one more than the limit where there was none. */
  opsOf(task: string, strategy: string): readonly number[] {
    return this.of(task, strategy).map((trial) => censoredOps(trial));
  }

  /** Above the limit where half of the trials found nothing. */
  medianOps(task: string, strategy: string): number {
    const ops = this.opsOf(task, strategy);
    assert(ops.length > 0, 'a median is of trials that were made');
    return median(ops);
  }

  /** The shortest program that is known for a task: the one of its table, or what a strategy came to. */
  shortestLength({ name, shortestLength }: TaskLabel): number {
    const lengths = this.#trials
      .filter((trial) => trial.task === name)
      .map((trial) => trial.shrunk_len ?? Infinity);
    return Math.max(1, Math.min(shortestLength, ...lengths));
  }

  /**
   * The shortest program that is known for what a trial was shrunk to end in, the one of the tables or what a strategy
   * came to; for any end where shrinking kept to none.
   */
  shortestFor({ shrunk_end: ending, task }: Trial): number {
    const known = this.tasks.find(({ name }) => name === task)!;
    if (ending === undefined) return this.shortestLength(known);
    const lengths = this.#trials
      .filter((trial) => trial.task === task && trial.shrunk_end === ending)
      .map((trial) => trial.shrunk_len ?? Infinity);
    return Math.min(known.shortestLengths.get(ending) ?? Infinity, ...lengths);
  }

  #hardness({ name }: TaskLabel): number {
    const all = this.strategies.flatMap((strategy) => this.opsOf(name, strategy.name));
    return median(all);
  }
}

function censoredOps({ found, max_ops: opsMax, ops }: Trial): number {
  return found ? ops : opsMax + 1;
}

function keyOf(task: string, strategy: string): string {
  return `${task} ${strategy}`;
}
