import type { Size } from '../src/base/units.ts';

/** A count with its digits in groups: `505,950`. */
export function formatCount(count: Size): string {
  return count.toString().replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** A count in few characters: `2.1M`, `410k`, `870`. */
export function formatShort(count: number): string {
  for (const [unit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (count < unit) continue;
    const value = count / unit;
    return `${value < 10 ? value.toFixed(1) : Math.floor(value)}${letter}`;
  }
  return String(Math.round(count));
}

/** Milliseconds as seconds: `1.6 s`. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A count and what is counted: `1 op`, `3 ops`. */
export function formatMany(count: Size, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** Rows in columns, as wide as their widest entry; columns named in `right` are set to the right. */
export function formatColumns(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
