import { KitBug } from '../base/kit-bug.ts';
import { UsageError } from '../base/usage-error.ts';
import type { Op } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import { AllocatorDriver } from './allocator-driver.ts';
import { crashSite, lawOfCrash } from './crash.ts';
import { type Finding, formatCall } from './finding.ts';
import { HostDied } from './host-died.ts';
import { askedCounters, askInvariants, type Verdict } from './judge.ts';
import { LAW, LAWS } from './law.ts';
import { countGranted, noCounts } from './run-counts.ts';
import { isMachine, type MachineTarget, type MakeTarget, type Target } from './target.ts';
import type { Outcome } from './outcome.ts';
import type { TraceStep } from './trace.ts';

/*
 * The runner drives one program through one target, in lockstep with the shadow.
 *
 * Definitions. An op is *sent* when its slots allow it and the target offers and promises what it needs; an op that
 * its slots forbid is *skipped*, one that the target cannot be asked is *not asked*. A *moment* is what the judge is
 * told after a call: what was asked, what was answered.
 *
 * Invariant. Before and after every op the shadow holds exactly the blocks that the target has handed out and not
 * been given back. From the first finding on that can no longer be said, so a run ends with its first finding, and
 * the next run starts on a new target.
 *
 * Shape. A program starts on a fresh heap, its ops run in order (up to one at which the target stops on purpose, as it
 * promises of misuse), then everything live is freed, so that every block's
 * contents are looked at and what is lost on the way shows; last comes the target's `reset`, if it has one: the next
 * program starts on what that leaves, or on a new target. The loop allocates nothing
 * and knows nothing of where programs come from. Laws that look at one block are asked after every op; those that
 * walk everything each `checkEvery` ops and at the end. Who wants the exact step of a finding runs the program again
 * with `checkEvery` 1: the same laws, no second mechanism.
 *
 * What goes wrong otherwise. A crash in the target and a bug in the judge both arrive as exceptions; a broken belief
 * outside of a call (`isCalling`) is ours, so that a bug of ours is not reported as somebody else's. And a reset that was called after a finding
 * carried the damage into the next program, whose finding then did not repeat.
 */

/** Runs a program on a fresh heap, to its end or to its first finding. */
export type RunProgram = (program: Program) => Finding | undefined;

export interface RunnerOptions {
  /** Walk everything each this many ops; 1 names the exact step. Default 256. */
  readonly checkEvery?: number;
  /** Walk everything after each of so many ops at the beginning of an allocator's program as well. Default 0. */
  readonly checkFirst?: number;
  /** What to keep of a run: nothing, what became of each op, or the target's blocks after each op as well. */
  readonly record?: 'nothing' | 'outcomes' | 'blocks';
  /** Told what became of each op of a program, before the next one is asked for. */
  readonly observe?: (op: Op, outcome: Outcome) => void;
}

const CRASHED: Outcome = { kind: 'crashed' };

/** Runs programs on fresh heaps of one kind of target, one after the other. */
export class Runner {
  readonly counts = noCounts();
  readonly #makeTarget: MakeTarget;
  readonly #checkEvery: number;
  readonly #checkFirst: number;
  readonly #record: 'nothing' | 'outcomes' | 'blocks';
  readonly #observe: ((op: Op, outcome: Outcome) => void) | undefined;
  /** Whether anybody wants to know what became of an op. */
  readonly #isNoted: boolean;
  readonly #lawsAsked = askedCounters();
  readonly #invariantsAsked = new Map<string, number>();
  readonly #eventsBefore = new Map<string, number>();
  #target: Target;
  /** None for a machine, which performs its programs itself. */
  #driver: AllocatorDriver | undefined;
  #isFresh = true;
  /** Whether an op is under way, and not whoever makes the program. */
  #isStepping = false;
  #at: { step: number; op: Op | undefined } = { step: 0, op: undefined };
  #trace: TraceStep[] = [];

  constructor(makeTarget: MakeTarget, options: RunnerOptions = {}) {
    this.#makeTarget = makeTarget;
    this.#record = options.record ?? 'nothing';
    this.#observe = options.observe;
    this.#isNoted = this.#record !== 'nothing' || this.#observe !== undefined;
    this.#target = makeTarget();
    this.#checkEvery = options.checkEvery ?? 256;
    this.#checkFirst = options.checkFirst ?? 0;
    this.#driver = this.#driverOf(this.#target);
  }

  /** The target of the last run, as it was left. */
  get target(): Target {
    return this.#target;
  }

  /** What happened in the last run, if it was to be recorded. */
  get trace(): readonly TraceStep[] {
    return this.#trace;
  }

  /** How often each law and invariant was asked, by name, in the order of the tables. */
  get asked(): ReadonlyMap<string, number> {
    const laws = LAWS.map((law): [string, number] => [law.name, this.#lawsAsked[law.index]!]);
    return new Map([...laws, ...this.#invariantsAsked]);
  }

  /** How often the targets that were run report each of their events, in all. */
  get events(): ReadonlyMap<string, number> {
    const events = new Map(this.#eventsBefore);
    addEvents(events, this.#target);
    return events;
  }

  /** Where the run is, or was when it was stopped from outside: the op's index, and the op; none at the end. */
  get at(): { readonly step: number; readonly op: Op | undefined } {
    return this.#at;
  }

  /** Runs a program on a fresh heap, to its end or to its first finding. */
  run(program: Iterable<Op>): Finding | undefined {
    this.#begin();
    try {
      const driver = this.#driver;
      const target = this.#target;
      const verdict = isMachine(target)
        ? this.#perform(target, program)
        : this.#drive(driver!, program);
      if (verdict !== undefined) return this.#found(verdict);
      if (driver?.hasAborted === true) this.#startOver();
      else this.#reset();
      return undefined;
    } catch (error) {
      return this.#crashed(error);
    }
  }

  /** What was thrown while an op was under way is the target's crash, unless it is a broken belief of ours, or says so itself. */
  #crashed(error: unknown): Finding {
    const { op, step } = this.#at;
    const isOurs = error instanceof KitBug && this.#driver?.isCalling === false;
    if (isOurs || error instanceof UsageError || !this.#isStepping) throw error;
    if (this.#record !== 'nothing' && op !== undefined) {
      if (this.#trace.at(-1)?.step === step) this.#trace.pop();
      this.#trace.push({ op, step, outcome: CRASHED });
    }
    const outside = isMachine(this.#target)
      ? 'beginning or ending'
      : 'freeing what was live, or reset,';
    const call = op === undefined ? outside : formatCall(op);
    if (error instanceof HostDied) return this.#died(call, error);
    const observed = `${call} threw ${describeError(error)}`;
    const verdict = { law: lawOfCrash(op).name, observed, expected: 'an answer' };
    return { ...this.#found(verdict), crash: crashSite(error) };
  }

  /** The process that serves the target is gone: a crash, or a call without end that was ended. */
  #died(call: string, died: HostDied): Finding {
    if (died.isHang) {
      const broken = LAW.answersInTime.check(died.death.limitMs, 'timed out')!;
      return this.#found({ law: LAW.answersInTime.name, ...broken });
    }
    const { op } = this.#at;
    const observed = `${call} ${died.message}`;
    const verdict = { law: lawOfCrash(op).name, observed, expected: 'an answer' };
    return { ...this.#found(verdict), crash: died.site };
  }

  #drive(driver: AllocatorDriver, program: Iterable<Op>): Verdict | undefined {
    const at = this.#at;
    for (const op of program) {
      at.op = op;
      this.#isStepping = true;
      const verdict = this.#step(driver, op, at.step);
      this.#isStepping = false;
      if (verdict !== undefined || driver.hasAborted) return verdict;
      at.step += 1;
    }
    at.op = undefined;
    this.#isStepping = true;
    return driver.finish(this.#noteAsked);
  }

  /** A machine performs its program itself; here only what happens is noted, and its invariants are asked. */
  #perform(machine: MachineTarget, program: Iterable<Op>): Verdict | undefined {
    const at = this.#at;
    let verdict: Verdict | undefined;
    let endedCount = 0;
    const checkEvery = Math.min(this.#checkEvery, machine.checkEvery ?? Infinity);
    const ops = [...program];
    this.#isStepping = true;
    machine.perform(ops, {
      began: (op, step) => {
        at.op = op;
        at.step = step;
      },
      ended: (op, step, outcome) => {
        at.op = op;
        at.step = step;
        endedCount += 1;
        this.counts.ops += 1;
        this.#count(outcome);
        if (this.#isNoted) this.#note(op, outcome);
        if (endedCount % checkEvery === 0) verdict = this.#askMachine(machine);
        return verdict === undefined ? 'go on' : 'stop';
      },
    });
    if (verdict !== undefined) return verdict;
    at.step = endedCount;
    at.op = undefined;
    verdict = this.#askMachine(machine);
    if (verdict !== undefined) return verdict;
    machine.end();
    return this.#askMachine(machine);
  }

  #askMachine(machine: MachineTarget): Verdict | undefined {
    return askInvariants(machine, this.#noteAsked);
  }

  #begin(): void {
    this.counts.programs += 1;
    if (this.#record !== 'nothing') this.#trace = [];
    if (!this.#isFresh) this.#replaceTarget();
    this.#isFresh = false;
    this.#at.step = 0;
    this.#at.op = undefined;
    this.#isStepping = false;
  }

  /** Brings the target back to a fresh heap, if it can, as the last part of a run: what breaks then, this program broke. */
  #reset(): void {
    if (this.#target.reset === undefined) return;
    if (this.#driver === undefined) this.#target.reset();
    else this.#driver.reset();
    this.#isFresh = true;
  }

  #replaceTarget(): void {
    addEvents(this.#eventsBefore, this.#target);
    this.#target = this.#makeTarget();
    this.#driver = this.#driverOf(this.#target);
  }

  #driverOf(target: Target): AllocatorDriver | undefined {
    for (const { name } of target.invariants?.rules ?? []) {
      if (!this.#invariantsAsked.has(name)) this.#invariantsAsked.set(name, 0);
    }
    if (isMachine(target)) return undefined;
    const [counts, asked] = [this.counts, this.#lawsAsked];
    return new AllocatorDriver(target, { counts, asked, isNoted: this.#isNoted });
  }

  /** Whether the target's programs are of several threads. */
  get #isSchedule(): boolean {
    return isMachine(this.#target) && this.#target.performs === 'thread-ops';
  }

  #found(verdict: Verdict): Finding {
    const { step, op } = this.#at;
    const finding = {
      ...verdict,
      target: this.#target.name,
      step,
      op: this.#isSchedule ? ('schedule' as const) : (op?.kind ?? ('end' as const)),
    };
    this.#startOver();
    return finding;
  }

  /** Goes on with a new target. */
  #startOver(): void {
    this.#replaceTarget();
    this.#isFresh = true;
  }

  #step(driver: AllocatorDriver, op: Op, step: number): Verdict | undefined {
    this.counts.ops += 1;
    const verdict = driver.send(op);
    if (this.#isNoted) this.#note(op, driver.outcome);
    if (driver.hasAborted) return verdict;
    const isDue = step < this.#checkFirst || (step + 1) % this.#checkEvery === 0;
    return verdict ?? (isDue ? driver.inspect(this.#noteAsked) : undefined);
  }

  #count(outcome: Outcome): void {
    const { kind } = outcome;
    if (kind === 'skipped') this.counts.skipped += 1;
    else if (kind === 'not asked') this.counts.notAsked += 1;
    else if (kind === 'refused') this.counts.refused += 1;
    else if (kind === 'freed') this.counts.freed += 1;
    else if (kind === 'granted') countGranted(this.counts, outcome.size);
  }

  readonly #noteAsked = (name: string): void => {
    this.#invariantsAsked.set(name, this.#invariantsAsked.get(name)! + 1);
  };

  #note(op: Op, outcome: Outcome): void {
    this.#observe?.(op, outcome);
    if (this.#record === 'nothing') return;
    const target = this.#target;
    const isWalked = this.#record === 'blocks' && outcome.kind !== 'aborted';
    const blocks = isWalked && !isMachine(target) ? target.walk?.() : undefined;
    this.#trace.push({ op, step: this.#at.step, outcome, blocks: blocks && [...blocks] });
  }
}

function addEvents(events: Map<string, number>, target: Target): void {
  for (const [name, count] of Object.entries(target.events?.() ?? {})) {
    events.set(name, (events.get(name) ?? 0) + count);
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message.split('\n')[0]}`;
}
