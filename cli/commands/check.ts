import { relative } from 'node:path';
import { formatSeed } from '../../src/base/prng.ts';
import { findMutant } from '../../src/targets/mutants/index.ts';
import { askedDocument, type Asked, sayAsked } from '../asked-tables.ts';
import {
  type CheckCampaignResult,
  type ReplayResult,
  replayStored,
  runProperties,
} from '../check-campaign.ts';
import { openCorpus } from '../open-corpus.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, type ShownFinding, tellFinding } from '../finding-report.ts';
import { formatMany, formatSeconds } from '../format.ts';
import type { Io } from '../io.ts';
import { type BaselineOptions, KnownFindings } from '../known-findings.ts';
import { loadTarget } from '../load-target.ts';
import { exactRun, type Search } from '../refine-finding.ts';
import { announceSeed, openSession } from '../session.ts';
import { type TargetOptions, targetOptionsOf } from '../target-options.ts';

export interface CheckCommandOptions extends BaselineOptions, TargetOptions {
  readonly seed?: number;
  readonly runs?: number;
  readonly maxTotalTime?: number;
  readonly maxOps?: number;
  readonly keepGoing?: boolean;
  readonly corpus: string;
  readonly timeLimit: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The planted bug that shows that the checks can fail. */
const PLANTED = 'mutants/realloc-copies-too-little';
/** It is always found by the same programs, so that the corpus gets one file of it. */
const PLANTED_SEED = 1;

/** `heapcheck check`: stored findings, then the property suites; without a target, also a planted bug. */
export async function check(
  io: Io,
  spec: string | undefined,
  options: CheckCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const seed = announceSeed(session, options.seed);
  const target = await loadTarget(spec ?? 'reference', {
    ...targetOptionsOf(options),
    cwd: io.cwd,
  });
  const store = openCorpus(options.corpus, io.cwd);
  const search = { session, target, seed, store, timeLimitMs: options.timeLimit };
  const known = new KnownFindings(options, io.cwd);
  const checked = await checkOne(search, known, options);
  const planted =
    spec === undefined && checked.findings.length === 0 && checked.end !== 'stopped by Ctrl-C'
      ? await findPlanted(search)
      : undefined;
  session.output.document({
    command: 'check',
    seed: formatSeed(seed),
    ...checked.document,
    planted: planted?.document,
  });
  const said = known.end(
    target.name,
    checked.findings.map(({ finding }) => finding),
  );
  if (said !== undefined) session.output.say(said);
  const isClean = checked.findings.length === 0 || known.isUpdated;
  return isClean && planted?.isFound !== false ? EXIT.clean : EXIT.finding;
}

interface Checked {
  readonly findings: readonly ShownFinding[];
  readonly end: CheckCampaignResult['end'];
  readonly document: object;
}

/** Checks one target, and says what came out. */
async function checkOne(
  search: Search,
  known: KnownFindings,
  options: CheckCommandOptions,
): Promise<Checked> {
  const { session, target } = search;
  const started = session.io.now();
  const isGoingOn = options.keepGoing === true || known.isUpdated;
  const stored = await replayStored(search, known, (shown) => tellFinding(search, shown));
  if (stored.end !== 'done' || (stored.findings.length > 0 && !isGoingOn)) {
    return withoutSuites(search, stored);
  }
  const result = await runProperties(search, {
    budgetMs: options.maxTotalTime ?? Infinity,
    keepGoing: isGoingOn,
    known,
    onFinding: (shown) => tellFinding(search, shown),
    ...(options.runs === undefined ? {} : { runs: options.runs }),
    ...(options.maxOps === undefined ? {} : { opsMax: options.maxOps }),
  });
  const findings = [...stored.findings, ...result.findings];
  const asked: Asked = { ...result, target: target.makeTarget() };
  const elapsedMs = session.io.now() - started;
  session.output.say(
    `\n${summarize({ search, result, findings, storedCount: stored.count, elapsedMs })}`,
  );
  // Where the first finding ended the run, the counts would only push it off the screen.
  if (findings.length === 0 || isGoingOn) sayAsked(session.output, asked);
  const document = {
    target: target.name,
    elapsedMs: Math.round(elapsedMs),
    end: result.end,
    counts: result.counts,
    storedCount: stored.count,
    findings: findings.map((each) => findingDocument(search, each)),
    ...askedDocument(asked),
  };
  return { findings, end: result.end, document };
}

/** What is said when the stored programs were enough. */
function withoutSuites({ session, target, ...search }: Search, stored: ReplayResult): Checked {
  const why =
    stored.end === 'done' ? 'mend what is stored first, or pass --keep-going' : stored.end;
  const verdict = `${formatMany(stored.findings.length, 'finding')} in ${formatMany(stored.count, 'stored program')}`;
  session.output.say(`\n${target.name}: ${verdict}; the property suites were left out: ${why}`);
  const findings = stored.findings.map((each) =>
    findingDocument({ session, target, ...search }, each),
  );
  const document = {
    target: target.name,
    end: stored.end,
    storedCount: stored.count,
    findings,
  };
  return { findings: stored.findings, end: stored.end, document };
}

function summarize(parts: {
  readonly search: Search;
  readonly result: CheckCampaignResult;
  readonly findings: readonly ShownFinding[];
  readonly storedCount: number;
  readonly elapsedMs: number;
}): string {
  const { search, result, findings, storedCount, elapsedMs } = parts;
  const { counts, end, propertiesCount, propertiesDone } = result;
  const verdict = findings.length === 0 ? 'nothing found' : formatMany(findings.length, 'finding');
  const suites =
    propertiesDone === propertiesCount
      ? formatMany(propertiesCount, 'property suite')
      : `${propertiesDone} of ${formatMany(propertiesCount, 'property suite')}`;
  const stopped = end === 'done' ? '' : `, ${end}`;
  return [
    `${search.target.name}: ${verdict} in ${formatSeconds(elapsedMs)}${stopped}`,
    `${formatMany(storedCount, 'stored program')}, ${suites}, ${formatMany(counts.programs, 'program')}, ${formatMany(counts.ops, 'op')} (${formatMany(counts.refused, 'request')} refused)`,
  ].join('\n');
}

/** Shows that the checks can fail: a planted bug is found, shrunk, kept and replayed. */
async function findPlanted(
  reference: Search,
): Promise<{ readonly isFound: boolean; readonly document: object }> {
  const { io, output } = reference.session;
  const target = await loadTarget(PLANTED, { cwd: io.cwd });
  const search: Search = { ...reference, target, seed: PLANTED_SEED };
  const { story } = findMutant(PLANTED);
  output.say(
    `\nCan these checks fail? The same reference with one line changed, ${PLANTED}:\n${story}`,
  );
  const started = io.now();
  const result = await runProperties(search, {
    budgetMs: Infinity,
    keepGoing: false,
    known: new KnownFindings({}, io.cwd),
  });
  const shown = result.findings[0];
  if (shown === undefined) {
    output.tell(
      `\nThe planted bug was not found: ${formatMany(result.counts.programs, 'program')} were too few, or heapcheck is broken.`,
    );
    return { isFound: false, document: { target: PLANTED, findings: [] } };
  }
  if (!output.isQuiet) tellFinding(search, shown);
  const again = exactRun(target.makeTarget, search.timeLimitMs)(shown.program);
  const isFound = again?.law === shown.finding.law;
  const file = shown.file === undefined ? 'nowhere' : relative(io.cwd, shown.file);
  output.say(
    `\nFound and shrunk in ${formatSeconds(io.now() - started)}, kept in ${file}, ${isFound ? 'and replayed: they can.' : 'but it does not replay.'}`,
  );
  return { isFound, document: { target: PLANTED, findings: [findingDocument(search, shown)] } };
}
