import { UsageError } from '../base/usage-error.ts';
import { HEAPTRACK } from './heaptrack.ts';
import { JEMALLOC } from './jemalloc.ts';
import { LTRACE } from './ltrace.ts';
import { MALLOC_DEBUG_WRITER } from './malloc-debug-writer.ts';
import { MALLOC_DEBUG } from './malloc-debug.ts';
import { MTRACE_WRITER } from './mtrace-writer.ts';
import { MTRACE } from './mtrace.ts';
import { REP_WRITER } from './rep-writer.ts';
import { REP } from './rep.ts';
import type { TraceFormat } from './trace-format.ts';
import type { TraceWriter } from './trace-writer.ts';
import { VALGRIND } from './valgrind.ts';
import { WEE_ALLOC } from './wee-alloc.ts';

export { splitLines } from './lines.ts';
export { Losses } from './block-calls.ts';
export type { TraceWriter } from './trace-writer.ts';
export { HEAD_LENGTH, type TraceFormat, type TraceSummary } from './trace-format.ts';

/** Every format that can be read. A file that two of them match is of the first. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  VALGRIND,
  WEE_ALLOC,
  MTRACE,
  MALLOC_DEBUG,
  HEAPTRACK,
  JEMALLOC,
  LTRACE,
  REP,
];

/** Every format that can be written. */
export const TRACE_WRITERS: readonly TraceWriter[] = [
  REP_WRITER,
  MTRACE_WRITER,
  MALLOC_DEBUG_WRITER,
];

/**
 * The format of a file, by its first HEAD_LENGTH characters.
 *
 * @param file Named in messages; nothing is read from it.
 * @throws {UsageError} No format matches.
 */
export function detectTraceFormat(head: string, file: string): TraceFormat {
  const format = TRACE_FORMATS.find((candidate) => candidate.matches(head));
  if (format) return format;
  const known = TRACE_FORMATS.map(({ name, says }) => `${name} (${says})`).join('; ');
  throw new UsageError(
    `${file}: the file is in no trace format that heapcheck knows; pass one of: ${known}.`,
  );
}
