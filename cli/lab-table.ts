import { formatColumns, formatShort } from './format.ts';
import type { Scored } from './lab-score.ts';

/** What came of one handout. */
export interface LabRow {
  readonly folder: string;
  /** `clean`, the law that it breaks, `not built`, or why there is no verdict. */
  readonly verdict: string;
  /** Of a finding: ops of the shortest program that shows it, and the file to replay. */
  readonly opsCount?: number | undefined;
  readonly file?: string | undefined;
  /** What was observed, or why it was not built. */
  readonly detail?: string | undefined;
  readonly scored?: Scored | undefined;
}

/** The rows as a table for people; each note stands under its row's folder. */
export function labTable(rows: readonly LabRow[]): readonly string[] {
  const head = ['handout', 'verdict', 'ops', 'util', 'ops/s', 'points', 'replay'];
  return formatColumns([head, ...rows.map(cellsOf)], [2, 3, 4, 5]);
}

function cellsOf({ file, folder, opsCount, scored, verdict }: LabRow): readonly string[] {
  return [folder, verdict, opsCount?.toString() ?? '', ...scoreCells(scored), file ?? ''];
}

function scoreCells(scored: Scored | undefined): readonly string[] {
  if (scored === undefined || 'problem' in scored) return ['-', '-', '-'];
  const { points, throughput, utilization } = scored.score;
  return [percentOf(utilization), formatShort(throughput), points.toFixed(1)];
}

/** A share as text: `73.2 %`. */
export function percentOf(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

const CSV_HEAD = 'folder,verdict,ops,file,utilization,throughput,points,detail';

/** The rows for machines: exact numbers, nothing where there is none. Source of the form: RFC 4180. */
export function labCsv(rows: readonly LabRow[]): string {
  const lines = rows.map(({ detail, file, folder, opsCount, scored, verdict }) => {
    const score = scored !== undefined && 'score' in scored ? scored.score : undefined;
    const problem = scored !== undefined && 'problem' in scored ? scored.problem : undefined;
    const { points, throughput, utilization } = score ?? {};
    const cells = [
      folder,
      verdict,
      opsCount,
      file,
      utilization,
      throughput,
      points,
      detail ?? problem,
    ];
    return cells.map((cell) => quoted(cell?.toString() ?? '')).join(',');
  });
  return [CSV_HEAD, ...lines, ''].join('\r\n');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
