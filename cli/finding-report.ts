import { relative, resolve } from 'node:path';
import { formatSeed } from '../src/base/prng.ts';
import type { Finding } from '../src/check/finding.ts';
import { formatReport } from '../src/check/report.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { Trace } from '../src/check/trace.ts';
import type { Program } from '../src/program/program.ts';
import { printOp } from '../src/program/text.ts';
import type { Found } from '../src/store/store.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { filesOfName } from './load-target.ts';
import type { LoadedTarget } from './loaded-target.ts';
import { formatMany } from './format.ts';
import type { Session } from './session.ts';
import { printTargetOptions } from './target-options.ts';

/** A finding with what a reader needs beside it. */
export interface ShownFinding {
  readonly finding: Finding;
  readonly program: Program;
  /** Where it came from, for one that this run made. */
  readonly found?: Found | undefined;
  /** The file that holds the program, as an absolute path. */
  readonly file?: string | undefined;
  /** What else is to be known, as a sentence: that it does not repeat, say. */
  readonly remark?: string | undefined;
}

export interface ReportContext {
  readonly session: Session;
  readonly target: LoadedTarget;
  readonly timeLimitMs: number;
  /** Whether the target has to be named to find it again, since the file that is shown leads to another. */
  readonly isTargetGiven?: boolean;
}

/** Prints a finding in the form that every engine shares. */
export function tellFinding(context: ReportContext, shown: ShownFinding): void {
  const { output, progress } = context.session;
  const { found, finding, remark } = shown;
  const trace = recordTrace(context.target.makeTarget, shown.program, context.timeLimitMs);
  const replay = replayLine(context, shown.file);
  const report = formatReport(finding, trace, {
    ...(replay === undefined ? {} : { replay }),
    ...(found?.seed === undefined ? {} : { seed: describeFound(found, found.seed) }),
  });
  progress.clear();
  output.tell(`\n${report}`);
  if (remark !== undefined) output.tell(remark);
}

/** A finding for machines. */
export function findingDocument(context: ReportContext, shown: ShownFinding): object {
  const { finding, program, found, remark } = shown;
  return {
    ...finding,
    program: program.map(printOp),
    file: shown.file === undefined ? undefined : relative(context.session.io.cwd, shown.file),
    replay: replayLine(context, shown.file),
    seed: found?.seed === undefined ? undefined : formatSeed(found.seed),
    shrunkFromOps: found?.opsCount,
    shrinkRuns: found?.runsCount,
    remark,
  };
}

function describeFound({ opsCount, runsCount }: Found, seed: number): string {
  const shrunk =
    runsCount === 0
      ? 'not shrunk'
      : `shrunk from ${formatMany(opsCount, 'op')} in ${formatMany(runsCount, 'run')}`;
  return `${formatSeed(seed)} (${shrunk})`;
}

/** The line to paste; the target is named where the file's notes do not lead back to it. */
function replayLine(
  { isTargetGiven = false, session, target }: ReportContext,
  file: string | undefined,
): string | undefined {
  if (file === undefined) return undefined;
  const { cwd } = session.io;
  const path = relative(cwd, file);
  const isFoundByName =
    !isTargetGiven &&
    (target.file === undefined ||
      filesOfName(target.name).some((name) => resolve(cwd, name) === target.file));
  return `npx heapcheck replay ${path}${isFoundByName ? '' : ` --target ${quoted(target.spec)}`}${printTargetOptions(target.options)}`;
}

/** A word for the shell, as it stands where nothing in it means anything else. */
export function quoted(word: string): string {
  return /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What happened in a run, step by step, with the target's blocks; up to where it hung, if it does. */
export function recordTrace(makeTarget: MakeTarget, program: Program, timeLimitMs: number): Trace {
  const runner = new Runner(makeTarget, { checkEvery: 1, record: 'blocks' });
  try {
    withinTime(timeLimitMs, () => runner.run(program));
    return runner.trace;
  } catch (error) {
    const { op, step } = runner.at;
    if (!(error instanceof TimedOut)) throw error;
    return op === undefined
      ? runner.trace
      : [...runner.trace, { op, step, outcome: { kind: 'stopped' } }];
  }
}
