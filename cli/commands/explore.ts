import { resolve } from 'node:path';
import { UsageError } from '../../src/base/usage-error.ts';
import { HISTORIES } from '../../src/check/histories.ts';
import { LAW } from '../../src/check/law.ts';
import {
  isMachine,
  type AllocatorTarget,
  type MakeAllocatorTarget,
} from '../../src/check/target.ts';
import { EXPLORED_KINDS, Explorer, type ExploredKind, offeredKinds } from '../../fuzz/index.ts';
import { askedDocument, type Asked, sayAsked } from '../asked-tables.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type CampaignEnd, ExploreCampaign } from '../explore-campaign.ts';
import { coverageSentence, layerLines } from '../explore-report.ts';
import { findingDocument, type ShownFinding, tellFinding } from '../finding-report.ts';
import { formatMany, formatSeconds, formatShort } from '../format.ts';
import type { Io } from '../io.ts';
import { loadTarget } from '../load-target.ts';
import type { LoadedTarget } from '../loaded-target.ts';
import { openCorpus } from '../open-corpus.ts';
import { refineAndKeep, type Refining } from '../refine-finding.ts';
import { openSession } from '../session.ts';
import { readStateFile, type SearchOf, writeStateFile } from '../state-file.ts';
import { type TargetOptions, targetOptionsOf } from '../target-options.ts';

export interface ExploreCommandOptions extends TargetOptions {
  readonly sizes: readonly number[];
  readonly kinds: readonly ExploredKind[];
  readonly alignment: number;
  readonly maxOps?: number;
  readonly maxTotalTime?: number;
  readonly resume?: string;
  readonly corpus: string;
  readonly timeLimit: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where neither a length nor a time was given. */
const OPS_MAX = 7;

/** `heapcheck explore`: every program of up to so many ops, or as many as the time allows. */
export async function explore(
  io: Io,
  spec: string | undefined,
  options: ExploreCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const target = await loadTarget(spec ?? 'reference', {
    ...targetOptionsOf(options),
    cwd: io.cwd,
  });
  const makeTarget = allocatorOf(target, options.kinds);
  const store = openCorpus(options.corpus, io.cwd);
  const search: Refining = { session, target, store, timeLimitMs: options.timeLimit };
  const { explorer, keep } = openSearch(target.name, makeTarget, { options, cwd: io.cwd });
  const started = io.now();
  const limits = {
    timeLimitMs: options.timeLimit,
    budgetMs: options.maxTotalTime ?? Infinity,
  };
  const campaign = new ExploreCampaign(explorer, makeTarget, limits, () => io.now());
  const { end, found } = await campaign.search(() => {
    session.progress.update(() => progressLine(explorer, io.now() - started));
  });
  session.progress.clear();
  const shown = found && refineAndKeep(search, found);
  if (shown === undefined) keep();
  finish({ search, options, explorer, end, shown, elapsedMs: io.now() - started });
  return shown === undefined ? EXIT.clean : EXIT.finding;
}

/** @throws {UsageError} The target is none that this search is for, or does not offer what it is over. */
function allocatorOf(
  { makeTarget, name }: LoadedTarget,
  kinds: readonly ExploredKind[],
): MakeAllocatorTarget {
  const target = makeTarget();
  if (isMachine(target))
    throw new UsageError(
      `explore: ${name} performs programs of ${target.performs === 'page-ops' ? 'pages' : 'threads'}, and this search is over blocks; pass an allocator, such as reference.`,
    );
  const offered = offeredKinds(target);
  const missing = kinds.find((kind) => !offered.includes(kind));
  if (missing !== undefined)
    throw new UsageError(
      `--kinds: ${name} does not offer ${missing}; pass some of ${EXPLORED_KINDS.filter((kind) => offered.includes(kind)).join(', ')}.`,
    );
  return makeTarget as () => AllocatorTarget;
}

/** A search, begun or gone on with, and what keeps it for later where that was asked for. */
function openSearch(
  name: string,
  makeTarget: MakeAllocatorTarget,
  { options, cwd }: { readonly options: ExploreCommandOptions; readonly cwd: string },
): { readonly explorer: Explorer; readonly keep: () => void } {
  const { alignment, kinds, resume, sizes } = options;
  const opsMax = options.maxOps ?? (options.maxTotalTime === undefined ? OPS_MAX : undefined);
  const exploring = { kinds, sizes, alignment, opsMax };
  if (resume === undefined)
    return { explorer: new Explorer(makeTarget, exploring), keep: () => undefined };
  const of: SearchOf = { target: name, kinds, sizes, alignment };
  const file = resolve(cwd, resume);
  const progress = readStateFile(file, of);
  const lengthDone = (progress?.layerStarts.length ?? 0) - 2;
  if (opsMax !== undefined && lengthDone >= opsMax)
    throw new UsageError(
      `--resume: ${resume} has all programs of up to ${formatMany(lengthDone, 'op')}; pass more with --max-ops.`,
    );
  const explorer = new Explorer(makeTarget, exploring, progress);
  if (!explorer.agrees())
    throw new UsageError(
      `--resume: ${resume} was written when ${name} came to other states; remove it, and search anew.`,
    );
  return { explorer, keep: () => writeStateFile(file, of, explorer.progress()) };
}

function progressLine(explorer: Explorer, elapsedMs: number): string {
  const { depth, layerPart, statesCount, stepsCount } = explorer;
  const perSecond = (stepsCount / Math.max(1, elapsedMs)) * 1000;
  return `programs of ${formatMany(depth, 'op')}: ${Math.floor(layerPart * 100)} %, ${formatShort(statesCount)} states, ops: ${formatShort(stepsCount)} ops/s: ${formatShort(perSecond)}`;
}

interface Finished {
  readonly search: Refining;
  readonly options: ExploreCommandOptions;
  readonly explorer: Explorer;
  readonly end: CampaignEnd;
  readonly shown: ShownFinding | undefined;
  readonly elapsedMs: number;
}

/** The last lines: what is covered. */
function finish({ search, options, explorer, end, shown, elapsedMs }: Finished): void {
  const { session, target } = search;
  const { output } = session;
  // Every program ran under the watchdog.
  const timed = [LAW.answersInTime.name, explorer.stepsCount] as const;
  const asked: Asked = {
    asked: new Map([...explorer.asked, timed]),
    events: new Map(),
    target: target.makeTarget(),
    leftOut: new Map(HISTORIES.map(({ law }) => [law.name, "asked by 'heapcheck check'"])),
  };
  if (shown !== undefined) tellFinding(search, shown);
  const work = `${formatMany(explorer.stepsCount, 'op')} in ${formatMany(explorer.statesCount, 'state')}, ${formatSeconds(elapsedMs)}`;
  output.say(`\n${target.name}: ${work}${end === 'done' ? '' : `, ${end}`}`);
  for (const line of layerLines(explorer)) output.say(line);
  output.say(`\n${coverageSentence(explorer, options)}`);
  if (shown === undefined) sayAsked(output, asked);
  output.document({
    command: 'explore',
    target: target.name,
    kinds: options.kinds,
    sizes: options.sizes,
    elapsedMs: Math.round(elapsedMs),
    end: explorer.end ?? end,
    opsDone: explorer.depthDone,
    programs: explorer.programsCount,
    programsPerLength: explorer.programsPerLength,
    states: explorer.statesCount,
    steps: explorer.stepsCount,
    merging: explorer.isMerging,
    findings: shown === undefined ? [] : [findingDocument(search, shown)],
    ...askedDocument(asked),
  });
}
