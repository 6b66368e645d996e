import type { Op } from '../program/op.ts';
import { printOp } from '../program/text.ts';
import type { TraceFormat, TraceSummary } from './trace-format.ts';

/** All that a format reads from lines of the file `a.log`. */
export function readAll(
  format: TraceFormat,
  lines: readonly string[],
): {
  readonly ops: readonly Op[];
  readonly texts: readonly string[];
  readonly summary: TraceSummary;
} {
  const reading = format.read(lines, 'a.log');
  const ops: Op[] = [];
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return { ops, texts: ops.map(printOp), summary: value };
    ops.push(value);
  }
}
