import { basename, dirname, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { UsageError } from '../../src/base/usage-error.ts';
import type { Finding } from '../../src/check/finding.ts';
import type { Program } from '../../src/program/program.ts';
import { type Note, printProgram } from '../../src/program/text.ts';
import { guardedRun } from '../../src/supervise/guarded-run.ts';
import { minimize } from '../../src/minimize/minimize.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, tellFinding } from '../finding-report.ts';
import { formatMany } from '../format.ts';
import { targetOfProgram } from '../found-on.ts';
import { interruptible } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { openOps, type OpsFile, readWholeTrace } from '../load-program.ts';
import { loadTarget } from '../load-target.ts';
import type { LoadedTarget } from '../loaded-target.ts';
import { exactRun, refineGuarded } from '../refine-finding.ts';
import { openSession, type Session } from '../session.ts';
import { writeProgram } from '../write-program.ts';
import { type TargetOptions, targetOptionsOf } from '../target-options.ts';

export interface MinimizeCommandOptions extends TargetOptions {
  readonly target?: string;
  readonly output?: string;
  readonly timeLimit: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Programs that are longer are shrunk to this first with the heap walked now and then only. */
const LONG_OPS = 1000;
const LONG_CHECK_EVERY = 256;

/** `heapcheck minimize`: shrinks the program of a file as far as it goes. */
export async function minimizeFile(
  io: Io,
  path: string,
  options: MinimizeCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const file = openOps(path, io.cwd);
  const text =
    file.kind === 'program' ? file : { notes: [], program: readWholeTrace(file).program };
  const { notes, program } = text;
  const spec = options.target ?? targetOfProgram(path, text, io.cwd);
  const target = await loadTarget(spec, { ...targetOptionsOf(options), cwd: io.cwd });
  const context = { session, target, timeLimitMs: options.timeLimit };
  const shrunk = await interruptible(() => shrink(context, program));
  session.progress.clear();
  if (shrunk === undefined) {
    throw new UsageError(
      `${path}: the program finds nothing on ${target.name}, so there is nothing to shrink; pass the --target that it breaks.`,
    );
  }
  const before = formatMany(program.length, 'op');
  const after = formatMany(shrunk.program.length, 'op');
  const isSame = printProgram(shrunk.program) === printProgram(program);
  const written = isSame ? undefined : write(io, file, { ...shrunk, notes, options, before });
  const said = isSame
    ? `${path}: ${before}, and no pass makes it smaller`
    : `${written}: ${after}, shrunk from ${before}`;
  session.output.say(
    shrunk.isMinimal ? said : `${said}; the search was cut short, so run it again`,
  );
  const shown = { ...shrunk, file: resolve(io.cwd, written ?? path) };
  tellFinding(context, shown);
  session.output.document({
    command: 'minimize',
    file: path,
    written,
    opsBefore: program.length,
    isMinimal: shrunk.isMinimal,
    finding: findingDocument(context, shown),
  });
  return EXIT.finding;
}

interface Shrunk {
  readonly program: Program;
  readonly finding: Finding;
  readonly isMinimal: boolean;
}

/** Shrinks a program; undefined when it finds nothing. */
function shrink(
  context: { session: Session; target: LoadedTarget; timeLimitMs: number },
  program: Program,
): Shrunk | undefined {
  const { progress } = context.session;
  const onProgress = ({ opsCount, runsCount }: { opsCount: number; runsCount: number }): void => {
    progress.update(() => `shrinking: ${opsCount} ops after ${runsCount} runs`);
  };
  const short = program.length <= LONG_OPS ? program : shrinkLong(context, program, onProgress);
  const finding = exactRun(context.target.makeTarget, context.timeLimitMs)(short);
  if (finding === undefined) return undefined;
  const refined = refineGuarded(context, short, finding, { onProgress });
  return refined.kind === 'flaky' ? { ...refined, isMinimal: false } : refined;
}

function shrinkLong(
  { target, timeLimitMs }: { target: LoadedTarget; timeLimitMs: number },
  program: Program,
  onProgress: (progress: { opsCount: number; runsCount: number }) => void,
): Program {
  const limitMs = timeLimitMs * Math.ceil(program.length / LONG_OPS);
  const run = guardedRun(target.makeTarget, limitMs, { checkEvery: LONG_CHECK_EVERY });
  const finding = run(program);
  return finding === undefined
    ? program
    : minimize(run, program, finding, { onProgress, runsMax: 5000 }).program;
}

/** Writes the smaller program: to where it was asked, or beside the file, whose own text stays. */
function write(
  io: Io,
  file: OpsFile,
  parts: Shrunk & {
    readonly notes: readonly Note[];
    readonly options: MinimizeCommandOptions;
    readonly before: string;
  },
): string {
  const { before, finding, notes, options, program } = parts;
  const path = options.output ?? freePath(io, file.path);
  const kept = notes.filter(([key]) => key !== 'law' && key !== 'found' && key !== 'minimized');
  const text = printProgram(program, [
    ['law', finding.law],
    ['found', notes.find(([key]) => key === 'found')?.[1] ?? `by hand on ${finding.target}`],
    ...kept,
    ['minimized', `from ${before}`],
  ]);
  writeProgram(path, text, io.cwd);
  return path;
}

/** `name.min.ops` beside the file, or the first of `name.min2.ops`, … that is free. */
function freePath(io: Io, path: string): string {
  const stem = join(dirname(path), basename(path).replace(/\.[^.]+$/, ''));
  for (let number = 1; ; number += 1) {
    const candidate = `${stem}.min${number === 1 ? '' : number}.ops`;
    if (!existsSync(resolve(io.cwd, candidate))) return candidate;
  }
}
