/** A piece of SVG. */
export type Svg = string;

const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
export const INK = '#1f2933';
export const FAINT = '#7b8794';
export const RULE = '#e4e7eb';

/** A chart's file: a title, a line below it, and what was drawn, on white. */
export function chart(options: {
  readonly title: string;
  readonly subtitle: string;
  readonly width: number;
  readonly height: number;
  readonly body: readonly Svg[];
}): Svg {
  const { body, height, subtitle, title, width } = options;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${FONT}" font-size="12" fill="${INK}" role="img" aria-label="${escape(title)}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 26, title, { size: 15, weight: 600 }),
    text(16, 45, subtitle, { fill: FAINT }),
    ...body,
    '</svg>\n',
  ].join('\n');
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly size?: number;
  readonly weight?: number;
  /** Degrees, around its own place. */
  readonly turned?: number;
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): Svg {
  const { anchor, fill, size, turned, weight } = style;
  const attributes = {
    x,
    y,
    ...(anchor && { 'text-anchor': anchor }),
    ...(fill && { fill }),
    ...(size && { 'font-size': size }),
    ...(weight && { 'font-weight': weight }),
    ...(turned && { transform: `rotate(${turned} ${round(x)} ${round(y)})` }),
  };
  return `<text${attributesText(attributes)}>${escape(content)}</text>`;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** @param says Shown where a pointer rests on it. */
export function box(at: Box, fill: string, says?: string): Svg {
  const attributes = attributesText({ ...at, fill });
  return says === undefined
    ? `<rect${attributes}/>`
    : `<rect${attributes}><title>${escape(says)}</title></rect>`;
}

export type Point = readonly [x: number, y: number];

export function line(points: readonly Point[], stroke: string, width = 1): Svg {
  const path = points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L');
  return `<path d="M${path}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"/>`;
}

function attributesText(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? round(value) : value}"`)
    .join('');
}

/** To a hundredth of a pixel. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escape(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
