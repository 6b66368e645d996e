import type { Range } from '../base/range.ts';
import { ADDRESS_LIMIT, type Size } from '../base/units.ts';
import type { MisusedFreeOp, Op, Slot, WriteFreedOp } from '../program/op.ts';
import { type Broken, formatAnswer, formatCall } from './finding.ts';
import { LAW, LAWS, type Law } from './law.ts';
import { type Guards, guardsOf } from './guards.ts';
import type { MisusedFree } from './misuse-laws.ts';
import { firstNonZero } from './payload.ts';
import { type Patterns, Shadow } from './shadow.ts';
import type { AllocatorTarget, MisuseAnswer, Target } from './target.ts';

/** The laws about frees that should not be. */
const MISUSED_FREE_LAWS = {
  'double-free': LAW.doubleFreeKeepsPromise,
  'free-inside': LAW.freeInsideKeepsPromise,
  'free-foreign': LAW.freeForeignKeepsPromise,
} as const;

/** A block that was granted after a write into free memory. */
export interface AskedAfterWrite {
  readonly address: number;
  readonly size: number;
  /** The address of the byte that was changed. */
  readonly written: number;
  /** The address of the block that was granted before this one, and not freed. */
  readonly before: number | undefined;
}

/** A broken law or invariant, before the runner says at which step of which program. */
export interface Verdict extends Broken {
  readonly law: string;
}

/**
 * Asks the laws about one target, moment by moment, against the shadow, and counts how often each was asked.
 *
 * Every method answers the first law that is broken, or undefined. After a broken law the shadow is no longer in step
 * with the target: start over.
 */
export class Judge {
  readonly shadow: Shadow;
  readonly #target: AllocatorTarget;
  readonly #alignment: number;
  readonly #slack: number;
  readonly #returnsFrom: number;
  readonly #guards: Guards | undefined;
  readonly #asked: Float64Array;

  /** @param asked One counter a law, by `Law.index`; shared by the judges of many targets. */
  constructor(target: AllocatorTarget, asked: Float64Array, patterns?: Patterns) {
    this.#target = target;
    this.#alignment = target.promises.alignment ?? 1;
    this.#slack = target.promises.slack ?? Infinity;
    this.#returnsFrom = target.promises.returnsFrom ?? Infinity;
    this.#asked = asked;
    this.#guards = guardsOf(target);
    this.shadow = new Shadow(this.#alignment, target.memory, patterns);
  }

  /** A program begins, on a fresh heap. */
  begin(): void {
    this.shadow.clear();
    this.#guards?.fill();
  }

  /** A request was answered with a block, or with null where that is one of the answers. */
  answered(op: Op, answer: number | null): Verdict | undefined {
    return this.#ask(LAW.callsReturn, LAW.callsReturn.check(op, answer));
  }

  /**
   * A request was granted: the block becomes live in `slot`.
   *
   * @param alignment What the request asked for, in bytes; 1 for the target's own.
   */
  granted(op: Op, slot: Slot, size: Size, address: number, alignment: number): Verdict | undefined {
    return (
      this.#fits(op, size, address, alignment) ??
      this.#claim(op, slot, address, Number(size), alignment) ??
      this.#usableGrows(op, slot)
    );
  }

  /** A realloc was granted: the block of `source` is gone, its contents are owed by the new one. */
  resized(op: Op, slot: Slot, source: Slot, size: Size, address: number): Verdict | undefined {
    const unfit = this.#fits(op, size, address, 1);
    if (unfit !== undefined) return unfit;
    const keptSize = Math.min(this.shadow.sizeOf(source), Number(size));
    const alignment = this.shadow.alignmentOf(source);
    const offset = this.shadow.damageAt(source, address, keptSize);
    this.shadow.release(source);
    const wrong =
      this.#claim(op, slot, address, Number(size), alignment) ??
      this.#usableGrows(op, slot) ??
      this.#keepsAlignment(op, address, alignment);
    if (wrong !== undefined || this.#target.memory === undefined) return wrong;
    return this.#ask(LAW.reallocKeepsPrefix, LAW.reallocKeepsPrefix.check(op, offset, keptSize));
  }

  /** A calloc was granted, and its block has not been written to. */
  zeroed(op: Op, slot: Slot): Verdict | undefined {
    const memory = this.#target.memory;
    if (memory === undefined) return undefined;
    const offset = firstNonZero(memory, this.shadow.addressOf(slot), this.shadow.sizeOf(slot));
    return this.#ask(LAW.callocZeroes, LAW.callocZeroes.check(op, offset));
  }

  /** A request was refused. */
  refused(op: Op, footprintBefore: number): Verdict | undefined {
    if (this.#target.footprint === undefined) return undefined;
    const law = LAW.failedRequestChangesNothing;
    return this.#ask(law, law.check(op, this.#target.footprint(), footprintBefore));
  }

  /**
   * A request of 0 bytes was answered. Null for want of room breaks no promise of a block, so that is asked only of a
   * plain request to a heap with nothing live, below which no memory was refused.
   */
  zeroSize(op: Op, answer: number | null): Verdict | undefined {
    const promise = this.#target.promises.zeroSize ?? 'either';
    const mayLackRoom =
      promise === 'block' &&
      answer === null &&
      (op.kind !== 'malloc' || this.shadow.liveCount > 0 || this.#wasRefusedMemory);
    if (promise === 'either' || mayLackRoom) return undefined;
    return this.#ask(LAW.zeroSizeKeepsPromise, LAW.zeroSizeKeepsPromise.check(op, answer, promise));
  }

  /** A realloc to 0 bytes, of which it is promised that it frees the block, was answered. */
  reallocZeroed(op: Op, answer: number | null): Verdict | undefined {
    const law = LAW.reallocZeroKeepsPromise;
    return this.#ask(law, law.check(op, answer));
  }

  /** A live block is about to be handed back, or its contents are looked at in passing. */
  intact(slot: Slot): Verdict | undefined {
    if (this.#target.memory === undefined) return undefined;
    return this.#ask(
      LAW.contentsSurvive,
      LAW.contentsSurvive.check(slot, this.shadow.damage(slot)),
    );
  }

  /** Whether a block of `size` bytes is owed back to the system when it is freed. */
  isReturned(size: number): boolean {
    return size >= this.#returnsFrom && this.#target.footprint !== undefined;
  }

  /** A block, already released, was freed, and the target answered. */
  freed(slot: Slot, answer: boolean | void): Verdict | undefined {
    return this.#ask(LAW.freeAcceptsItsBlocks, LAW.freeAcceptsItsBlocks.check(slot, answer));
  }

  /** A block that is owed back to the system was freed. */
  returned(slot: Slot, size: number, footprintBefore: number): Verdict | undefined {
    const law = LAW.bigBlocksGoBack;
    return this.#ask(law, law.check(slot, this.#target.footprint!(), footprintBefore, size));
  }

  freedNull(footprintBefore: number): Verdict | undefined {
    if (this.#target.footprint === undefined) return undefined;
    const law = LAW.freeNullDoesNothing;
    return this.#ask(law, law.check(this.#target.footprint(), footprintBefore));
  }

  /** An address that is not to be freed was freed. */
  misused(op: MisusedFreeOp, promise: MisuseAnswer, free: MisusedFree): Verdict | undefined {
    const law = MISUSED_FREE_LAWS[op.kind];
    return this.#ask(law, law.check(op, promise, free));
  }

  /** A byte of free memory was changed, and a block was asked for. */
  askedAfterWrite(
    op: WriteFreedOp,
    promise: MisuseAnswer,
    asked: AskedAfterWrite,
  ): Verdict | undefined {
    const law = LAW.writeFreedKeepsPromise;
    const { address, size, written } = asked;
    const isHandedOut = address <= written && written < address + size;
    return this.#ask(law, law.check(op, promise, { isHandedOut, wrong: this.#unfit(op, asked) }));
  }

  /** Nothing is live, and one block of `size` bytes was asked for. */
  recovered(size: number, answer: number | null, growth: number): Verdict | undefined {
    return this.#ask(LAW.freedSpaceReturns, LAW.freedSpaceReturns.check(size, answer, growth));
  }

  /** Looks at every live block. */
  inspect(): Verdict | undefined {
    // Other calls in between would come before the answers.
    if (this.#target.usableSize === undefined) this.shadow.lookAhead();
    const written = this.#guards === undefined ? undefined : this.#guarded(this.#guards);
    if (written !== undefined) return written;
    for (let slot = 0; slot < this.shadow.slotsCount; slot += 1) {
      if (!this.shadow.isLive(slot)) continue;
      const verdict = this.intact(slot) ?? this.#usableStays(slot);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #guarded(guards: Guards): Verdict | undefined {
    const law = LAW.guardsStayUntouched;
    for (const guard of guards.ranges) {
      const verdict = this.#ask(law, law.check(guards.damage(guard), guard));
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  get #wasRefusedMemory(): boolean {
    const { refusals } = this.#target;
    return refusals !== undefined && refusals.refusedCount > 0;
  }

  #ask(law: Law, broken: Broken | undefined): Verdict | undefined {
    this.#asked[law.index]! += 1;
    return broken === undefined ? undefined : { law: law.name, ...broken };
  }

  /** What can be said of an answer before the block is live. */
  #fits(op: Op, size: Size, address: number, alignment: number): Verdict | undefined {
    const wanted = Math.max(alignment, this.#alignment);
    const { bounds } = this.#target;
    const limit = bounds === undefined ? ADDRESS_LIMIT : bounds.end - bounds.start;
    const impossible = LAW.impossibleRequestIsRefused.check(op, address, size, limit);
    return (
      this.#ask(LAW.impossibleRequestIsRefused, impossible) ??
      (wanted === 1
        ? undefined
        : this.#ask(LAW.mallocAligns, LAW.mallocAligns.check(op, address, wanted))) ??
      this.#inside(op, address, Number(size))
    );
  }

  /** What is wrong with a block that is granted and does not become live. */
  #unfit({ slot }: WriteFreedOp, { address, before, size }: AskedAfterWrite): Broken | undefined {
    const request: Op = { kind: 'malloc', slot, size };
    const unfit = this.answered(request, address) ?? this.#fits(request, size, address, 1);
    if (unfit !== undefined) return unfit;
    const law = LAW.blocksStayApart;
    if (this.shadow.overlapping(address, address + size) >= 0)
      return this.#ask(law, law.check(request, address, size, this.#rival(address, size)));
    if (before === undefined || Math.abs(address - before) >= size) return undefined;
    return {
      observed: `${formatCall(request)} returned ${formatAnswer(address)}, which overlaps the block at ${formatAnswer(before)}`,
      expected: 'a range that no live block uses',
    };
  }

  #keepsAlignment(op: Op, address: number, alignment: number): Verdict | undefined {
    if (alignment === 1 || this.#target.promises.reallocKeepsAlignment === undefined)
      return undefined;
    const law = LAW.reallocKeepsAlignment;
    return this.#ask(law, law.check(op, address, alignment));
  }

  #claim(
    op: Op,
    slot: Slot,
    address: number,
    size: number,
    alignment: number,
  ): Verdict | undefined {
    let extent = size;
    if (this.#target.usableSize !== undefined && size > 0) {
      extent = this.#target.usableSize(address);
      const unfit = this.#covers(op, size, extent) ?? this.#inside(op, address, extent);
      if (unfit !== undefined) return unfit;
    }
    const rival = this.shadow.claim(slot, address, size, extent, alignment)
      ? undefined
      : this.#rival(address, extent);
    return this.#ask(LAW.blocksStayApart, LAW.blocksStayApart.check(op, address, extent, rival));
  }

  #covers(op: Op, size: number, usable: number): Verdict | undefined {
    const covers = LAW.usableSizeCoversRequest;
    const tooSmall = this.#ask(covers, covers.check(op, usable, size));
    const isBound = this.#slack < Infinity && size < this.#returnsFrom;
    if (tooSmall !== undefined || !isBound) return tooSmall;
    return this.#ask(LAW.slackIsBounded, LAW.slackIsBounded.check(op, usable, size, this.#slack));
  }

  /** Compares a new block with each live one; those with an alignment, or of 0 bytes, are left out. */
  #usableGrows(op: Op, slot: Slot): Verdict | undefined {
    const isAsked =
      this.#target.promises.usableGrows !== undefined && this.#target.usableSize !== undefined;
    if (!isAsked || !this.#isPlain(slot)) return undefined;
    const own = { size: this.shadow.sizeOf(slot), usable: this.shadow.extentOf(slot) };
    const law = LAW.usableSizeGrows;
    for (let other = 0; other < this.shadow.slotsCount; other += 1) {
      if (!this.shadow.isLive(other) || !this.#isPlain(other)) continue;
      const [size, usable] = [this.shadow.sizeOf(other), this.shadow.extentOf(other)];
      const isFewer = (size - own.size) * (usable - own.usable) < 0;
      const verdict = this.#ask(
        law,
        law.check(op, own, isFewer ? { slot: other, size, usable } : undefined),
      );
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #isPlain(slot: Slot): boolean {
    return this.shadow.alignmentOf(slot) === 1 && this.shadow.sizeOf(slot) > 0;
  }

  #inside(op: Op, address: number, extent: number): Verdict | undefined {
    const { bounds } = this.#target;
    if (bounds === undefined) return undefined;
    return this.#ask(LAW.blocksStayInside, LAW.blocksStayInside.check(op, address, extent, bounds));
  }

  #rival(address: number, extent: number): Range & { readonly slot: Slot } {
    const slot = this.shadow.overlapping(address, address + Math.max(1, extent));
    const start = this.shadow.addressOf(slot);
    return { slot, start, end: start + Math.max(1, this.shadow.extentOf(slot)) };
  }

  #usableStays(slot: Slot): Verdict | undefined {
    if (this.#target.usableSize === undefined || this.shadow.sizeOf(slot) === 0) return undefined;
    const usable = this.#target.usableSize(this.shadow.addressOf(slot));
    return this.#ask(
      LAW.usableSizeStays,
      LAW.usableSizeStays.check(slot, usable, this.shadow.extentOf(slot)),
    );
  }
}

/**
 * Asks a target's own invariants, all of one reading of its structures.
 *
 * @param invariantAsked Told each one before it is asked.
 */
export function askInvariants(
  { invariants }: Target,
  invariantAsked: (name: string) => void,
): Verdict | undefined {
  const state = invariants?.read();
  for (const invariant of invariants?.rules ?? []) {
    invariantAsked(invariant.name);
    const observed = invariant.check(state);
    if (observed !== undefined) return { law: invariant.name, observed, expected: invariant.says };
  }
  return undefined;
}

/** A counter for each law, all zero. */
export function askedCounters(): Float64Array {
  return new Float64Array(LAWS.length);
}
