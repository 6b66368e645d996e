import { UsageError } from '../base/usage-error.ts';
import { REP } from './rep.ts';
import type { TraceFormat } from './trace-format.ts';
import { VALGRIND } from './valgrind.ts';
import { WEE_ALLOC } from './wee-alloc.ts';

export { splitLines } from './lines.ts';
export { HEAD_LENGTH, type TraceFormat, type TraceSummary } from './trace-format.ts';

/** Every format that can be read. A file that two of them match is of the first. */
export const TRACE_FORMATS: readonly TraceFormat[] = [VALGRIND, WEE_ALLOC, REP];

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
