import { formatSeed } from '../../src/base/prng.ts';
import { LAW } from '../../src/check/law.ts';
import type { Finding } from '../../src/check/finding.ts';
import { codeFeatures } from '../code-features.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { type Asked, askedDocument, sayAsked } from '../asked-tables.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, type ShownFinding, tellFinding } from '../finding-report.ts';
import { formatMany, formatShort } from '../format.ts';
import { FuzzCampaign } from '../fuzz-campaign.ts';
import { Interrupted, interruptible } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { type LoadedTarget, loadTarget } from '../load-target.ts';
import { CoverageRecorder, scriptsOfModule } from '../module-coverage.ts';
import { openCorpus } from '../open-corpus.ts';
import { refineAndKeep, type Search } from '../refine-finding.ts';
import { announceSeed, openSession } from '../session.ts';

export interface FuzzCommandOptions {
  readonly seed?: number;
  readonly runs?: number;
  readonly maxTotalTime?: number;
  readonly maxOps?: number;
  readonly keepGoing?: boolean;
  readonly coverage?: boolean;
  readonly corpus: string;
  readonly timeLimit: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where neither runs nor a time were given. */
const BUDGET_MS = 10_000;

/** `heapcheck fuzz`: random programs until a finding, the runs or the time are reached. */
export async function fuzz(
  io: Io,
  spec: string | undefined,
  options: FuzzCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const seed = announceSeed(session, options.seed);
  const recorder = options.coverage === true ? new CoverageRecorder() : undefined;
  recorder?.start();
  const target = await loadTarget(spec ?? 'reference', { cwd: io.cwd });
  const started = io.now();
  const campaign = new FuzzCampaign(
    target.makeTarget,
    {
      seed,
      runs: options.runs ?? Infinity,
      timeLimitMs: options.timeLimit,
      ...(options.maxOps === undefined ? {} : { opsMax: options.maxOps }),
      ...(recorder === undefined ? {} : { watch: watchCode(recorder, target) }),
    },
    () => io.now(),
  );
  const store = openCorpus(options.corpus, io.cwd);
  const search = { session, target, campaign, seed, store, timeLimitMs: options.timeLimit };
  const findings: ShownFinding[] = [];
  const fuzzing = { ...search, options, findings };
  const end = await collect(fuzzing);
  recorder?.stop();
  campaign.close();
  finish({ ...fuzzing, end, elapsedMs: io.now() - started });
  return findings.length === 0 ? EXIT.clean : EXIT.finding;
}

/** @throws {UsageError} The target is no module of the user's own. */
function watchCode(recorder: CoverageRecorder, { file, name }: LoadedTarget) {
  if (file === undefined) {
    throw new UsageError(
      `--coverage: ${name} is no module of your own, so its code is not counted; leave it out, or pass a .js file.`,
    );
  }
  return () => codeFeatures(scriptsOfModule(recorder.take(), file));
}

interface Fuzzing extends Search {
  readonly options: FuzzCommandOptions;
  readonly campaign: FuzzCampaign;
  /** What was found so far. */
  readonly findings: ShownFinding[];
}

type End = 'done' | 'stopped by Ctrl-C';

/** Runs batch after batch; each new finding is confirmed, shrunk, kept and told. */
async function collect(fuzzing: Fuzzing): Promise<End> {
  const { campaign, findings, options } = fuzzing;
  const { io, progress } = fuzzing.session;
  const started = io.now();
  const budgetMs = options.maxTotalTime ?? (options.runs === undefined ? BUDGET_MS : Infinity);
  const known = new Set<string>();
  try {
    while (!campaign.isDone && io.now() - started < budgetMs) {
      const raw = await campaign.next();
      progress.update(() => progressLine(campaign, findings.length, io.now() - started));
      if (raw === undefined || known.has(bugOf(raw.finding))) continue;
      const shown = await interruptible(() => refineAndKeep(fuzzing, raw));
      const isNew = !known.has(bugOf(shown.finding));
      known.add(bugOf(raw.finding)).add(bugOf(shown.finding));
      if (!isNew) continue;
      findings.push(shown);
      tellFinding(fuzzing, shown);
      if (options.keepGoing !== true) break;
    }
    return 'done';
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return 'stopped by Ctrl-C';
  } finally {
    progress.clear();
  }
}

/** Findings of one law after one kind of op count as one. */
function bugOf({ law, op }: Finding): string {
  return `${law} ${op}`;
}

function progressLine(campaign: FuzzCampaign, findingsCount: number, elapsedMs: number): string {
  const perSecond = (campaign.opsCount / Math.max(1, elapsedMs)) * 1000;
  return `#${campaign.programsCount} pulse ops: ${formatShort(campaign.opsCount)} ops/s: ${formatShort(perSecond)} findings: ${findingsCount}`;
}

/** The last lines: how much was run, and what was asked of it. */
function finish(fuzzing: Fuzzing & { readonly end: End; readonly elapsedMs: number }): void {
  const { target, campaign, findings, end, elapsedMs } = fuzzing;
  const { output } = fuzzing.session;
  const { counts, asked, events } = campaign.tally;
  const found = `${formatMany(findings.length, 'finding')}${end === 'done' ? '' : `, ${end}`}`;
  const size = `${formatMany(counts.programs, 'program')} (${formatShort(counts.ops)} ops)`;
  output.say(`\nDone ${size} in ${(elapsedMs / 1000).toFixed(1)} seconds: ${found}`);
  const shown: Asked = {
    asked,
    events,
    target: target.makeTarget(),
    leftOut: new Map([[LAW.sameProgramSameAddresses.name, "asked by 'heapcheck check'"]]),
  };
  // Where the first finding ended the run, the counts would only push it off the screen.
  if (findings.length === 0 || fuzzing.options.keepGoing === true) sayAsked(output, shown);
  output.document({
    command: 'fuzz',
    target: target.name,
    seed: formatSeed(fuzzing.seed),
    elapsedMs: Math.round(elapsedMs),
    end,
    counts,
    findings: findings.map((each) => findingDocument(fuzzing, each)),
    ...askedDocument(shown),
  });
}
