import { formatSeed } from '../../src/base/prng.ts';
import { HISTORIES } from '../../src/check/histories.ts';
import { bugOf } from '../../src/check/finding.ts';
import { isMachine } from '../../src/check/target.ts';
import { healthOf } from '../../fuzz/health.ts';
import { codeFeatures } from '../code-features.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { type Asked, askedDocument, sayAsked } from '../asked-tables.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, type ShownFinding, tellFinding } from '../finding-report.ts';
import { formatMany, formatShort } from '../format.ts';
import { FuzzCampaign, type FuzzOptions } from '../fuzz-campaign.ts';
import { Interrupted, interruptible, InterruptListener } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { JobCampaign } from '../job-campaign.ts';
import { type BaselineOptions, KnownFindings } from '../known-findings.ts';
import { loadTarget } from '../load-target.ts';
import type { LoadedTarget } from '../loaded-target.ts';
import { CoverageRecorder, scriptsOfModule } from '../module-coverage.ts';
import { openCorpus } from '../open-corpus.ts';
import { openFolders, type ProgramFolders } from '../program-folders.ts';
import { refineAndKeep, type Search } from '../refine-finding.ts';
import { announceSeed, openSession } from '../session.ts';
import { type TargetOptions, targetOptionsOf } from '../target-options.ts';

export interface FuzzCommandOptions extends BaselineOptions, TargetOptions {
  readonly seed?: number;
  readonly runs?: number;
  readonly maxTotalTime?: number;
  readonly maxOps?: number;
  readonly keepGoing?: boolean;
  readonly jobs?: number;
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
  folders: readonly string[],
  options: FuzzCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const seed = announceSeed(session, options.seed);
  const recorder = recorderOf(options);
  recorder?.start();
  const target = await loadTarget(spec ?? 'reference', {
    ...targetOptionsOf(options),
    cwd: io.cwd,
  });
  const started = io.now();
  const store = openCorpus(options.corpus, io.cwd);
  const known = new KnownFindings(options, io.cwd);
  const programs = openFolders(folders, target.makeTarget, io.cwd);
  const watch = recorder && watchCode(recorder, target);
  const interrupt = new InterruptListener();
  const campaign = begin(io, { target, seed, options, programs, watch, interrupt });
  const search = { session, target, campaign, seed, store, timeLimitMs: options.timeLimit };
  const findings: ShownFinding[] = [];
  const fuzzing = { ...search, options, findings, known };
  let end: End;
  try {
    end = await collect(fuzzing);
  } finally {
    interrupt.close();
    recorder?.stop();
    await campaign.close();
  }
  const addedCount = programs.add(campaign.kept);
  finish({ ...fuzzing, end, elapsedMs: io.now() - started });
  if (addedCount !== undefined)
    session.output.say(
      `${formatMany(addedCount, 'program')} that showed something new kept in ${folders[0]}`,
    );
  return findings.length === 0 || known.isUpdated ? EXIT.clean : EXIT.finding;
}

/** A campaign in this thread, where one seed gives one campaign, or on several cores. */
function begin(
  io: Io,
  {
    interrupt,
    options,
    programs,
    seed,
    target,
    watch,
  }: Pick<Fuzzing, 'options' | 'seed' | 'target'> & {
    readonly programs: ProgramFolders;
    readonly watch: FuzzOptions['watch'] | undefined;
    readonly interrupt: InterruptListener;
  },
): FuzzCampaign | JobCampaign {
  const fuzzOptions: FuzzOptions = {
    seed,
    runs: options.runs ?? Infinity,
    timeLimitMs: options.timeLimit,
    known: programs.known,
    ...(options.maxOps === undefined ? {} : { opsMax: options.maxOps }),
    ...(watch === undefined ? {} : { watch }),
  };
  const { jobs = 1 } = options;
  if (jobs > 1 || target.native !== undefined)
    return new JobCampaign({ target, cwd: io.cwd }, fuzzOptions, { count: jobs, interrupt });
  return new FuzzCampaign(target.makeTarget, fuzzOptions, {
    now: () => io.now(),
    run: (work) => interrupt.run(work),
  });
}

/** What counts the code that runs, where it is wanted. @throws {UsageError} More than one thread is wanted, too. */
function recorderOf({
  coverage,
  jobs = 1,
}: Pick<FuzzCommandOptions, 'coverage' | 'jobs'>): CoverageRecorder | undefined {
  if (coverage !== true) return undefined;
  if (jobs === 1) return new CoverageRecorder();
  throw new UsageError(
    `--coverage: code is counted in one thread only; leave out --coverage, or --jobs ${jobs}.`,
  );
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
  readonly campaign: FuzzCampaign | JobCampaign;
  readonly known: KnownFindings;
  /** What was found so far. */
  readonly findings: ShownFinding[];
}

type End = 'done' | 'stopped by Ctrl-C';

/** Runs batch after batch; each new finding is confirmed, shrunk, kept and told. */
async function collect(fuzzing: Fuzzing): Promise<End> {
  const { campaign, findings, known, options } = fuzzing;
  const { io, progress } = fuzzing.session;
  const started = io.now();
  const budgetMs = options.maxTotalTime ?? (options.runs === undefined ? BUDGET_MS : Infinity);
  const told = new Set<string>();
  try {
    while (!campaign.isDone && io.now() - started < budgetMs) {
      const raw = await campaign.next();
      progress.update(() => progressLine(campaign, findings.length, io.now() - started));
      if (raw === undefined || told.has(bugOf(raw.finding)) || known.cover(raw.finding)) continue;
      const shown = await interruptible(() => refineAndKeep(fuzzing, raw));
      const isNew = !told.has(bugOf(shown.finding)) && !known.cover(shown.finding);
      told.add(bugOf(raw.finding)).add(bugOf(shown.finding));
      if (!isNew) continue;
      findings.push(shown);
      tellFinding(fuzzing, shown);
      if (options.keepGoing !== true && !known.isUpdated) break;
    }
    return 'done';
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return 'stopped by Ctrl-C';
  } finally {
    progress.clear();
  }
}

function progressLine(
  campaign: Pick<FuzzCampaign, 'opsCount' | 'programsCount'>,
  findingsCount: number,
  elapsedMs: number,
): string {
  const perSecond = (campaign.opsCount / Math.max(1, elapsedMs)) * 1000;
  return `#${campaign.programsCount} pulse ops: ${formatShort(campaign.opsCount)} ops/s: ${formatShort(perSecond)} findings: ${findingsCount}`;
}

/** The last lines: how much was run, and what was asked of it. */
function finish(fuzzing: Fuzzing & { readonly end: End; readonly elapsedMs: number }): void {
  const { target, campaign, findings, known, end, elapsedMs } = fuzzing;
  const { output } = fuzzing.session;
  const { counts, asked, events } = campaign.tally;
  const verdict = `${formatMany(findings.length, 'finding')}${end === 'done' ? '' : `, ${end}`}`;
  const size = `${formatMany(counts.programs, 'program')} (${formatShort(counts.ops)} ops)`;
  output.say(`\nDone ${size} in ${(elapsedMs / 1000).toFixed(1)} seconds: ${verdict}`);
  const made = target.makeTarget();
  const shown: Asked = {
    asked,
    events,
    target: made,
    leftOut: new Map(HISTORIES.map(({ law }) => [law.name, "asked by 'heapcheck check'"])),
  };
  const said = known.end(
    target.name,
    findings.map(({ finding }) => finding),
  );
  if (said !== undefined) output.say(said);
  const health = healthOf({
    counts,
    elapsedMs,
    flakyCount: findings.filter(({ found }) => found === undefined).length,
    isAllocator: !isMachine(made),
  });
  for (const { name, says } of health) output.say(`warning    ${name}: ${says}`);
  // Where the first finding ended the run, the counts would only push it off the screen.
  if (findings.length === 0 || fuzzing.options.keepGoing === true) sayAsked(output, shown);
  output.document({
    command: 'fuzz',
    target: target.name,
    seed: formatSeed(fuzzing.seed),
    elapsedMs: Math.round(elapsedMs),
    end,
    counts,
    health,
    findings: findings.map((each) => findingDocument(fuzzing, each)),
    ...askedDocument(shown),
  });
}
