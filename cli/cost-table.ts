import type { CostCount, CostGroup } from './cost-counts.ts';
import { formatColumns, formatCount } from './format.ts';

/** A run and the title of its column. */
export interface CostColumn<Run> {
  readonly title: string;
  readonly run: Run;
}

type Line = readonly string[];

/** The runs side by side, a count a line; of two a last column has the ratio, second to first. */
export function costTable<Run>(
  columns: readonly CostColumn<Run>[],
  groupsOf: (runs: readonly Run[]) => readonly CostGroup<Run>[],
): readonly string[] {
  const runs = columns.map(({ run }) => run);
  const lines = groupsOf(runs).flatMap(({ counts, name }) =>
    counts
      .filter((count) => isShown(count, runs))
      .map((count, index) => [index === 0 ? name : '', ...cellsOf(count, runs)]),
  );
  const all = [...headings(columns.map(({ title }) => title)), ...lines];
  const numbers = Array.from({ length: columns.length + 1 }, (_, index) => index + 2);
  return formatColumns(all, numbers);
}

/** The titles, each of their settings on a line of its own. */
function headings(texts: readonly string[]): readonly Line[] {
  const titles = texts.map((text) => text.split(','));
  if (texts.length === 2) titles.push(['ratio']);
  const height = Math.max(...titles.map((title) => title.length));
  return Array.from({ length: height }, (_, line) => [
    '',
    '',
    ...titles.map((title) => title[line] ?? ''),
  ]);
}

function isShown<Run>({ countOf, shows }: CostCount<Run>, runs: readonly Run[]): boolean {
  return shows === 'always' || runs.some((run) => countOf(run) !== 0);
}

function cellsOf<Run>(count: CostCount<Run>, runs: readonly Run[]): Line {
  const counts = runs.map((run) => count.countOf(run));
  const [a, b] = counts;
  const isCompared = counts.length === 2 && a !== undefined && b !== undefined;
  const cells = runs.map((run) => formatCell(count, run));
  return [count.label, ...cells, ...(isCompared ? [formatRatio(a, b)] : [])];
}

/** A count, behind its share where it has one: `41.0 %  1,043`. */
function formatCell<Run>({ countOf, wholeOf }: CostCount<Run>, run: Run): string {
  const count = countOf(run);
  if (count === undefined) return '-';
  const whole = wholeOf?.(run) ?? 0;
  if (whole === 0) return formatCount(count);
  const share = ((100 * count) / whole).toFixed(1);
  return `${share} %  ${formatCount(count).padStart(formatCount(whole).length)}`;
}

/** How many times the first count the second one is: `× 1.25`; `=` for the same. */
function formatRatio(a: number, b: number): string {
  if (a === b) return '=';
  if (a === 0) return `+ ${formatCount(b)}`;
  const ratio = b / a;
  if (ratio >= 100) return `× ${formatCount(Math.round(ratio))}`;
  return `× ${ratio < 0.1 ? ratio.toPrecision(1) : ratio.toFixed(2)}`;
}
