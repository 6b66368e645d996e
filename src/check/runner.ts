import { KitBug, unreachable } from '../base/kit-bug.ts';
import { SIZE_MAX, sizeProduct, type Size } from '../base/units.ts';
import type { Op, Slot } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import { type Finding, formatCall } from './finding.ts';
import { askedCounters, Judge, type Verdict } from './judge.ts';
import { LAW, LAWS } from './law.ts';
import type { MakeTarget, Target } from './target.ts';
import type { Outcome, TraceStep } from './trace.ts';

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
 * Shape. A program starts on a fresh heap (`reset`, or a new target), its ops run in order, then everything live is
 * freed, so that every block's contents are looked at and what is lost on the way shows. The loop allocates nothing
 * and knows nothing of where programs come from. Laws that look at one block are asked after every op; those that
 * walk everything each `checkEvery` ops and at the end. Who wants the exact step of a finding runs the program again
 * with `checkEvery` 1: the same laws, no second mechanism.
 *
 * What goes wrong otherwise. A crash in the target and a bug in the judge both arrive as exceptions; a broken belief
 * outside of a call (`#isCalling`) is ours, so that a bug of ours is not reported as somebody else's. And a reset that was called after a finding
 * carried the damage into the next program, whose finding then did not repeat.
 */

/** Runs a program on a fresh heap, to its end or to its first finding. */
export type RunProgram = (program: Program) => Finding | undefined;

export interface RunnerOptions {
  /** Walk everything each this many ops; 1 names the exact step. Default 256. */
  readonly checkEvery?: number;
  /** What to keep of a run: nothing, what became of each op, or the target's blocks after each op as well. */
  readonly record?: 'nothing' | 'outcomes' | 'blocks';
}

/** How many programs and ops a runner has seen, and what became of them. */
export interface RunCounts {
  programs: number;
  ops: number;
  skipped: number;
  notAsked: number;
  refused: number;
}

const SKIPPED: Outcome = { kind: 'skipped' };
const NOT_ASKED: Outcome = { kind: 'not asked' };
const REFUSED: Outcome = { kind: 'refused' };
const FREED: Outcome = { kind: 'freed' };
const CRASHED: Outcome = { kind: 'crashed' };
const STOPPED: Outcome = { kind: 'stopped' };

/** Runs programs on fresh heaps of one kind of target, one after the other. */
export class Runner {
  readonly counts: RunCounts = { programs: 0, ops: 0, skipped: 0, notAsked: 0, refused: 0 };
  readonly #makeTarget: MakeTarget;
  readonly #checkEvery: number;
  readonly #record: 'nothing' | 'outcomes' | 'blocks';
  readonly #lawsAsked = askedCounters();
  readonly #invariantsAsked = new Map<string, number>();
  readonly #eventsBefore = new Map<string, number>();
  #target: Target;
  #judge: Judge;
  #sizeMax: Size = 0;
  #isFresh = true;
  /** Whether an op is under way, and not whoever makes the program. */
  #isStepping = false;
  /** Whether a call of the target is under way. */
  #isCalling = false;
  #outcome: Outcome = SKIPPED;
  #at: { step: number; op: Op | undefined } = { step: 0, op: undefined };
  #trace: TraceStep[] = [];

  constructor(makeTarget: MakeTarget, options: RunnerOptions = {}) {
    this.#makeTarget = makeTarget;
    this.#checkEvery = options.checkEvery ?? 256;
    this.#record = options.record ?? 'nothing';
    this.#target = makeTarget();
    this.#judge = new Judge(this.#target, this.#lawsAsked);
    this.#adopt(this.#target);
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
    this.#isStepping = false;
    const at = this.#at;
    at.step = 0;
    try {
      for (const op of program) {
        at.op = op;
        this.#isStepping = true;
        const verdict = this.#step(op, at.step);
        this.#isStepping = false;
        if (verdict !== undefined) return this.#found(verdict);
        at.step += 1;
      }
      at.op = undefined;
      this.#isStepping = true;
      const verdict = this.#finish();
      return verdict === undefined ? undefined : this.#found(verdict);
    } catch (error) {
      const isOurs = error instanceof KitBug && !this.#isCalling;
      if (isOurs || !this.#isStepping) throw error;
      this.#outcome = CRASHED;
      if (this.#record !== 'nothing' && at.op !== undefined) {
        if (this.#trace.length > at.step) this.#trace.pop();
        this.#note(at.op);
      }
      const call = at.op === undefined ? 'freeing what was live' : formatCall(at.op);
      const observed = `${call} threw ${describeError(error)}`;
      return this.#found({ law: LAW.callsReturn.name, observed, expected: 'an answer' });
    }
  }

  #begin(): void {
    this.counts.programs += 1;
    if (this.#record !== 'nothing') this.#trace = [];
    if (this.#isFresh) {
      this.#isFresh = false;
    } else if (this.#target.reset === undefined) {
      this.#replaceTarget();
    } else {
      this.#judge.shadow.clear();
      this.#target.reset();
    }
  }

  #replaceTarget(): void {
    addEvents(this.#eventsBefore, this.#target);
    this.#adopt(this.#makeTarget());
  }

  #adopt(target: Target): void {
    this.#target = target;
    this.#judge = new Judge(target, this.#lawsAsked);
    const { sizeMax = Number.MAX_SAFE_INTEGER } = target.promises;
    // Comparing a number with a bigint is slow, and no op has a size above SIZE_MAX.
    this.#sizeMax = sizeMax === SIZE_MAX ? Infinity : sizeMax;
    for (const { name } of target.invariants?.rules ?? []) {
      if (!this.#invariantsAsked.has(name)) this.#invariantsAsked.set(name, 0);
    }
  }

  #found(verdict: Verdict): Finding {
    const { step, op } = this.#at;
    const finding = {
      ...verdict,
      target: this.#target.name,
      step,
      op: op?.kind ?? ('end' as const),
    };
    this.#isCalling = false;
    this.#replaceTarget();
    this.#isFresh = true;
    return finding;
  }

  #step(op: Op, step: number): Verdict | undefined {
    this.counts.ops += 1;
    this.#outcome = STOPPED;
    const verdict = this.#send(op);
    if (this.#record !== 'nothing') this.#note(op);
    if (verdict !== undefined || (step + 1) % this.#checkEvery !== 0) return verdict;
    return this.#inspect();
  }

  /** Sends one op, if it can be sent, and has the answer judged. */
  #send(op: Op): Verdict | undefined {
    switch (op.kind) {
      case 'malloc':
      case 'calloc':
      case 'aligned':
        return this.#allocate(op);
      case 'realloc':
        return op.source === null ? this.#allocate(op) : this.#realloc(op, op.source);
      case 'free':
        return op.slot === null ? this.#freeNull() : this.#free(op.slot);
      case 'double-free':
        return this.#freeAgain(op);
      case 'free-inside':
        return this.#freeInside(op);
      default:
        return unreachable(op);
    }
  }

  /** An op that asks for a block and gives none back. */
  #allocate(op: Request): Verdict | undefined {
    const judge = this.#judge;
    if (judge.shadow.isLive(op.slot)) return this.#pass(SKIPPED);
    if (!this.#isOffered(op)) return this.#pass(NOT_ASKED);
    const before = this.#footprint();
    const answer = this.#request(op, null);
    const size = op.kind === 'calloc' ? sizeProduct(op.count, op.size) : op.size;
    const verdict =
      judge.answered(op, answer) ?? (size === 0 ? judge.zeroSize(op, answer) : undefined);
    if (verdict !== undefined) return verdict;
    if (answer === null) {
      this.#pass(REFUSED);
      return judge.refused(op, before);
    }
    const alignment = op.kind === 'aligned' ? op.alignment : 1;
    const unfit = judge.granted(op, op.slot, size, answer, alignment);
    if (this.#record !== 'nothing')
      this.#outcome = { kind: 'granted', address: answer, size: Number(size) };
    if (unfit !== undefined) return unfit;
    const dirty = op.kind === 'calloc' ? judge.zeroed(op, op.slot) : undefined;
    judge.shadow.fill(op.slot);
    return dirty;
  }

  #realloc(op: Request & { kind: 'realloc' }, source: Slot): Verdict | undefined {
    const judge = this.#judge;
    const { shadow } = judge;
    if (!shadow.isLive(source) || (op.slot !== source && shadow.isLive(op.slot)))
      return this.#pass(SKIPPED);
    if (!this.#isOffered(op)) return this.#pass(NOT_ASKED);
    const damaged = judge.intact(source);
    if (damaged !== undefined) return damaged;
    const before = this.#footprint();
    const answer = this.#request(op, shadow.addressOf(source));
    const crazy = judge.answered(op, answer);
    if (crazy !== undefined) return crazy;
    if (answer === null) return this.#reallocNulled(op, source, before);

    if (this.#record !== 'nothing')
      this.#outcome = { kind: 'granted', address: answer, size: Number(op.size) };
    const verdict = judge.resized(op, op.slot, source, op.size, answer);
    if (verdict === undefined) shadow.fill(op.slot);
    return verdict;
  }

  /** A realloc that returned null: the block was freed, if that was asked, or stays as it was. */
  #reallocNulled(op: Request, source: Slot, footprintBefore: number): Verdict | undefined {
    if (op.size === 0 && this.#target.promises.reallocZero === 'frees') {
      this.#judge.shadow.release(source);
      return this.#pass(FREED);
    }
    this.#pass(REFUSED);
    return this.#judge.refused(op, footprintBefore) ?? this.#judge.intact(source);
  }

  #free(slot: Slot): Verdict | undefined {
    const { shadow } = this.#judge;
    if (!shadow.isLive(slot)) return this.#pass(SKIPPED);
    const damaged = this.#judge.intact(slot);
    if (damaged !== undefined) return damaged;
    const size = shadow.sizeOf(slot);
    const isReturned = this.#judge.isReturned(size);
    const before = isReturned ? this.#footprint() : 0;
    this.#isCalling = true;
    const answer = this.#target.free(shadow.addressOf(slot));
    this.#isCalling = false;
    shadow.release(slot);
    this.#pass(FREED);
    const refused = this.#judge.freed(slot, answer);
    return refused !== undefined || !isReturned
      ? refused
      : this.#judge.returned(slot, size, before);
  }

  #freeNull(): Verdict | undefined {
    const before = this.#footprint();
    this.#isCalling = true;
    this.#target.free(null);
    this.#isCalling = false;
    this.#pass(FREED);
    return this.#judge.freedNull(before);
  }

  /** Frees an address again, unless a live block lies there by now: then it would be a free like any other. */
  #freeAgain(op: Op & { kind: 'double-free' }): Verdict | undefined {
    const { shadow } = this.#judge;
    const address = shadow.freedAddressOf(op.slot);
    if (address < 0 || shadow.overlapping(address, address + 1) >= 0) return this.#pass(SKIPPED);
    return this.#misuse(op, address, this.#target.promises.doubleFree);
  }

  #freeInside(op: Op & { kind: 'free-inside' }): Verdict | undefined {
    const { shadow } = this.#judge;
    if (!shadow.isLive(op.slot) || op.offset >= shadow.sizeOf(op.slot)) return this.#pass(SKIPPED);
    return this.#misuse(
      op,
      shadow.addressOf(op.slot) + op.offset,
      this.#target.promises.freeInside,
    );
  }

  #misuse(op: Op, address: number, promise: 'refused' | undefined): Verdict | undefined {
    if (promise === undefined) return this.#pass(NOT_ASKED);
    this.#isCalling = true;
    const answer = this.#target.free(address);
    this.#isCalling = false;
    this.#pass(FREED);
    return this.#judge.misused(op, answer);
  }

  /** Frees what is live, by rising slot, and looks at what is left. */
  #finish(): Verdict | undefined {
    const { shadow } = this.#judge;
    let verdict = this.#inspect();
    for (let slot = 0; slot < shadow.slotsCount && verdict === undefined; slot += 1) {
      if (shadow.isLive(slot)) verdict = this.#free(slot);
    }
    return verdict ?? this.#recover() ?? this.#inspect();
  }

  #recover(): Verdict | undefined {
    const { recovers } = this.#target.promises;
    if (recovers === undefined) return undefined;
    const before = this.#footprint();
    this.#isCalling = true;
    const answer = this.#target.malloc(recovers);
    const growth = before > 0 ? this.#footprint() - before : 0;
    if (answer !== null) this.#target.free(answer);
    this.#isCalling = false;
    return this.#judge.recovered(recovers, answer, growth);
  }

  #inspect(): Verdict | undefined {
    this.#isCalling = true;
    const verdict = this.#judge.inspect((name) => {
      this.#invariantsAsked.set(name, this.#invariantsAsked.get(name)! + 1);
    });
    this.#isCalling = false;
    return verdict;
  }

  /** Whether the target offers what a request needs, and can express its sizes. */
  #isOffered(op: Request): boolean {
    if (op.size > this.#sizeMax) return false;
    if (op.kind === 'malloc') return true;
    if (op.kind === 'calloc') return this.#target.calloc !== undefined && op.count <= this.#sizeMax;
    if (op.kind === 'aligned') return this.#target.aligned !== undefined;
    const isPlain = op.source === null || op.size !== 0;
    return (
      this.#target.realloc !== undefined &&
      (isPlain || this.#target.promises.reallocZero !== undefined)
    );
  }

  /** Makes the call of a request that is offered. */
  #request(op: Request, source: number | null): number | null {
    this.#isCalling = true;
    const answer = callTarget(this.#target, op, source);
    this.#isCalling = false;
    return answer;
  }

  #footprint(): number {
    return this.#target.footprint === undefined ? 0 : this.#target.footprint();
  }

  /** Notes what became of the op at hand, for the counts and for the trace. */
  #pass(outcome: Outcome): undefined {
    this.#outcome = outcome;
    if (outcome === SKIPPED) this.counts.skipped += 1;
    else if (outcome === NOT_ASKED) this.counts.notAsked += 1;
    else if (outcome === REFUSED) this.counts.refused += 1;
  }

  #note(op: Op): void {
    const blocks =
      this.#record === 'blocks' && this.#outcome !== CRASHED ? this.#target.walk?.() : undefined;
    this.#trace.push({ op, outcome: this.#outcome, blocks: blocks && [...blocks] });
  }
}

/** An op that asks for a block. */
type Request = Extract<Op, { readonly size: Size }>;

function callTarget(target: Target, op: Request, source: number | null): number | null {
  if (op.kind === 'malloc') return target.malloc(op.size);
  if (op.kind === 'calloc') return target.calloc!(op.count, op.size);
  if (op.kind === 'aligned') return target.aligned!(op.alignment, op.size);
  return target.realloc!(source, op.size);
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
