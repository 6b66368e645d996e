import { relative } from 'node:path';
import { formatSeed, Prng } from '../../src/base/prng.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { formatReport } from '../../src/check/report.ts';
import { sharedBlockPrograms } from '../../fuzz/index.ts';
import { printOp } from '../../src/program/text.ts';
import type { ProgramStore } from '../../src/store/store.ts';
import { isForSharedHeap } from '../../src/targets/threads/thread-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { quoted } from '../finding-report.ts';
import { formatMany, formatSeconds, formatShort } from '../format.ts';
import { Interrupted, interruptible, InterruptListener } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { openOps } from '../load-program.ts';
import { openCorpus } from '../open-corpus.ts';
import { announceSeed, openSession, type Session } from '../session.ts';
import { type ShrunkByThreads, type ThreadsFinding, ThreadsSearch } from '../threads-search.ts';
import {
  loadThreadsTarget,
  printThreadsOptions,
  type ThreadsTarget,
  type ThreadsTargetOptions,
} from '../threads-target.ts';

export interface ThreadsCommandOptions extends ThreadsTargetOptions {
  readonly threads: number;
  readonly repeat: number;
  readonly seed?: number;
  readonly runs?: number;
  readonly maxTotalTime?: number;
  readonly maxOps: number;
  readonly corpus: string;
  readonly timeLimit: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where neither runs nor a time were given. */
const BUDGET_MS = 10_000;
/** Runs of each program that is drawn. */
const RUNS_EACH = 100;

/** What is searched, and what becomes of findings. */
interface Searching {
  readonly session: Session;
  readonly target: ThreadsTarget;
  readonly search: ThreadsSearch;
  readonly spec: string;
  readonly options: ThreadsCommandOptions;
  readonly interrupt: InterruptListener;
}

/** A finding with what its report needs beside it. */
interface Shown {
  readonly found: ThreadsFinding;
  readonly file?: string | undefined;
  readonly seed?: string;
}

/** `heapcheck threads`: several threads on one library of C; random programs, or those of files, each run many times. */
export async function threads(
  io: Io,
  { files, spec }: { readonly spec: string; readonly files: readonly string[] },
  options: ThreadsCommandOptions,
): Promise<ExitCode> {
  if (options.threads > options.maxOps)
    throw new UsageError(
      `--threads: ${options.threads} threads cannot share ${options.maxOps} ops; pass at most that many, or a larger --max-ops.`,
    );
  const session = openSession(io, options);
  const seed = files.length === 0 ? announceSeed(session, options.seed) : undefined;
  const target = loadThreadsTarget(spec, options, io.cwd);
  const search = new ThreadsSearch(target.host, {
    runLimitMs: options.timeLimit,
    now: () => io.now(),
  });
  const store = openCorpus(options.corpus, io.cwd);
  const interrupt = new InterruptListener();
  const searching = { session, target, search, spec, options, interrupt };
  const shown: Shown[] = [];
  try {
    if (seed === undefined)
      for (const file of files) shown.push(...(await replayFile(searching, file)));
    else shown.push(...(await hunt(searching, store, seed)));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    session.output.say('stopped by Ctrl-C');
  } finally {
    interrupt.close();
  }
  session.output.document({
    command: 'threads',
    target: target.name,
    seed: seed === undefined ? undefined : formatSeed(seed),
    runs: search.runsCount,
    ops: search.opsCount,
    findings: shown.map((each) => document(searching, each)),
  });
  return shown.length === 0 ? EXIT.clean : EXIT.finding;
}

/** Draws programs until one breaks a law, the runs or the time are reached. */
async function hunt(
  searching: Searching,
  store: ProgramStore,
  seed: number,
): Promise<readonly Shown[]> {
  const { interrupt, options, search, session, target } = searching;
  const { io, output, progress } = session;
  const started = io.now();
  const budgetMs = options.maxTotalTime ?? (options.runs === undefined ? BUDGET_MS : Infinity);
  const draw = sharedBlockPrograms(options.threads, target.host.offered);
  const prng = new Prng(seed);
  const { runs = Infinity } = options;
  let programsCount = 0;
  let raw: ThreadsFinding | undefined;
  while (raw === undefined && programsCount < runs && io.now() - started < budgetMs) {
    const program = draw(prng, options.maxOps);
    raw = await interrupt.run(() => search.run(program, RUNS_EACH));
    programsCount += 1;
    progress.update(
      () =>
        `#${programsCount} pulse runs: ${formatShort(search.runsCount)} ops: ${formatShort(search.opsCount)}`,
    );
  }
  progress.clear();
  const shown = raw && (await refined(searching, store, { raw, seed }));
  if (shown !== undefined) tell(searching, shown);
  const size = `${formatMany(programsCount, 'program')} (${formatMany(search.runsCount, 'run')}, ${formatShort(search.opsCount)} ops)`;
  const verdict = formatMany(shown === undefined ? 0 : 1, 'finding');
  output.say(
    `\nDone ${size} by ${formatMany(options.threads, 'thread')} in ${formatSeconds(io.now() - started)}: ${verdict}`,
  );
  return shown === undefined ? [] : [shown];
}

/** A finding as it was made, and the seed of the campaign. */
interface Made {
  readonly raw: ThreadsFinding;
  readonly seed: number;
}

/** What is kept of it. */
interface Keeping {
  readonly made: Made;
  readonly found: ThreadsFinding & { readonly triedCount?: number };
  /** How it came to its length, for people. */
  readonly how: string;
}

/** Measured, shrunk and kept; as it was made, where Ctrl-C ends that. */
async function refined(searching: Searching, store: ProgramStore, made: Made): Promise<Shown> {
  const { progress } = searching.session;
  try {
    const shrunk = await interruptible(() => shrink(searching, made));
    const cut = shrunk.isMinimal ? '' : ', cut short';
    const from = formatMany(made.raw.program.length, 'op');
    const how = `shrunk from ${from}, ${formatMany(shrunk.triedCount, 'candidate')}${cut}`;
    return keep(searching, store, { made, found: shrunk, how });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return keep(searching, store, { made, found: made.raw, how: 'not shrunk for Ctrl-C' });
  } finally {
    progress.clear();
  }
}

/** Measures how often a finding shows, shrinks it, and measures that. */
function shrink({ options, search, session }: Searching, { raw }: Made): ShrunkByThreads {
  const { law } = raw.finding;
  const measured = search.run(raw.program, options.repeat, law) ?? raw;
  const shrunk = search.shrink(measured, (opsCount) =>
    session.progress.update(() => `shrinking ${law}: ${opsCount} ops`),
  );
  return { ...shrunk, ...search.run(shrunk.program, options.repeat, law) };
}

function keep(searching: Searching, store: ProgramStore, { found, how, made }: Keeping): Shown {
  const { raw, seed } = made;
  const shown = { found, seed: `${formatSeed(seed)} (${how})` };
  try {
    const { finding, program } = found;
    const from = { seed, opsCount: raw.program.length, runsCount: found.triedCount ?? 0 };
    return { ...shown, file: store.keep({ finding, program, found: from }) };
  } catch (error) {
    // What took long to find is not lost with the file.
    tell(searching, shown);
    throw error;
  }
}

/** Runs the program of a file many times. */
async function replayFile(searching: Searching, path: string): Promise<readonly Shown[]> {
  const { interrupt, options, search, session, target } = searching;
  const { io, output } = session;
  const file = openOps(path, io.cwd);
  if (file.kind !== 'program' || !isForSharedHeap(file.program))
    throw new UsageError(
      `${path}: threads share programs of blocks only; pass one that has no other ops.`,
    );
  const { program } = file;
  const before = search.runsCount;
  const found = await interrupt.run(() => search.run(program, options.repeat));
  const runsCount = search.runsCount - before;
  output.say(`${path} on ${target.name}: ${formatMany(program.length, 'op')}`);
  if (found === undefined) {
    output.say(`${target.name} keeps every law in ${formatMany(runsCount, 'run')}`);
    return [];
  }
  const shown = { found, file: path };
  tell(searching, shown);
  return [shown];
}

function tell(searching: Searching, shown: Shown): void {
  const { found, seed } = shown;
  const replay = replayLine(searching, shown);
  const report = formatReport(found.finding, found.trace, {
    ...(replay === undefined ? {} : { replay }),
    ...(seed === undefined ? {} : { seed }),
  });
  searching.session.output.tell(`\n${report}\nrate       ${rateOf(found)}`);
}

/** `in 3 of 1,000 runs` */
function rateOf({ count, runsCount }: ThreadsFinding): string {
  return `in ${count} of ${formatMany(runsCount, 'run')}`;
}

function replayLine({ options, session, spec }: Searching, { file }: Shown): string | undefined {
  if (file === undefined) return undefined;
  const path = relative(session.io.cwd, file);
  return `npx heapcheck threads ${quoted(spec)} ${path}${printThreadsOptions(options)}`;
}

function document(searching: Searching, shown: Shown): object {
  const { count, finding, program, runsCount } = shown.found;
  return {
    ...finding,
    shownIn: count,
    ofRuns: runsCount,
    program: program.map(printOp),
    file: shown.file && relative(searching.session.io.cwd, shown.file),
    replay: replayLine(searching, shown),
  };
}
