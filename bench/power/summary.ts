import { ALPHA, compareVariants, type Comparison, marginOver } from './comparison.ts';
import { BUCKETS, bucketCounts } from './buckets.ts';
import type { Results, TaskLabel } from './results.ts';
import { median } from './statistics.ts';
import type { Trial } from './trial.ts';

/** What a summary is about, by the names of strategies. */
export interface SummaryShape {
  /** Against which the others are measured. */
  readonly whole: string;
  readonly variants: readonly string[];
  /** What people use without us. */
  readonly rival: string;
}

const NAME_WIDTH = 34;
const CELL_WIDTH = 13;

/** The results as text: what each strategy took for each task, and what follows. */
export function summarize(results: Results, shape: SummaryShape): string {
  return [
    legend(results),
    medians(results, shape),
    buckets(results),
    headline(results, shape),
    costs(results),
    shrinking(results),
    ablations(results, shape),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function legend({ strategies }: Results): string {
  const lines = strategies.map(({ name, says }) => `  ${name.padEnd(24)} ${says}`);
  return ['strategies', ...lines].join('\n');
}

/** One row a task: median ops to the first finding, and in how many trials there was one. */
function medians(results: Results, { variants }: SummaryShape): string {
  const whole = results.strategies.filter(({ name }) => !variants.includes(name));
  const names = whole.map(({ name }) => name);
  const rows = results.tasks.map(({ name, shortestLength }) =>
    row(name, [`${shortestLength}`.padStart(4), ...names.map((each) => cell(results, name, each))]),
  );
  const title =
    'median ops to the first finding, found/trials; tasks from the easiest to the hardest';
  return [title, row('', ['ops', ...names]), ...rows].join('\n');
}

function cell(results: Results, task: string, strategy: string): string {
  const trials = results.of(task, strategy);
  if (trials.length === 0) return '';
  const ops = results.medianOps(task, strategy);
  const shown = ops > results.opsMax ? `>${formatOps(results.opsMax)}` : formatOps(ops);
  return `${shown} ${results.foundCount(task, strategy)}/${trials.length}`;
}

function row(name: string, cells: readonly string[]): string {
  const [first = '', ...rest] = cells;
  return `  ${name.padEnd(NAME_WIDTH)} ${first.padStart(4)}${rest.map((each) => ` ${each.padStart(CELL_WIDTH)}`).join('')}`;
}

function buckets(results: Results): string {
  const lines = results.strategies.map(({ name }) => {
    const counts = bucketCounts(results.by(name));
    return `  ${name.padEnd(24)}${counts.map((count) => `${count}`.padStart(10)).join('')}`;
  });
  const head = BUCKETS.map(({ label }) => label.padStart(10)).join('');
  return ['trials by ops to the first finding', `  ${''.padEnd(24)}${head}`, ...lines].join('\n');
}

function headline(results: Results, { rival, whole }: SummaryShape): string {
  const isThere = (strategy: string): boolean => results.by(strategy).length > 0;
  if (!isThere(rival) || !isThere(whole)) return '';
  const sides = { ours: whole, theirs: rival };
  const found = results.tasks.filter(({ name }) => results.foundCount(name, rival) > 0);
  const missed = results.tasks.filter(
    ({ name }) => results.foundCount(name, rival) === 0 && results.foundCount(name, whole) > 0,
  );
  const missedByUs = results.tasks.filter(({ name }) => results.foundCount(name, whole) === 0);
  return [
    `${rival} against ${whole}`,
    `  it finds ${found.length} of ${results.tasks.length} tasks at all; its median ops over ours: ${margin(results, results.tasks, sides)}`,
    `  without the easy third: ${margin(results, results.notEasy, sides)}`,
    `  it misses in every trial, and ${whole} finds: ${listOf(missed)}`,
    `  ${whole} misses in every trial: ${listOf(missedByUs)}`,
  ].join('\n');
}

function margin(
  results: Results,
  tasks: readonly TaskLabel[],
  sides: { readonly ours: string; readonly theirs: string },
): string {
  const { isBound, median: middle, ratios } = marginOver(results, tasks, sides);
  if (middle === undefined) return 'nothing to compare';
  const bound = isBound
    ? '; some are bounds from below, since half of the trials found nothing'
    : '';
  return `median ${formatRatio(middle)}, from ${formatRatio(ratios[0]!)} to ${formatRatio(ratios.at(-1)!)}, on ${ratios.length} tasks${bound}`;
}

function costs(results: Results): string {
  const lines = results.strategies.map(({ name }) => {
    const trials = results.by(name);
    const cpuMs = sumOf(trials.map((trial) => trial.cpu_ms));
    const ops = sumOf(trials.map((trial) => trial.ops));
    const hungCount = trials.filter(({ hung }) => hung).length;
    const middle = median(trials.map((trial) => trial.cpu_ms));
    const hung = hungCount > 0 ? `, ${hungCount} ended by the watchdog` : '';
    return `  ${name.padEnd(24)} ${`${(cpuMs / 1000).toFixed(0)} s`.padStart(8)} ${`${formatOps((ops / Math.max(1, cpuMs)) * 1000)} ops/s`.padStart(12)}  median ${middle} ms${hung}`;
  });
  return ['CPU time of all trials, without shrinking', ...lines].join('\n');
}

/** Final length against the shortest known, a strategy each. */
function shrinking(results: Results): string {
  const lines = results.strategies.flatMap(({ name }) => {
    const trials = results.by(name).filter((trial) => trial.shrunk_len !== undefined);
    if (trials.length === 0) return [];
    const excess = trials.map((trial) => lengthOf(trial) - shortestFor(results, trial));
    const share = (isCounted: (more: number) => boolean): string =>
      `${((100 * excess.filter((more) => isCounted(more)).length) / excess.length).toFixed(1)} %`;
    const runs = median(trials.map((trial) => trial.shrink_runs!));
    const cpuMs = median(trials.map((trial) => trial.shrink_cpu_ms!));
    const shares = [
      share((more) => more <= 0),
      share((more) => more === 1),
      share((more) => more > 1),
    ];
    return [
      `  ${name.padEnd(24)} ${`${trials.length}`.padStart(6)} ${shares.map((each) => each.padStart(11)).join(' ')} ${`${Math.max(...excess)}`.padStart(6)} ${formatOps(runs).padStart(8)} ${`${cpuMs} ms`.padStart(10)}`,
    ];
  });
  if (lines.length === 0) return '';
  const head = `  ${''.padEnd(24)} trials at shortest  an op over        more   most     runs   CPU time`;
  return [
    'shrunk length against the shortest program known for the same law and kind of op, or for any where shrinking keeps to none; runs and CPU time are medians',
    head,
    ...lines,
  ].join('\n');
}

/** Of each trial of a strategy that was shrunk, the length over the shortest known, rising. */
export function lengthRatios(results: Results, strategy: string): readonly number[] {
  return results
    .by(strategy)
    .filter(({ shrunk_len: length }) => length !== undefined)
    .map((trial) => lengthOf(trial) / shortestFor(results, trial))
    .toSorted((a, b) => a - b);
}

/** No op at all counts as one, so that there is a ratio. */
function lengthOf({ shrunk_len: length }: Trial): number {
  return Math.max(1, length!);
}

function shortestFor(results: Results, trial: Trial): number {
  return Math.max(1, results.shortestFor(trial));
}

function ablations(results: Results, { variants, whole }: SummaryShape): string {
  const compared = compareVariants(results, whole, variants);
  if (compared.length === 0) return '';
  const lines = variants.flatMap((variant) => {
    const own = compared.filter(({ strategy }) => strategy === variant);
    return own.length === 0 ? [] : [ablationLine(results, { variant, whole, own })];
  });
  const better = compared.filter(({ verdict }) => verdict === 'better');
  const verdict =
    better.length === 0
      ? `  no part makes ${whole} worse on any task by more than chance would`
      : `  better without on some tasks: ${better.map(({ strategy, task }) => `${task} (${strategy})`).join(', ')}`;
  return [
    `${whole} without its parts: tasks on which leaving a part out is worse, better (Mann-Whitney, Holm over all, p < ${ALPHA})`,
    `  ${''.padEnd(24)}  worse  better  of  mean A12   ops over the whole's`,
    ...lines,
    verdict,
  ].join('\n');
}

function ablationLine(
  results: Results,
  {
    own,
    variant,
    whole,
  }: {
    readonly variant: string;
    readonly whole: string;
    readonly own: readonly Comparison[];
  },
): string {
  const count = (verdict: Comparison['verdict']): string =>
    `${own.filter((each) => each.verdict === verdict).length}`;
  const effect = sumOf(own.map((each) => each.a12)) / own.length;
  const logs = own.map(({ task }) =>
    Math.log(results.medianOps(task, variant) / results.medianOps(task, whole)),
  );
  const ratio = Math.exp(sumOf(logs) / logs.length);
  return `  ${variant.padEnd(24)} ${count('worse').padStart(6)} ${count('better').padStart(7)} ${`${own.length}`.padStart(3)} ${effect.toFixed(2).padStart(9)}   ${formatRatio(ratio)} (geometric mean of medians)`;
}

function listOf(tasks: readonly TaskLabel[]): string {
  return tasks.length === 0 ? 'none' : tasks.map(({ name }) => name).join(', ');
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

/** `12`, `1.2k`, `340k`, `1M`. */
export function formatOps(ops: number): string {
  if (ops < 1000) return `${Math.round(ops)}`;
  const [size, unit] = ops < 999_500 ? [ops / 1000, 'k'] : [ops / 1_000_000, 'M'];
  return `${size < 9.95 ? Number(size.toFixed(1)) : Math.round(size)}${unit}`;
}

function formatRatio(ratio: number): string {
  if (ratio >= 1000) return formatOps(ratio);
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2);
}
