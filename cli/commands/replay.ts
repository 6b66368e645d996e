import { resolve } from 'node:path';
import { MIB } from '../../src/base/units.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import type { Finding } from '../../src/check/finding.ts';
import { formatOutcome } from '../../src/check/outcome.ts';
import { isMeantFor } from '../../src/check/target.ts';
import type { ProofLanguage } from '../../src/emit/emit.ts';
import type { TraceStep } from '../../src/check/trace.ts';
import { needsKernel } from '../../src/program/op.ts';
import { familyOf } from '../../src/program/program.ts';
import { printOp } from '../../src/program/text.ts';
import { isForSharedHeap } from '../../src/targets/threads/thread-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, recordTrace, tellFinding } from '../finding-report.ts';
import { formatCount, formatMany, formatSeconds } from '../format.ts';
import { isFoundOn, targetOfProgram } from '../found-on.ts';
import { drawHeap, PICTURE_LEGEND } from '../heap-picture.ts';
import { interruptible } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { openOps, type OpsFile } from '../load-program.ts';
import { loadTarget } from '../load-target.ts';
import type { LoadedTarget } from '../loaded-target.ts';
import { exactRun } from '../refine-finding.ts';
import { openSession, type Session } from '../session.ts';
import { KeyWaiter } from '../steps.ts';
import { sayTraceSummary } from '../trace-summary.ts';
import { writeProof } from '../write-proof.ts';
import { runTrace } from '../trace-run.ts';
import { printTargetOptions, type TargetOptions, targetOptionsOf } from '../target-options.ts';

export interface ReplayCommandOptions extends TargetOptions {
  readonly target?: string;
  readonly step?: boolean;
  readonly emit?: ProofLanguage;
  readonly timeLimit: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Programs of up to this many ops are shown step by step. */
const STEPS_SHOWN_MAX = 32;
/** Room for what a real program asks; memory that is not touched costs nothing. */
const TRACE_ARENA = { mapSize: 512 * MIB };

/** What came of one file. */
interface Replayed {
  readonly hasFinding: boolean;
  readonly document: object;
}

/** `heapcheck replay`: runs programs and traces from files, and shows what happens. */
export async function replay(
  io: Io,
  paths: readonly string[],
  options: ReplayCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const keys = options.step === true ? new KeyWaiter(io) : undefined;
  const replayed: Replayed[] = [];
  for (const path of paths) {
    const file = openOps(path, io.cwd);
    const replaying = { session, options, keys };
    replayed.push(
      file.kind === 'program'
        ? await replayProgram(file, replaying)
        : await replayTrace(file, replaying),
    );
  }
  session.output.document({ command: 'replay', files: replayed.map(({ document }) => document) });
  return replayed.some(({ hasFinding }) => hasFinding) ? EXIT.finding : EXIT.clean;
}

interface Replaying {
  readonly session: Session;
  readonly options: ReplayCommandOptions;
  readonly keys: KeyWaiter | undefined;
}

async function replayProgram(
  file: OpsFile & { kind: 'program' },
  { session, options, keys }: Replaying,
): Promise<Replayed> {
  const { io, output } = session;
  const { notes, path, program } = file;
  const spec = options.target ?? targetOfProgram(path, file, io.cwd);
  const target = await loadTarget(spec, { ...targetOptionsOf(options), cwd: io.cwd });
  if (target.native !== undefined && program.some(needsKernel) && isForSharedHeap(program))
    throw new UsageError(
      `${path}: its threads run at once; call 'heapcheck threads ${target.spec} ${path}'.`,
    );
  if (!isMeantFor(program, target.makeTarget()))
    throw new UsageError(
      `${path}: ${target.name} performs no program of ${familyOf(program)}; pass a --target that does, or leave it out.`,
    );
  const isTargetGiven = !isFoundOn(path, file, { spec, cwd: io.cwd });
  const context = { session, target, timeLimitMs: options.timeLimit, isTargetGiven };
  const run = exactRun(target.makeTarget, options.timeLimit);
  const finding = await interruptible(() => run(program));
  output.say(`${path} on ${target.name}: ${formatMany(program.length, 'op')}`);
  for (const [key, value] of notes) output.say(`  ${key}: ${value}`);
  if (program.length <= STEPS_SHOWN_MAX || keys !== undefined) {
    const trace = recordTrace(target.makeTarget, program, options.timeLimit);
    await saySteps(session, trace, keys);
    const notAskedCount = trace.filter(({ outcome }) => outcome.kind === 'not asked').length;
    if (notAskedCount > 0)
      output.say(
        `\n${formatMany(notAskedCount, 'op')} not asked: ${target.name} does not offer them`,
      );
  }
  const shown = { finding, program, file: resolve(io.cwd, path) };
  if (finding === undefined) output.say(`\n${target.name} keeps every law on this program`);
  else {
    tellFinding(context, { ...shown, finding });
    if (options.emit !== undefined) {
      const trace = recordTrace(target.makeTarget, program, options.timeLimit);
      const proven = { finding, trace, target, path, cwd: io.cwd };
      output.tell(writeProof(proven, options.emit));
    }
  }
  return {
    hasFinding: finding !== undefined,
    document: {
      file: path,
      target: target.name,
      opsCount: program.length,
      finding: finding && findingDocument(context, { ...shown, finding }),
    },
  };
}

/** Prints the steps, each with a picture of the heap after it, where the target can show one. */
async function saySteps(
  { output }: Session,
  trace: readonly TraceStep[],
  keys: KeyWaiter | undefined,
): Promise<void> {
  const hasPictures = trace.some(({ blocks }) => blocks !== undefined);
  output.say(hasPictures ? `\n${PICTURE_LEGEND}` : '');
  const gap = hasPictures ? '\n' : '';
  const opWidth = Math.max(0, ...trace.map(({ op }) => printOp(op).length));
  const indent = ' '.repeat(5);
  for (const { blocks, op, outcome, step } of trace) {
    const answer = formatOutcome(outcome);
    output.say(`${gap}${String(step).padStart(3)}  ${printOp(op).padEnd(opWidth)}   ${answer}`);
    for (const row of drawHeap(blocks ?? [], output.width - indent.length)) {
      output.say(`${indent}${row}`);
    }
    if (keys !== undefined && !(await keys.next())) return;
  }
}

async function replayTrace(
  file: OpsFile & { kind: 'trace' },
  { session, options, keys }: Replaying,
): Promise<Replayed> {
  const { io, output } = session;
  const { path } = file;
  const target = await loadTarget(options.target ?? 'reference', {
    ...targetOptionsOf(options),
    cwd: io.cwd,
    arena: TRACE_ARENA,
  });
  if (keys !== undefined) {
    output.say(`${path}: a trace is not shown in steps; 'heapcheck import' makes a program of it`);
  }
  if (options.emit !== undefined) {
    output.say(`${path}: a trace is not shown by a program; 'heapcheck minimize' makes one of it`);
  }
  const started = io.now();
  const run = await interruptible(() => runTrace(target.makeTarget, file.read()));
  const { counts, finding, op, refusals, summary } = run;
  const took = formatSeconds(io.now() - started);
  output.say(
    `${path} (${file.format.name}) on ${target.name}: ${formatMany(counts.ops, 'op')} in ${took}`,
  );
  if (summary !== undefined) sayTraceSummary(output, summary);
  for (const [reason, count] of refusals) {
    output.say(`  ${formatMany(count, 'request')} refused: ${reason}`);
  }
  if (counts.notAsked > 0) {
    output.say(
      `  ${formatMany(counts.notAsked, 'op')} not asked: ${target.name} does not offer them`,
    );
  }
  if (finding !== undefined) tellTraceFinding(session, { path, target, finding, op });
  return {
    hasFinding: finding !== undefined,
    document: {
      file: path,
      format: file.format.name,
      target: target.name,
      counts,
      refusals,
      summary,
      finding,
    },
  };
}

function tellTraceFinding(
  { output }: Session,
  found: {
    readonly path: string;
    readonly target: LoadedTarget;
    readonly finding: Finding;
    readonly op: string | undefined;
  },
): void {
  const { finding, op, path, target } = found;
  const place =
    op === undefined
      ? 'at the end, when everything was freed'
      : `at op ${formatCount(finding.step)}, ${op}`;
  output.tell(
    [
      `\n${finding.law} broken by ${finding.target} ${place}`,
      '',
      `observed   ${finding.observed}`,
      `expected   ${finding.expected}`,
      `shrink     npx heapcheck minimize ${path} --target ${target.spec}${printTargetOptions(target.options)}`,
    ].join('\n'),
  );
}
