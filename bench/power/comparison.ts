import type { Results, TaskLabel } from './results.ts';
import { a12, holm, mannWhitney, median } from './statistics.ts';

/** How unlikely a difference has to be if there is none. */
export const ALPHA = 0.05;

/** A variant of a strategy against the whole of it, on one task. */
export interface Comparison {
  readonly task: string;
  readonly strategy: string;
  /** How likely the variant takes more ops than the whole, a tie as half: above 0.5 the part is worth something. */
  readonly a12: number;
  /** Of the test of Mann and Whitney, after Holm, over all comparisons. */
  readonly p: number;
  readonly verdict: 'better' | 'worse' | 'no different';
}

/** Compares variants with the whole on every task that both were sent against. */
export function compareVariants(
  results: Results,
  whole: string,
  variants: readonly string[],
): readonly Comparison[] {
  const pairs = variants.flatMap((strategy) =>
    results.tasks
      .map((task) => ({ task: task.name, strategy }))
      .filter(
        ({ task }) => results.of(task, strategy).length > 0 && results.of(task, whole).length > 0,
      ),
  );
  const tested = pairs.map(({ strategy, task }) => {
    const [variantOps, wholeOps] = [results.opsOf(task, strategy), results.opsOf(task, whole)];
    const { p } = mannWhitney(variantOps, wholeOps);
    return { task, strategy, p, a12: a12(variantOps, wholeOps) };
  });
  const adjusted = holm(tested.map(({ p }) => p));
  return tested.map((each, index) => {
    const p = adjusted[index]!;
    return { ...each, p, verdict: verdictOn(p, each.a12) };
  });
}

function verdictOn(p: number, effect: number): Comparison['verdict'] {
  if (p >= ALPHA) return 'no different';
  return effect < 0.5 ? 'better' : 'worse';
}

/** One strategy's ops over those of another, on the tasks that it finds at all. */
export interface Margin {
  /** Medians of one over medians of the other, a task each; at least so much where `isBound` says so. */
  readonly ratios: readonly number[];
  readonly median: number | undefined;
  /** Whether half of a task's trials found nothing, so that its ratio may be larger. */
  readonly isBound: boolean;
}

/** How many times the ops of `ours` another strategy takes, on those of the tasks that it finds at all. */
export function marginOver(
  results: Results,
  tasks: readonly TaskLabel[],
  { ours, theirs }: { readonly ours: string; readonly theirs: string },
): Margin {
  const found = tasks.filter(
    ({ name }) => results.foundCount(name, theirs) > 0 && results.of(name, ours).length > 0,
  );
  const medians = found.map(({ name }) => ({
    their: results.medianOps(name, theirs),
    our: results.medianOps(name, ours),
  }));
  const ratios = medians.map(({ our, their }) => their / our).toSorted((a, b) => a - b);
  return {
    ratios,
    median: ratios.length === 0 ? undefined : median(ratios),
    isBound: medians.some(({ their }) => their > results.opsMax),
  };
}
