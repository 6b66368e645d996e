import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { formatSeed } from '../../src/base/prng.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, type ShownFinding, tellFinding } from '../finding-report.ts';
import { formatMany, formatSeconds, formatShort } from '../format.ts';
import { Interrupted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { type Examined, examineHandout, type LabSearch } from '../lab-examine.ts';
import { type Scored, scoreTraces } from '../lab-score.ts';
import { type LabOptions, printLabSpec } from '../lab-spec.ts';
import { labCsv, type LabRow, labTable, percentOf } from '../lab-table.ts';
import { type LabTarget, loadLabTarget } from '../lab-target.ts';
import { openCorpus } from '../open-corpus.ts';
import { announceSeed, openSession, type Session } from '../session.ts';

export interface LabCommandOptions extends LabOptions {
  readonly seed?: number;
  readonly runs?: number;
  readonly maxTotalTime?: number;
  readonly timeLimit: number;
  readonly traceLimit: number;
  readonly utilWeight?: number;
  readonly libcThroughput?: number;
  readonly csv?: string;
  readonly corpus: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Time for the random programs of one handout, where nothing else is said. */
const BUDGET_MS = 10_000;

/** A handout with all that came of it. */
interface Result {
  readonly row: LabRow;
  readonly shown?: ShownFinding | undefined;
  readonly document: object;
}

/** `heapcheck lab`: builds malloc-lab handouts, asks them the laws, and scores them as the course does. */
export async function lab(
  io: Io,
  folders: readonly string[],
  options: LabCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const seed = announceSeed(session, options.seed);
  const isAlone = folders.length === 1;
  const results: Result[] = [];
  try {
    for (const folder of folders) {
      const target = load(session, printLabSpec(folder, options), { isAlone });
      if (target instanceof UsageError) {
        results.push(notBuilt(folder, target));
        continue;
      }
      try {
        results.push(
          await judge(searchOf(session, target, { seed, options }), options, { isAlone }),
        );
      } finally {
        target.close();
      }
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    session.output.say('stopped by Ctrl-C');
  }
  session.progress.clear();
  const rows = results.map(({ row }) => row);
  if (!isAlone) tellTable(session, rows);
  if (options.csv !== undefined) writeCsv(session, options.csv, rows);
  const handouts = results.map(({ document }) => document);
  session.output.document({ command: 'lab', seed: formatSeed(seed), handouts });
  return rows.every(({ verdict }) => verdict === CLEAN) ? EXIT.clean : EXIT.finding;
}

const CLEAN = 'clean';

/** Builds a handout; among others, one that cannot be built is a row like any other. */
function load(
  { io, progress }: Session,
  spec: string,
  { isAlone }: { readonly isAlone: boolean },
): LabTarget | UsageError {
  progress.update(() => `building ${spec}`);
  try {
    return loadLabTarget(spec, io.cwd);
  } catch (error) {
    if (isAlone || !(error instanceof UsageError)) throw error;
    return error;
  }
}

function notBuilt(folder: string, { message }: UsageError): Result {
  const row: LabRow = { folder, verdict: 'not built', detail: message };
  return { row, document: row };
}

function searchOf(
  session: Session,
  target: LabTarget,
  { options, seed }: { readonly seed: number; readonly options: LabCommandOptions },
): LabSearch {
  const store = openCorpus(options.corpus, session.io.cwd);
  return { session, target, seed, store, timeLimitMs: options.timeLimit };
}

async function judge(
  search: LabSearch,
  options: LabCommandOptions,
  { isAlone }: { readonly isAlone: boolean },
): Promise<Result> {
  const { session, target } = search;
  const { io, progress } = session;
  const started = io.now();
  const runs = options.runs ?? Infinity;
  const budgetMs = options.maxTotalTime ?? (options.runs === undefined ? BUDGET_MS : Infinity);
  const examined = await examineHandout(search, { budgetMs, runs });
  const { shown } = examined;
  progress.update(() => `scoring ${target.name}`);
  const scored = score(target, options);
  progress.clear();
  if (isAlone) tellOne(search, examined, { scored, elapsedMs: io.now() - started });
  const finding = shown?.finding;
  const row: LabRow = {
    folder: target.name,
    verdict: finding?.law ?? CLEAN,
    opsCount: shown?.program.length,
    file: shown?.file === undefined ? undefined : relative(io.cwd, shown.file),
    detail: finding?.observed,
    scored,
  };
  const document = {
    folder: target.name,
    verdict: row.verdict,
    finding: shown && findingDocument(search, shown),
    ...scored,
  };
  return { row, shown, document };
}

/** Nobody is scored with a sanitizer built in: it is neither their speed nor their heap. */
function score({ handout, program }: LabTarget, options: LabCommandOptions): Scored {
  if (handout.isSanitized) return { problem: 'built with a sanitizer' };
  const { throughputFull, utilizationWeight } = handout.config;
  return scoreTraces(program, handout.traces, {
    limitMs: options.traceLimit,
    weights: {
      utilizationWeight: options.utilWeight ?? utilizationWeight,
      throughputFull: options.libcThroughput ?? throughputFull,
    },
  });
}

function tellOne(
  search: LabSearch,
  { opsCount, programsCount, shown, tracesCount }: Examined,
  { elapsedMs, scored }: { readonly scored: Scored; readonly elapsedMs: number },
): void {
  const { output } = search.session;
  if (shown !== undefined) tellFinding(search, shown);
  const verdict = shown === undefined ? 'nothing found' : '1 finding';
  output.say(
    `\n${search.target.name}: ${verdict} in ${formatSeconds(elapsedMs)}; ${formatMany(programsCount, 'program')}, ${formatShort(opsCount)} ops, ${formatMany(tracesCount, 'trace')} of its own`,
  );
  if ('problem' in scored) return output.say(`score      none: ${scored.problem}`);
  const { points, throughput, utilization } = scored.score;
  output.say(
    `score      ${points.toFixed(1)} of 100: utilization ${percentOf(utilization)}, ${formatShort(throughput)} ops/s`,
  );
}

function tellTable({ output }: Session, rows: readonly LabRow[]): void {
  for (const line of labTable(rows)) output.tell(line);
  for (const { detail, folder, verdict } of rows)
    if (verdict === 'not built') output.tell(`\n${folder} is not built: ${detail}`);
}

function writeCsv({ io, output }: Session, path: string, rows: readonly LabRow[]): void {
  try {
    writeFileSync(resolve(io.cwd, path), labCsv(rows));
  } catch (error) {
    throw new UsageError(
      `--csv: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}); pass another file.`,
    );
  }
  output.say(`${formatMany(rows.length, 'row')} written to ${path}`);
}
