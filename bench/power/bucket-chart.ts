import { bucketCounts, BUCKETS } from './buckets.ts';
import type { Results } from './results.ts';
import { box, chart, FAINT, type Svg, text } from './svg.ts';

const WIDTH = 760;
const LEFT = 172;
const RIGHT = 24;
const TOP = 92;
const ROW = 26;
const BAR = 18;
/** From soon to late, and what was not found. */
const COLORS = ['#12486b', '#1f7a8c', '#4fb0ae', '#a8dadc', '#f2cc8f', '#e07a5f'];
const DARK_COUNT = 3;
/** A bar's part that is narrower has no room for its number. */
const LABEL_MIN = 22;

/** A bar a strategy: its trials by ops to the first finding. */
export function bucketChart(results: Results): Svg {
  const { strategies, tasks } = results;
  const height = TOP + strategies.length * ROW + 16;
  const rows = strategies.flatMap(({ name }, index) => {
    const y = TOP + index * ROW;
    return [
      text(LEFT - 10, y + BAR / 2 + 4, name, { anchor: 'end' }),
      ...bar(bucketCounts(results.by(name)), y),
    ];
  });
  const trialsCount = Math.max(...strategies.map(({ name }) => results.by(name).length));
  return chart({
    title: 'How soon bugs are found',
    subtitle: `trials by ops executed up to the first finding; ${tasks.length} bugs, ${trialsCount} trials a strategy`,
    width: WIDTH,
    height,
    body: [...legend(), ...rows],
  });
}

function bar(counts: readonly number[], y: number): readonly Svg[] {
  const total = counts.reduce((sum, each) => sum + each, 0);
  let x = LEFT;
  return counts.flatMap((count, index) => {
    if (count === 0) return [];
    const width = ((WIDTH - LEFT - RIGHT) * count) / total;
    const part = { x, y, width: Math.max(0.5, width - 1), height: BAR };
    x += width;
    const share = `${count} of ${total} ${BUCKETS[index]!.label}`;
    const label = text(part.x + part.width / 2, y + BAR / 2 + 4, `${count}`, {
      anchor: 'middle',
      size: 11,
      ...(index < DARK_COUNT && { fill: '#fff' }),
    });
    return [box(part, COLORS[index]!, share), ...(width >= LABEL_MIN ? [label] : [])];
  });
}

function legend(): readonly Svg[] {
  const step = (WIDTH - LEFT - RIGHT) / BUCKETS.length;
  return BUCKETS.flatMap(({ label }, index) => {
    const x = LEFT + index * step;
    return [
      box({ x, y: 62, width: 12, height: 12 }, COLORS[index]!),
      text(x + 18, 72, label, { fill: FAINT }),
    ];
  });
}
