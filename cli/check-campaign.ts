import type * as fc from 'fast-check';
import { LAW } from '../src/check/law.ts';
import type { RunCounts } from '../src/check/run-counts.ts';
import type { Finding } from '../src/check/finding.ts';
import type { Program } from '../src/program/program.ts';
import { seedsFor } from '../src/store/store.ts';
import { hangOf } from '../src/supervise/guarded-run.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { Check, type CheckFinding, type CheckOptions } from '../properties/check.ts';
import type { LawProperty } from '../properties/suites.ts';
import type { ShownFinding } from './finding-report.ts';
import { formatShort } from './format.ts';
import { Interrupted, interruptible } from './interrupt.ts';
import type { KnownFindings } from './known-findings.ts';
import { exactRun, refineAndKeep, type Search } from './refine-finding.ts';

export interface CheckCampaignOptions {
  /** Programs a property. */
  readonly runs?: number;
  readonly opsMax?: number;
  /** Milliseconds after which no further property is begun. */
  readonly budgetMs: number;
  readonly keepGoing: boolean;
  /** Findings that end nothing. */
  readonly known: KnownFindings;
  /** Told each finding as it is made. */
  readonly onFinding?: (shown: ShownFinding) => void;
}

export interface CheckCampaignResult {
  readonly findings: readonly ShownFinding[];
  readonly counts: Readonly<RunCounts>;
  readonly asked: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<string, number>;
  readonly propertiesDone: number;
  readonly propertiesCount: number;
  /** Why the last properties were not checked; `done` when they were, or when a finding was enough. */
  readonly end: 'done' | 'out of time' | 'stopped by Ctrl-C';
}

export interface ReplayResult {
  readonly findings: readonly ShownFinding[];
  /** Programs that were run. */
  readonly count: number;
  readonly end: 'done' | 'stopped by Ctrl-C';
}

/** Runs every stored program that is meant for the target once. What a seed program finds is shrunk and kept. */
export async function replayStored(
  search: Search,
  known: KnownFindings,
  onFinding: (shown: ShownFinding) => void,
): Promise<ReplayResult> {
  const { store, target, timeLimitMs } = search;
  const run = exactRun(target.makeTarget, timeLimitMs);
  const stored = store.findingsOf(target.name);
  const seeds = seedsFor(store, target.makeTarget());
  const findings: ShownFinding[] = [];
  let count = 0;
  try {
    for (const { file, program } of [...stored, ...seeds]) {
      const finding = await interruptible(() => run(program));
      const isStored = count < stored.length;
      count += 1;
      if (finding === undefined || known.cover(finding)) continue;
      const shown = isStored
        ? { finding, program, file }
        : await interruptible(() => refineAndKeep(search, { finding, program }));
      if (known.cover(shown.finding)) continue;
      findings.push(shown);
      onFinding(shown);
    }
    return { findings, count, end: 'done' };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { findings, count, end: 'stopped by Ctrl-C' };
  }
}

/** Checks the properties one by one, under the watchdog. */
export async function runProperties(
  search: Search,
  options: CheckCampaignOptions,
): Promise<CheckCampaignResult> {
  const { io, progress } = search.session;
  const started = io.now();
  const check = new Check(search.target.makeTarget, checkOptions(search, options));
  const guarded = new GuardedCheck(search, check, options.known);
  let end: CheckCampaignResult['end'] = 'done';
  let propertiesDone = 0;
  try {
    for (const property of check.properties) {
      if (io.now() - started > options.budgetMs) {
        end = 'out of time';
        break;
      }
      const found = await interruptible(() => guarded.check(property));
      propertiesDone += 1;
      if (found !== undefined) options.onFinding?.(found);
      if (guarded.isHung || (found !== undefined && !options.keepGoing)) break;
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    end = 'stopped by Ctrl-C';
  }
  progress.clear();
  const result = check.result();
  return {
    ...result,
    findings: guarded.findings,
    // Every program ran under the watchdog.
    asked: new Map(result.asked).set(LAW.answersInTime.name, result.counts.programs),
    propertiesDone,
    propertiesCount: check.properties.length,
    end,
  };
}

function checkOptions(search: Search, options: CheckCampaignOptions): CheckOptions {
  const { progress } = search.session;
  return {
    seed: search.seed,
    store: search.store,
    timeLimitMs: search.timeLimitMs,
    ...(options.runs === undefined ? {} : { runs: options.runs }),
    ...(options.opsMax === undefined ? {} : { opsMax: options.opsMax }),
    onProgress: ({ name, doneCount, totalCount, counts }) => {
      progress.update(
        () => `${doneCount + 1} of ${totalCount}: ${name} (${formatShort(counts.ops)} ops so far)`,
      );
    },
  };
}

/** A check whose programs are stopped when they hang: from then on it can ask nothing more. */
class GuardedCheck {
  readonly findings: ShownFinding[] = [];
  isHung = false;
  readonly #search: Search;
  readonly #check: Check;
  readonly #known: KnownFindings;
  /** The program that is being run, or was last. */
  #program: Program = [];

  constructor(search: Search, check: Check, known: KnownFindings) {
    this.#search = search;
    this.#check = check;
    this.#known = known;
  }

  check(property: LawProperty): ShownFinding | undefined {
    let found: ShownFinding | undefined;
    try {
      const checked = this.#check.check({ ...property, property: this.#watched(property) });
      found = checked && shownFinding(checked);
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      this.isHung = true;
      found = refineAndKeep(this.#search, { finding: this.#hang(), program: this.#program });
    }
    if (found === undefined || this.#known.cover(found.finding)) return undefined;
    if (this.findings.some(({ finding }) => finding === found.finding)) return undefined;
    this.findings.push(found);
    return found;
  }

  /** The property with each of its runs under the watchdog. */
  #watched({ property }: LawProperty): fc.IProperty<[Program]> {
    return {
      isAsync: () => false,
      generate: (random, runId) => property.generate(random, runId),
      shrink: (value) => property.shrink(value),
      runBeforeEach: () => property.runBeforeEach(),
      runAfterEach: () => property.runAfterEach(),
      run: (programs) => {
        this.#program = programs[0];
        return withinTime(this.#search.timeLimitMs, () => property.run(programs));
      },
    };
  }

  #hang(): Finding {
    const { target, timeLimitMs } = this.#search;
    return hangOf({ target: target.name, step: this.#program.length, op: 'end' }, timeLimitMs);
  }
}

function shownFinding({ finding, program, found, file, isReplayed }: CheckFinding): ShownFinding {
  const remark = isReplayed
    ? undefined
    : 'flaky      on a fresh heap this program finds nothing: something outlives the heap, or its reset';
  return { finding, program, found, file, remark };
}
