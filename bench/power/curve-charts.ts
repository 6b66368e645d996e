import { type Results, type StrategyLabel } from './results.ts';
import { kaplanMeier } from './statistics.ts';
import { stepChart } from './step-chart.ts';
import { formatOps, lengthRatios } from './summary.ts';
import type { Svg } from './svg.ts';

/** The share of trials in which the bug is still there after so many ops, on the third of the bugs that takes longest. */
export function survivalChart(results: Results, strategies: readonly StrategyLabel[]): Svg {
  const { hardThird, opsMax } = results;
  const curves = strategies.map(({ name }) => {
    const trials = hardThird.flatMap((task) => results.of(task.name, name));
    const lifetimes = trials.map(({ found, ops }) => ({ time: ops, ended: found }));
    const steps = kaplanMeier(lifetimes).map(({ share, time }) => ({ x: time, share }));
    return { name, start: 1, noted: steps.at(-1)?.share ?? 1, steps };
  });
  return stepChart({
    title: 'The hard third: bugs that are not found yet',
    subtitle: `share of trials without a finding after so many ops (Kaplan and Meier), ${hardThird.length} bugs; beside the names: never found`,
    axis: 'ops executed',
    from: 1,
    to: opsMax,
    ticks: powersOfTen(opsMax).map((at) => ({ at, label: formatOps(at) })),
    curves,
  });
}

/** The share of findings that were shrunk to so many times the shortest program known. */
export function lengthChart(results: Results, strategies: readonly StrategyLabel[]): Svg {
  const ratios = strategies
    .map(({ name }) => ({ name, all: lengthRatios(results, name) }))
    .filter(({ all }) => all.length > 0);
  const longest = Math.max(2, ...ratios.map(({ all }) => all.at(-1)!));
  const curves = ratios.map(({ all, name }) => ({
    name,
    start: 0,
    noted: all.filter((ratio) => ratio <= 1).length / all.length,
    steps: all.map((x, index) => ({ x, share: (index + 1) / all.length })),
  }));
  return stepChart({
    title: 'How short counterexamples get',
    subtitle:
      'share of findings that were shrunk to at most so many times the shortest known; beside the names: to the shortest',
    axis: 'ops of the shrunk program over those of the shortest one known',
    from: 1,
    to: longest,
    ticks: [1, 1.5, 2, 3, 5, 10, 20, 50]
      .filter((at) => at <= longest)
      .map((at) => ({ at, label: `${at}` })),
    curves,
  });
}

function powersOfTen(max: number): readonly number[] {
  return Array.from({ length: Math.floor(Math.log10(max)) + 1 }, (_, power) => 10 ** power);
}
