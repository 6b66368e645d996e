import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bucketChart } from './bucket-chart.ts';
import { compareVariants } from './comparison.ts';
import { lengthChart, survivalChart } from './curve-charts.ts';
import { heatMap } from './heat-map.ts';
import { FUZZ, ABLATIONS } from './own-strategies.ts';
import { COMMANDS } from './fast-check-strategies.ts';
import { Results } from './results.ts';
import { STRATEGIES } from './strategies.ts';
import { summarize } from './summary.ts';
import type { Task } from './task.ts';
import type { Trial } from './trial.ts';

const SHAPE = {
  whole: FUZZ.name,
  variants: ABLATIONS.map(({ name }) => name),
  rival: COMMANDS.name,
};

export interface ReportOptions {
  readonly folder: string;
  /** Where it was measured, for the head of the summary. */
  readonly machine: string;
  /** Only trials with this limit are reported. */
  readonly opsMax: number;
  readonly tasks: readonly Task[];
}

/** Writes the summary and the charts of the trials of some tasks, and prints the summary. */
export function writeReport(trials: readonly Trial[], options: ReportOptions): void {
  const { folder, machine, opsMax, tasks } = options;
  const ofLimit = trials.filter((trial) => trial.max_ops === opsMax);
  const [allocators, machines] = (['allocator', 'machine'] as const).map(
    (family) =>
      new Results(
        ofLimit,
        tasks.filter((task) => task.family === family),
        STRATEGIES,
      ),
  );
  const text = [
    `${new Date().toISOString().slice(0, 10)}, ${machine}, up to ${opsMax.toLocaleString('en')} ops a trial`,
    part('allocators', allocators!),
    part('machine and kernel', machines!),
  ]
    .filter((each) => each !== '')
    .join('\n\n');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'summary.txt'), text);
  console.log(text);
  if (allocators!.tasks.length === 0) return;
  for (const [name, svg] of Object.entries(chartsOf(allocators!)))
    writeFileSync(join(folder, name), svg);
}

function part(title: string, results: Results): string {
  return results.tasks.length === 0 ? '' : `# ${title}\n\n${summarize(results, SHAPE)}`;
}

/** Charts by the names of their files. */
function chartsOf(results: Results): Readonly<Record<string, string>> {
  const main = results.strategies.filter(({ name }) => !SHAPE.variants.includes(name));
  const compared = compareVariants(results, SHAPE.whole, SHAPE.variants);
  return {
    'buckets.svg': bucketChart(results),
    'survival.svg': survivalChart(results, main),
    'lengths.svg': lengthChart(results, main),
    ...(compared.length > 0 && { 'parts.svg': heatMap(compared, SHAPE.whole) }),
  };
}
