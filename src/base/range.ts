import { formatAddress } from './units.ts';

/** Bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export function overlaps(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

export function encloses(outer: Range, inner: Range): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** A range as reports show it: `[0x0000_1020, 0x0000_1038)`. */
export function formatRange(range: Range): string {
  return `[${formatAddress(range.start)}, ${formatAddress(range.end)})`;
}
