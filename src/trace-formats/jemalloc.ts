import { type Place, usageErrorAt } from '../base/usage-error.ts';
import type { Op } from '../program/op.ts';
import { excerpt, parseSize } from '../program/words.ts';
import { OrdinalBlocks } from './ordinal-blocks.ts';
import type { TraceFormat, TraceSummary } from './trace-format.ts';

/**
 * The CSV that jemalloc's page allocator is put under stress with. A row an op, by the columns that the first line names:
 *
 *     shard_ind,operation,size_or_alloc_index,nsecs,is_frequent
 *     0,0,16384,1000,0       operation 0: allocate so many bytes
 *     0,1,0,2000,0           operation 1: free what row 0 of those that allocate returned
 *
 * Sizes are whole pages. All shards become one program, in the order of the rows; times are passed over.
 *
 * Source: jemalloc, "test/stress/pa/README.md".
 */
export const JEMALLOC: TraceFormat = {
  name: 'jemalloc',
  says: "the CSV of jemalloc's test/stress/pa: shard, operation, size or allocation, time",
  matches: (head) => /^(?:\w+,)*size_or_alloc_index\b/.test(head),
  read,
};

function* read(lines: Iterable<string>, file: string): Generator<Op, TraceSummary, undefined> {
  const place = { file, line: 0 };
  const blocks = new OrdinalBlocks(place);
  let columns: readonly string[] = [];
  let opsCount = 0;
  let linesPassedOverCount = 0;
  for (const line of lines) {
    place.line += 1;
    if (place.line === 1) columns = columnsOf(line, place);
    if (place.line === 1 || line.trim() === '') {
      linesPassedOverCount += 1;
      continue;
    }
    const row = rowOf(line, columns, place);
    opsCount += 1;
    yield row.operation === '0'
      ? blocks.allocate(parseSize(row.argument, place))
      : blocks.free(Number(parseSize(row.argument, place)), 'allocating');
  }
  return blocks.summary({ opsCount, linesPassedOverCount });
}

function columnsOf(line: string, place: Place): readonly string[] {
  const columns = line.trim().split(',');
  if (columns.includes('operation')) return columns;
  throw usageErrorAt(
    place,
    "the first line names no column 'operation'",
    "write 'shard_ind,operation,size_or_alloc_index,nsecs,is_frequent'",
  );
}

function rowOf(
  line: string,
  columns: readonly string[],
  place: Place,
): { readonly operation: string; readonly argument: string } {
  const cells = line.trim().split(',');
  const operation = cells[columns.indexOf('operation')] ?? '';
  const argument = cells[columns.indexOf('size_or_alloc_index')] ?? '';
  if (cells.length === columns.length && /^[01]$/.test(operation)) return { operation, argument };
  const mend = `write ${columns.length} cells, with operation 0 (allocate) or 1 (free)`;
  throw usageErrorAt(place, `'${excerpt(line)}' is no row`, mend);
}
