import type { Lesson } from '../src/targets/lesson.ts';
import { formatColumns, formatCount } from './format.ts';

/** A claim with its row and its sentence, and its cases as a table. */
export function lessonTable({ cases, row, says }: Lesson): readonly string[] {
  const columns = Object.keys(cases[0] ?? {});
  const lines = cases.map((each) => columns.map((column) => formatValue(each[column] ?? '')));
  const isNumber = (column: string): boolean => typeof cases[0]?.[column] === 'number';
  const numbers = [...columns.keys()].filter((index) => isNumber(columns[index]!));
  const table = formatColumns([columns.map(asWords), ...lines], numbers);
  return [`${row}  ${says}`, ...table.map((line) => `     ${line}`)];
}

function formatValue(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(2);
}

/** `extraReads` as `extra reads`. */
function asWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
