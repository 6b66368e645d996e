import { KitBug } from '../../src/base/kit-bug.ts';
import type { MakeTarget } from '../../src/check/target.ts';
import { TimedOut } from '../../src/supervise/watchdog.ts';
import { OpMeter } from './op-meter.ts';
import type { Hit, Shrunk, Strategy } from './strategy.ts';
import type { Task } from './task.ts';

/** One strategy against one task with one seed, as a line of the file of trials. */
export interface Trial {
  readonly task: string;
  readonly strategy: string;
  readonly seed: number;
  /** The limit of ops. */
  readonly max_ops: number;
  readonly found: boolean;
  /** Ops executed up to the first finding, that op included; or until the search was given up. */
  readonly ops: number;
  /** CPU time of the process up to there, without shrinking. */
  readonly cpu_ms: number;
  /** Whether an op did not end. Such a trial has a CPU time of its watchdog's. */
  readonly hung?: true;
  readonly shrunk_len?: number;
  /** The law and the kind of op that shrinking kept to; none where any would do. */
  readonly shrunk_end?: string;
  readonly shrink_runs?: number;
  readonly shrink_cpu_ms?: number;
}

/** What a trial is of. */
export interface TrialPlan {
  readonly task: Task;
  readonly strategy: Strategy;
  readonly seed: number;
  readonly opsMax: number;
}

/** Makes a trial. */
export function makeTrial(plan: TrialPlan, makeTarget: MakeTarget): Trial {
  const { opsMax, seed, strategy, task } = plan;
  const meter = new OpMeter(opsMax);
  const cpuMs = stopwatch();
  const hit = search(plan, meter.metered(makeTarget));
  const found = hit !== undefined && !meter.isSpent;
  const trial = {
    task: task.name,
    strategy: strategy.name,
    seed,
    max_ops: opsMax,
    found,
    ops: Math.min(opsMax, meter.opsCount),
    cpu_ms: cpuMs(),
    ...(found && hit === 'hang' ? { hung: true as const } : {}),
  };
  meter.stop();
  return found && hit !== 'hang' ? { ...trial, ...shrink(hit) } : trial;
}

/** Searches to the first finding, or until there is no more to try; a spent meter looks like a finding. */
function search({ seed, strategy }: TrialPlan, makeTarget: MakeTarget): Hit | 'hang' | undefined {
  try {
    const begun = strategy.begin(makeTarget, seed);
    let next = begun.next();
    while (next === 'nothing') next = begun.next();
    return next === 'exhausted' ? undefined : next;
  } catch (error) {
    if (error instanceof TimedOut) return 'hang';
    if (error instanceof KitBug) throw error;
    // A broken target may throw between programs as well, from its reset.
    return {};
  }
}

function shrink(hit: Hit): Partial<Trial> {
  const cpuMs = stopwatch();
  const shrunk = shrunkInTime(hit);
  if (shrunk === undefined) return {};
  const { ending, length, runsCount } = shrunk;
  return {
    shrunk_len: length,
    ...(ending === undefined ? {} : { shrunk_end: ending }),
    shrink_runs: runsCount,
    shrink_cpu_ms: cpuMs(),
  };
}

function shrunkInTime(hit: Hit): Shrunk | undefined {
  try {
    return hit.shrink?.();
  } catch (error) {
    if (error instanceof KitBug) throw error;
    return undefined;
  }
}

/** @returns What tells the milliseconds of CPU time since. */
function stopwatch(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { system, user } = process.cpuUsage(start);
    return Math.round((system + user) / 1000);
  };
}
