import { assert } from '../base/kit-bug.ts';
import { SIZE_MAX, sizeProduct, type Size } from '../base/units.ts';
import { type BlockOp, isPageOp, isThreadOp, type Op, type Slot } from '../program/op.ts';
import { askInvariants, Judge, type Verdict } from './judge.ts';
import { countGranted, type RunCounts } from './run-counts.ts';
import type { Patterns, Shadow } from './shadow.ts';
import type { AllocatorTarget, Promises } from './target.ts';
import type { Outcome } from './outcome.ts';

const SKIPPED: Outcome = { kind: 'skipped' };
const NOT_ASKED: Outcome = { kind: 'not asked' };
const REFUSED: Outcome = { kind: 'refused' };
const FREED: Outcome = { kind: 'freed' };
const STOPPED: Outcome = { kind: 'stopped' };

/** What a driver needs of the run that it is part of. */
export interface DriverOptions {
  readonly counts: RunCounts;
  /** One counter a law, by `Law.index`. */
  readonly asked: Float64Array;
  /** Whether somebody wants to know outcomes, with addresses. */
  readonly isNoted: boolean;
  readonly patterns?: Patterns;
}

/** Sends ops to one allocator, one by one, in lockstep with the shadow, and has each answer judged. */
export class AllocatorDriver {
  /** What became of the op that was sent last. */
  outcome: Outcome = SKIPPED;
  /** Whether a call of the target is under way. */
  isCalling = false;
  readonly #target: AllocatorTarget;
  readonly #judge: Judge;
  readonly #counts: RunCounts;
  readonly #isNoted: boolean;
  readonly #sizeMax: Size;
  readonly #sizesLeftOut: Promises['sizesLeftOut'];

  constructor(target: AllocatorTarget, { asked, counts, isNoted, patterns }: DriverOptions) {
    this.#target = target;
    this.#judge = new Judge(target, asked, patterns);
    this.#counts = counts;
    this.#isNoted = isNoted;
    const { sizeMax = Number.MAX_SAFE_INTEGER, sizesLeftOut } = target.promises;
    this.#sizesLeftOut = sizesLeftOut;
    // Comparing a number with a bigint is slow, and no op has a size above SIZE_MAX.
    this.#sizeMax = sizeMax === SIZE_MAX ? Infinity : sizeMax;
  }

  /** What is known of the target's blocks. */
  get shadow(): Shadow {
    return this.#judge.shadow;
  }

  /** Brings the target, which has a reset, back to a fresh heap. */
  reset(): void {
    this.isCalling = true;
    this.#target.reset!();
    this.isCalling = false;
    this.#judge.begin();
  }

  /** Sends one op, if it can be sent, and has the answer judged. */
  send(op: Op): Verdict | undefined {
    this.outcome = STOPPED;
    switch (op.kind) {
      case 'malloc':
      case 'calloc':
      case 'aligned':
        return this.#allocate(op);
      case 'realloc':
        return op.source === null ? this.#allocate(op) : this.#realloc(op, op.source);
      case 'free':
        return op.slot === null ? this.#freeNull() : this.#freeOne(op.slot);
      case 'double-free':
        return this.#freeAgain(op);
      case 'free-inside':
        return this.#freeInside(op);
      default:
        assert(isPageOp(op) || isThreadOp(op), 'an op is of a kind that there is');
        return this.#pass(NOT_ASKED);
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
    countGranted(this.#counts, size);
    const unfit = judge.granted(op, op.slot, size, answer, alignment);
    if (this.#isNoted) this.outcome = { kind: 'granted', address: answer, size: Number(size) };
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
    if (op.size === 0 && this.#target.promises.reallocZero === 'frees') {
      const kept = judge.reallocZeroed(op, answer);
      if (kept !== undefined) return kept;
      shadow.release(source);
      return this.#pass(FREED);
    }
    if (answer === null) {
      this.#pass(REFUSED);
      return judge.refused(op, before) ?? judge.intact(source);
    }

    countGranted(this.#counts, op.size);
    if (this.#isNoted) this.outcome = { kind: 'granted', address: answer, size: Number(op.size) };
    const verdict = judge.resized(op, op.slot, source, op.size, answer);
    if (verdict === undefined) shadow.fill(op.slot);
    return verdict;
  }

  /** As `#free`, and counts it: it is an op's, and not the run's end. */
  #freeOne(slot: Slot): Verdict | undefined {
    const verdict = this.#free(slot);
    if (this.outcome === FREED) this.#counts.freed += 1;
    return verdict;
  }

  #free(slot: Slot): Verdict | undefined {
    const { shadow } = this.#judge;
    if (!shadow.isLive(slot)) return this.#pass(SKIPPED);
    const damaged = this.#judge.intact(slot);
    if (damaged !== undefined) return damaged;
    const size = shadow.sizeOf(slot);
    const isReturned = this.#judge.isReturned(size);
    const before = isReturned ? this.#footprint() : 0;
    this.isCalling = true;
    const answer = this.#target.free(shadow.addressOf(slot));
    this.isCalling = false;
    shadow.release(slot);
    this.#pass(FREED);
    const refused = this.#judge.freed(slot, answer);
    return refused !== undefined || !isReturned
      ? refused
      : this.#judge.returned(slot, size, before);
  }

  #freeNull(): Verdict | undefined {
    const before = this.#footprint();
    this.isCalling = true;
    this.#target.free(null);
    this.isCalling = false;
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

  #misuse(op: BlockOp, address: number, promise: 'refused' | undefined): Verdict | undefined {
    if (promise === undefined) return this.#pass(NOT_ASKED);
    this.isCalling = true;
    const answer = this.#target.free(address);
    this.isCalling = false;
    this.#pass(FREED);
    return this.#judge.misused(op, answer);
  }

  /** Frees what is live, by rising slot, and looks at what is left. */
  finish(invariantAsked: (name: string) => void): Verdict | undefined {
    const { shadow } = this.#judge;
    let verdict = this.inspect(invariantAsked);
    for (let slot = 0; slot < shadow.slotsCount && verdict === undefined; slot += 1) {
      if (shadow.isLive(slot)) verdict = this.#free(slot);
    }
    return verdict ?? this.#recover() ?? this.inspect(invariantAsked);
  }

  #recover(): Verdict | undefined {
    const { recovers } = this.#target.promises;
    if (recovers === undefined) return undefined;
    const before = this.#footprint();
    this.isCalling = true;
    const answer = this.#target.malloc(recovers);
    const growth = before > 0 ? this.#footprint() - before : 0;
    if (answer !== null) this.#target.free(answer);
    this.isCalling = false;
    return this.#judge.recovered(recovers, answer, growth);
  }

  /** Looks at every live block, then asks the target's own invariants. */
  inspect(invariantAsked: (name: string) => void): Verdict | undefined {
    this.isCalling = true;
    const verdict = this.#judge.inspect() ?? askInvariants(this.#target, invariantAsked);
    this.isCalling = false;
    return verdict;
  }

  /** Whether the target offers what a request needs, and can express its sizes. */
  #isOffered(op: Request): boolean {
    if (op.size > this.#sizeMax || this.#isLeftOut(op)) return false;
    if (op.kind === 'malloc') return true;
    if (op.kind === 'calloc') return this.#target.calloc !== undefined && op.count <= this.#sizeMax;
    if (op.kind === 'aligned') return this.#target.aligned !== undefined;
    const isPlain = op.source === null || op.size !== 0;
    return (
      this.#target.realloc !== undefined &&
      (isPlain || this.#target.promises.reallocZero !== undefined)
    );
  }

  /** Whether what a request asks for is among the sizes that are not to be asked. */
  #isLeftOut(op: Request): boolean {
    const leftOut = this.#sizesLeftOut;
    if (leftOut === undefined) return false;
    const size = op.kind === 'calloc' ? sizeProduct(op.count, op.size) : op.size;
    return size >= leftOut.min && size <= leftOut.max;
  }

  /** Makes the call of a request that is offered. */
  #request(op: Request, source: number | null): number | null {
    this.isCalling = true;
    const answer = callTarget(this.#target, op, source);
    this.isCalling = false;
    return answer;
  }

  #footprint(): number {
    return this.#target.footprint === undefined ? 0 : this.#target.footprint();
  }

  /** Notes what became of the op at hand, for the counts and for the trace. */
  #pass(outcome: Outcome): undefined {
    this.outcome = outcome;
    if (outcome === SKIPPED) this.#counts.skipped += 1;
    else if (outcome === NOT_ASKED) this.#counts.notAsked += 1;
    else if (outcome === REFUSED) this.#counts.refused += 1;
  }
}

/** An op that asks for a block. */
type Request = Extract<BlockOp, { readonly size: Size }>;

function callTarget(target: AllocatorTarget, op: Request, source: number | null): number | null {
  if (op.kind === 'malloc') return target.malloc(op.size);
  if (op.kind === 'calloc') return target.calloc!(op.count, op.size);
  if (op.kind === 'aligned') return target.aligned!(op.alignment, op.size);
  return target.realloc!(source, op.size);
}
