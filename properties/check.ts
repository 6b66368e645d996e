import * as fc from 'fast-check';
import { fold } from '../src/base/prng.ts';
import { type Finding, sameBug } from '../src/check/finding.ts';
import { askedCounters } from '../src/check/judge.ts';
import { firstFinding, HISTORIES, historyJudges } from '../src/check/histories.ts';
import type { RunCounts } from '../src/check/run-counts.ts';
import { Runner, type RunProgram } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { minimize } from '../src/minimize/minimize.ts';
import type { Program } from '../src/program/program.ts';
import { type Found, type ProgramStore, seedsFor } from '../src/store/store.ts';
import { guardedRunFor } from '../src/supervise/guarded-run.ts';
import { BrokenLaw, type LawProperty, propertiesOf } from './suites.ts';

/** Programs a property; all of them together ask some 10^6 ops. */
export const RUNS = 1000;
const TIME_LIMIT_MS = 2000;

export interface CheckOptions {
  /** 32 bits; the same seed checks the same programs. */
  readonly seed: number;
  /** Programs a property. Default `RUNS`. */
  readonly runs?: number;
  /** Ops of a program at the most. Default 150. */
  readonly opsMax?: number;
  /** What a run may take while a finding is confirmed and shrunk, in milliseconds. Default 2000. */
  readonly timeLimitMs?: number;
  /** Where stored programs come from, which run first, and where findings go. */
  readonly store?: ProgramStore;
  /** Told before each property. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

export interface CheckProgress {
  /** The property that comes next. */
  readonly name: string;
  /** Properties that are done, and all of them. */
  readonly doneCount: number;
  readonly totalCount: number;
  readonly counts: Readonly<RunCounts>;
}

/** A finding with the program that shows it. */
export interface CheckFinding {
  readonly finding: Finding;
  readonly program: Program;
  /** Where it comes from; undefined for one that was stored before. */
  readonly found: Found | undefined;
  /** The stored program, if there is a store. */
  readonly file: string | undefined;
  /** False where it took the programs before it as well: nothing that can be shrunk, stored or replayed. */
  readonly isReplayed: boolean;
}

export interface CheckResult {
  readonly findings: readonly CheckFinding[];
  /** How often each law and invariant was asked, by name. */
  readonly asked: ReadonlyMap<string, number>;
  /** Laws and invariants that were not: neither broken nor passed. */
  readonly notAsked: readonly string[];
  readonly counts: Readonly<RunCounts>;
  readonly events: ReadonlyMap<string, number>;
  /** How many stored programs were run. */
  readonly replayed: number;
}

/**
 * Checks a target: stored programs first, and when they find nothing, the properties.
 *
 * @throws {UsageError} A stored program does not parse, or a finding cannot be stored.
 */
export function checkTarget(makeTarget: MakeTarget, options: CheckOptions): CheckResult {
  const check = new Check(makeTarget, options);
  if (check.replay().length === 0) {
    for (const property of check.properties) check.check(property);
  }
  return check.result();
}

/** A check in steps, for callers that do something between two of them. */
export class Check {
  readonly properties: readonly LawProperty[];
  readonly #makeTarget: MakeTarget;
  readonly #options: CheckOptions;
  readonly #runner: Runner;
  /** What is asked outside the runner. */
  readonly #asked = askedCounters();
  readonly #findings: CheckFinding[] = [];
  /** What properties found, each before and after shrinking. */
  readonly #bugs: { readonly known: readonly Finding[]; readonly found: CheckFinding }[] = [];
  #doneCount = 0;
  #replayed = 0;

  constructor(makeTarget: MakeTarget, options: CheckOptions) {
    this.#makeTarget = makeTarget;
    this.#options = options;
    this.#runner = new Runner(makeTarget);
    this.properties = propertiesOf(makeTarget, {
      runner: this.#runner,
      asked: this.#asked,
      ...(options.opsMax === undefined ? {} : { opsMax: options.opsMax }),
    });
  }

  /** Runs what is stored. @returns What it found. */
  replay(): readonly CheckFinding[] {
    const { store } = this.#options;
    const stored = store?.findingsOf(this.#runner.target.name) ?? [];
    for (const { program, file } of stored) {
      const finding = this.#judge(program);
      if (finding === undefined) continue;
      this.#findings.push({ finding, program, file, found: undefined, isReplayed: true });
    }
    const seeds = store === undefined ? [] : seedsFor(store, this.#runner.target);
    for (const { program } of seeds) {
      const finding = this.#judge(program);
      if (finding !== undefined) this.#add(program, finding);
    }
    this.#replayed = stored.length + seeds.length;
    return this.#findings;
  }

  /**
   * Checks one of the properties.
   *
   * @returns What it found; the very finding of an earlier property where it is the same bug.
   */
  check(property: LawProperty): CheckFinding | undefined {
    this.#options.onProgress?.({
      name: property.name,
      doneCount: this.#doneCount,
      totalCount: this.properties.length,
      counts: this.#runner.counts,
    });
    const details = fc.check(property.property, {
      seed: (this.#options.seed ^ fold(property.law)) | 0,
      numRuns: this.#options.runs ?? RUNS,
      endOnFailure: true,
    });
    this.#doneCount += 1;
    if (!details.failed) return undefined;
    const error = details.errorInstance;
    if (!(error instanceof BrokenLaw)) throw error;
    return this.#add(details.counterexample![0], error.finding);
  }

  result(): CheckResult {
    const asked = new Map(this.#runner.asked);
    for (const { law } of HISTORIES) {
      asked.set(law.name, asked.get(law.name)! + this.#asked[law.index]!);
    }
    return {
      findings: this.#findings,
      asked,
      notAsked: [...asked].flatMap(([rule, count]) => (count === 0 ? [rule] : [])),
      counts: this.#runner.counts,
      events: this.#runner.events,
      replayed: this.#replayed,
    };
  }

  /** Runs a program as any law may need it. */
  #judge(program: Program): Finding | undefined {
    const finding = this.#runner.run(program);
    if (finding !== undefined) return finding;
    return firstFinding(historyJudges(this.#makeTarget, { asked: this.#asked }), program);
  }

  /** Confirms a finding on a fresh target, shrinks it and stores it, unless it is known. */
  #add(program: Program, finding: Finding): CheckFinding {
    const known = this.#knownAs(finding);
    if (known !== undefined) return known;
    const run = this.#exactRun(finding.law);
    const exact = run(program);
    const found =
      exact === undefined
        ? this.#unrepeated(program, finding)
        : (this.#knownAs(exact) ?? this.#shrunk(run, program, exact));
    this.#bugs.push({ known: [finding, ...(exact ? [exact] : []), found.finding], found });
    if (!this.#findings.includes(found)) this.#findings.push(found);
    return found;
  }

  #knownAs(finding: Finding): CheckFinding | undefined {
    return this.#bugs.find(({ known }) => known.some((other) => sameBug(other, finding)))?.found;
  }

  #unrepeated(program: Program, finding: Finding): CheckFinding {
    const found = { seed: this.#options.seed, opsCount: program.length, runsCount: 0 };
    return { finding, program, found, file: undefined, isReplayed: false };
  }

  /** What shrinking makes of it, if that holds on a fresh target too: a target's reset may be what is broken. */
  #shrunk(run: RunProgram, program: Program, finding: Finding): CheckFinding {
    const { seed, store } = this.#options;
    const shrunk = minimize(run, program, finding);
    const isReplayed = this.#exactRun(finding.law)(shrunk.program) !== undefined;
    const shown = isReplayed ? shrunk : { program, finding };
    const found = { seed, opsCount: program.length, runsCount: shrunk.runsCount };
    const kept = { finding: shown.finding, program: shown.program, found };
    return { ...kept, file: store?.keep(kept), isReplayed: true };
  }

  /** Runs programs so that a finding of this law shows at its exact step, and stops those that hang. */
  #exactRun(law: string): RunProgram {
    const { timeLimitMs = TIME_LIMIT_MS } = this.#options;
    return guardedRunFor(this.#makeTarget, timeLimitMs, law);
  }
}
