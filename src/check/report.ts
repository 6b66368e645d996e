import { printOp } from '../program/text.ts';
import type { Finding } from './finding.ts';
import { formatOutcome } from './outcome.ts';
import type { Trace } from './trace.ts';

/** Ops that a report shows at the most: the first and the last of a longer program. */
const OPS_SHOWN = 40;

/** Where a finding came from and where it lies now. */
export interface ReportOrigin {
  /** The line to paste, if the program lies in a file. */
  readonly replay?: string;
  /** The printed seed and how the program was shrunk, if there was one. */
  readonly seed?: string;
}

/** A finding as a person reads it: what broke, the program with its answers, both numbers, how to see it again. */
export function formatReport(finding: Finding, trace: Trace, origin: ReportOrigin = {}): string {
  // Of threads, the trace has the ops that ended, with their places in the program. The end has no place in it.
  const isAtAnOp = trace.some(({ step }) => step === finding.step);
  const stepsCount = Math.max(trace.length, ...trace.map(({ step }) => step + 1));
  const place = isAtAnOp
    ? `at step ${finding.step} of ${stepsCount}`
    : 'at the end, when everything was freed';
  const lines = [
    `${finding.law} broken by ${finding.target} ${place}`,
    '',
    ...formatTrace(trace, finding.step),
    '',
    `observed   ${finding.observed}`,
    `expected   ${finding.expected}`,
  ];
  if (origin.replay !== undefined) lines.push(`replay     ${origin.replay}`);
  if (origin.seed !== undefined) lines.push(`seed       ${origin.seed}`);
  return lines.join('\n');
}

/** The steps of a run in columns: step, op, answer. A long one loses its middle. */
export function formatTrace(trace: Trace, stepBroken: number): readonly string[] {
  const ops = trace.map(({ op }) => printOp(op));
  const width = Math.min(40, Math.max(...ops.map((op) => op.length)));
  const digits = String(trace.length).length + 1;
  const lines = trace.map(({ outcome, step }, index) => {
    const mark = step === stepBroken ? '   <- here' : '';
    return `${String(step).padStart(digits)}  ${ops[index]!.padEnd(width)}   ${formatOutcome(outcome)}${mark}`.trimEnd();
  });
  if (lines.length <= OPS_SHOWN) return lines;
  const half = OPS_SHOWN / 2;
  return [...lines.slice(0, half), `    … ${lines.length - OPS_SHOWN} more`, ...lines.slice(-half)];
}
