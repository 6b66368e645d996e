import { ALPHA, type Comparison } from './comparison.ts';
import { box, chart, FAINT, INK, type Svg, text } from './svg.ts';

const LEFT = 246;
const CELL_WIDTH = 94;
const CELL_HEIGHT = 20;
const TOP = 132;
const RIGHT = 40;
/** Where leaving out is better, where it makes no difference, where it is worse. */
const COLORS = [
  [0xe0, 0x7a, 0x5f],
  [0xf7, 0xf7, 0xf5],
  [0x1f, 0x7a, 0x8c],
] as const;

/** A row a task, a column a variant: how likely the variant takes more ops than the whole. */
export function heatMap(compared: readonly Comparison[], whole: string): Svg {
  const tasks = [...new Set(compared.map(({ task }) => task))];
  const strategies = [...new Set(compared.map(({ strategy }) => strategy))];
  const cells = compared.flatMap((each) => cell(each, tasks, strategies));
  const width = Math.max(640, LEFT + strategies.length * CELL_WIDTH + RIGHT);
  return chart({
    title: `What each part of ${whole} is worth`,
    subtitle: `A12: how likely ${whole} without the part takes more ops; bold where p < ${ALPHA} (Mann-Whitney, Holm)`,
    width,
    height: TOP + tasks.length * CELL_HEIGHT + 20,
    body: [
      ...legend(whole),
      ...strategies.map((name, index) =>
        text(LEFT + (index + 0.5) * CELL_WIDTH, TOP - 10, name.replace(`${whole} `, ''), {
          anchor: 'middle',
          size: 10.5,
        }),
      ),
      ...tasks.map((name, index) =>
        text(LEFT - 10, TOP + index * CELL_HEIGHT + 14, name, { anchor: 'end', size: 11 }),
      ),
      ...cells,
    ],
  });
}

function cell(
  { a12, p, strategy, task, verdict }: Comparison,
  tasks: readonly string[],
  strategies: readonly string[],
): readonly Svg[] {
  const x = LEFT + strategies.indexOf(strategy) * CELL_WIDTH;
  const y = TOP + tasks.indexOf(task) * CELL_HEIGHT;
  const at = { x, y, width: CELL_WIDTH - 2, height: CELL_HEIGHT - 2 };
  const isSure = verdict !== 'no different';
  return [
    box(at, colorOf(a12), `${task}, ${strategy}: A12 ${a12.toFixed(2)}, p ${p.toPrecision(2)}`),
    text(x + CELL_WIDTH / 2 - 1, y + 13, a12.toFixed(2), {
      anchor: 'middle',
      size: 10.5,
      fill: a12 > 0.8 ? '#fff' : INK,
      ...(isSure && { weight: 700 }),
    }),
  ];
}

function legend(whole: string): readonly Svg[] {
  const steps = [0, 0.25, 0.5, 0.75, 1];
  return [
    ...steps.map((share, index) =>
      box({ x: LEFT + 130 + index * 22, y: 66, width: 22, height: 12 }, colorOf(share)),
    ),
    text(LEFT + 122, 76, `${whole} is better without`, { anchor: 'end', fill: FAINT, size: 11 }),
    text(LEFT + 248, 76, 'is better with it', { fill: FAINT, size: 11 }),
  ];
}

function colorOf(share: number): string {
  const half = share < 0.5 ? 0 : 1;
  const [from, to] = half === 0 ? [COLORS[0], COLORS[1]] : [COLORS[1], COLORS[2]];
  const way = (share - half * 0.5) * 2;
  const channels = from.map((start, index) => Math.round(start + (to[index]! - start) * way));
  return `#${channels.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
}
