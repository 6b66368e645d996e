import { assert } from '../base/kit-bug.ts';
import { ADDRESS_LIMIT, SIZE_MAX, sizeProduct, type Size } from '../base/units.ts';
import {
  type BlockOp,
  isPageOp,
  isThreadOp,
  type MisusedFreeOp,
  type Op,
  type Slot,
  type WriteFreedOp,
} from '../program/op.ts';
import { isOnPurpose } from './abort.ts';
import { askInvariants, Judge, type Verdict } from './judge.ts';
import { countGranted, type RunCounts } from './run-counts.ts';
import type { Patterns, Shadow } from './shadow.ts';
import { type AllocatorTarget, type MisuseAnswer, misusePromise, type Promises } from './target.ts';
import type { Outcome } from './outcome.ts';

const SKIPPED: Outcome = { kind: 'skipped' };
const NOT_ASKED: Outcome = { kind: 'not asked' };
const REFUSED: Outcome = { kind: 'refused' };
const FREED: Outcome = { kind: 'freed' };
const DONE: Outcome = { kind: 'done' };
const ABORTED: Outcome = { kind: 'aborted' };
const STOPPED: Outcome = { kind: 'stopped' };

/** Blocks that are asked for after a write into free memory. */
const REQUESTS_AFTER_WRITE = 2;

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
  readonly #returnsFrom: number;

  constructor(target: AllocatorTarget, { asked, counts, isNoted, patterns }: DriverOptions) {
    this.#target = target;
    this.#judge = new Judge(target, asked, patterns);
    this.#counts = counts;
    this.#isNoted = isNoted;
    const {
      sizeMax = Number.MAX_SAFE_INTEGER,
      sizesLeftOut,
      returnsFrom = Infinity,
    } = target.promises;
    this.#returnsFrom = returnsFrom;
    this.#sizesLeftOut = sizesLeftOut;
    // Comparing a number with a bigint is slow, and no op has a size above SIZE_MAX.
    this.#sizeMax = sizeMax === SIZE_MAX ? Infinity : sizeMax;
  }

  /** Whether the target stopped on purpose at the last op: it is not to be called any more. */
  get hasAborted(): boolean {
    return this.outcome === ABORTED;
  }

  /** What is known of the target's blocks. */
  get shadow(): Shadow {
    return this.#judge.shadow;
  }

  /**
   * The address `offset` bytes into the block that a slot gave back last; -1 if there was none, it had no such byte, a
   * live block has that by now, or it may be the system's.
   */
  freedByteAt(slot: Slot, offset: number): number {
    const { shadow } = this.#judge;
    const start = shadow.freedAddressOf(slot);
    const size = start < 0 ? 0 : shadow.freedSizeOf(slot);
    const address = start + offset;
    const isGone = size >= this.#returnsFrom || !this.#isInHeap(address);
    if (offset >= size || isGone || shadow.overlapping(address, address + 1) >= 0) return -1;
    return address;
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
      case 'free-foreign':
        return this.#freeForeign(op);
      case 'write-freed':
        return this.#writeFreed(op);
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
    return this.#misusedFree(op, address);
  }

  #freeInside(op: Op & { kind: 'free-inside' }): Verdict | undefined {
    const { shadow } = this.#judge;
    if (!shadow.isLive(op.slot) || op.offset >= shadow.sizeOf(op.slot)) return this.#pass(SKIPPED);
    return this.#misusedFree(op, shadow.addressOf(op.slot) + op.offset);
  }

  #freeForeign(op: Op & { kind: 'free-foreign' }): Verdict | undefined {
    const { bounds } = this.#target;
    if (bounds === undefined) return this.#pass(NOT_ASKED);
    const address = (op.offset < 0 ? bounds.start : bounds.end) + op.offset;
    // Address 0 is null.
    if (address <= 0 || address >= ADDRESS_LIMIT) return this.#pass(SKIPPED);
    return this.#misusedFree(op, address);
  }

  #misusedFree(op: MisusedFreeOp, address: number): Verdict | undefined {
    const promise = misusePromise(this.#target, op.kind);
    if (promise === undefined) return this.#pass(NOT_ASKED);
    const before = this.#footprint();
    const answer = this.#unlessAborted(promise, () => this.#target.free(address) !== false);
    if (answer === 'aborted') return this.#judge.misused(op, promise, { answer, growth: 0 });
    this.#pass(FREED);
    const growth = this.#footprint() - before;
    return this.#judge.misused(op, promise, { answer: answer ? 'accepted' : 'refused', growth });
  }

  /**
   * Changes a byte of a freed block. Then asks for two blocks of its size, the memory itself and what is listed behind
   * it, and gives them back.
   */
  #writeFreed(op: WriteFreedOp): Verdict | undefined {
    const written = this.freedByteAt(op.slot, op.offset);
    if (written < 0) return this.#pass(SKIPPED);
    const promise = misusePromise(this.#target, op.kind);
    if (promise === undefined) return this.#pass(NOT_ASKED);
    const verdict = this.#unlessAborted(promise, () => this.#writeAndAsk(op, promise, written));
    if (verdict === 'aborted') return undefined;
    return verdict ?? this.#pass(DONE);
  }

  #writeAndAsk(op: WriteFreedOp, promise: MisuseAnswer, written: number): Verdict | undefined {
    const target = this.#target;
    const memory = target.memory!;
    const size = this.#judge.shadow.freedSizeOf(op.slot);
    memory.storeByte(written, memory.loadByte(written) ^ 0xff);
    const granted: number[] = [];
    for (let asked = 0; asked < REQUESTS_AFTER_WRITE; asked += 1) {
      const address = target.malloc(size);
      if (address === null) break;
      const [before] = granted;
      const verdict = this.#judge.askedAfterWrite(op, promise, { address, size, written, before });
      if (verdict !== undefined) return verdict;
      granted.push(address);
    }
    for (const address of granted.toReversed()) target.free(address);
    return undefined;
  }

  /** Calls the target, which may stop on purpose where that is promised. */
  #unlessAborted<Answer>(promise: MisuseAnswer, call: () => Answer): Answer | 'aborted' {
    this.isCalling = true;
    try {
      const answer = call();
      this.isCalling = false;
      return answer;
    } catch (error) {
      if (promise !== 'aborted' || !isOnPurpose(error)) throw error;
      this.isCalling = false;
      this.outcome = ABORTED;
      return 'aborted';
    }
  }

  #isInHeap(address: number): boolean {
    const { bounds } = this.#target;
    return bounds === undefined || (bounds.start <= address && address < bounds.end);
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
