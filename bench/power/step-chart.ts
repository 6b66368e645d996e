import { chart, FAINT, line, type Point, RULE, type Svg, text } from './svg.ts';

/** A share, 0 to 1, that changes at some places, from `start` before the first. */
interface StepCurve {
  readonly name: string;
  readonly start: number;
  /** The share that stands beside its name. */
  readonly noted: number;
  readonly steps: readonly { readonly x: number; readonly share: number }[];
}

export interface StepChart {
  readonly title: string;
  readonly subtitle: string;
  /** What the axis below shows; it is logarithmic. */
  readonly axis: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly curves: readonly StepCurve[];
}

const WIDTH = 800;
const HEIGHT = 380;
const LEFT = 56;
const RIGHT = 228;
const TOP = 66;
const BOTTOM = 48;
const LEGEND_ROW = 20;
const SHARES = [0, 0.25, 0.5, 0.75, 1];

/** Ours are blue and bold, everybody else's are not. */
const STYLES: Readonly<Record<string, readonly [stroke: string, width: number]>> = {
  random: ['#9aa5b1', 1.6],
  bytes: ['#8d6a9f', 1.6],
  'fc.commands': ['#d1495b', 2],
  'fc.commands tuned': ['#edae49', 1.6],
  'fc.commands nat': ['#e9a6a6', 1.6],
  'fc.array': ['#66a182', 1.6],
  properties: ['#2e9cca', 2.4],
  fuzz: ['#12486b', 2.8],
  explore: ['#5e3c99', 2.4],
};
const PLAIN = ['#7b8794', 1.4] as const;

/** Curves of shares over a logarithmic axis, with a legend in the order of the shares noted in it. */
export function stepChart(options: StepChart): Svg {
  const { curves, subtitle, title } = options;
  const scale = scaleOf(options);
  return chart({
    title,
    subtitle,
    width: WIDTH,
    height: HEIGHT,
    body: [
      ...axes(options, scale),
      ...curves.map((curve) => line(pointsOf(curve, options, scale), ...styleOf(curve))),
      ...legend(curves),
    ],
  });
}

interface Scale {
  readonly x: (value: number) => number;
  readonly y: (share: number) => number;
}

function scaleOf({ from, to }: StepChart): Scale {
  const span = Math.log(to) - Math.log(from);
  return {
    x: (value) =>
      LEFT + ((WIDTH - LEFT - RIGHT) * (Math.log(Math.max(from, value)) - Math.log(from))) / span,
    y: (share) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share,
  };
}

function axes({ axis, from, ticks, to }: StepChart, { x, y }: Scale): readonly Svg[] {
  const ends = [x(from), x(to)] as const;
  return [
    ...SHARES.flatMap((share) => [
      line(
        [ends[0], ends[1]].map((at): Point => [at, y(share)]),
        RULE,
      ),
      text(LEFT - 8, y(share) + 4, `${share * 100} %`, { anchor: 'end', fill: FAINT, size: 11 }),
    ]),
    ...ticks.flatMap(({ at, label }) => [
      line(
        [
          [x(at), y(0)],
          [x(at), y(0) + 4],
        ],
        FAINT,
      ),
      text(x(at), y(0) + 18, label, { anchor: 'middle', fill: FAINT, size: 11 }),
    ]),
    text((ends[0] + ends[1]) / 2, HEIGHT - 10, axis, { anchor: 'middle', fill: FAINT }),
  ];
}

function pointsOf({ start, steps }: StepCurve, { from, to }: StepChart, scale: Scale): Point[] {
  const points: Point[] = [[scale.x(from), scale.y(start)]];
  let share = start;
  for (const step of steps) {
    points.push([scale.x(step.x), scale.y(share)], [scale.x(step.x), scale.y(step.share)]);
    share = step.share;
  }
  points.push([scale.x(to), scale.y(share)]);
  return points;
}

function legend(curves: readonly StepCurve[]): readonly Svg[] {
  const x = WIDTH - RIGHT + 24;
  return curves
    .toSorted((a, b) => b.noted - a.noted)
    .flatMap((curve, index) => {
      const y = TOP + 8 + index * LEGEND_ROW;
      const noted = `${Math.round(curve.noted * 100)} %`;
      return [
        line(
          [
            [x, y],
            [x + 18, y],
          ],
          ...styleOf(curve),
        ),
        text(x + 25, y + 4, curve.name),
        text(WIDTH - 14, y + 4, noted, { anchor: 'end', fill: FAINT }),
      ];
    });
}

function styleOf({ name }: StepCurve): readonly [stroke: string, width: number] {
  return STYLES[name] ?? PLAIN;
}
