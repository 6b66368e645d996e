import type { Size } from '../src/base/units.ts';
import { type AllocatorTarget, isMachine, type MakeTarget } from '../src/check/target.ts';

/** Cases that can be told from outside, of any target. */
interface Cases {
  requestsOfZeroBytes: number;
  requestsRefused: number;
  addressesUsedAgain: number;
  reallocsInPlace: number;
  reallocsMoved: number;
  footprintGrew: number;
  footprintShrank: number;
  bigBelowThreshold: number;
  bigAtThreshold: number;
  bigAboveThreshold: number;
}

/** The target with the interesting cases counted as events, beside the events that it counts itself. */
export function withObservedCases(makeTarget: MakeTarget): MakeTarget {
  return () => {
    const target = makeTarget();
    return isMachine(target) ? target : observe(target);
  };
}

function observe(target: AllocatorTarget): AllocatorTarget {
  const observer = new Observer(target);
  const counting: Partial<AllocatorTarget> = {
    malloc: (size) => observer.answered(size, target.malloc(size)),
    free: (address) => {
      const answer = target.free(address);
      observer.changed();
      return answer;
    },
    ...(target.calloc && {
      calloc: (count, size) =>
        observer.answered(Number(count) * Number(size), target.calloc!(count, size)),
    }),
    ...(target.aligned && {
      aligned: (alignment, size) => observer.answered(size, target.aligned!(alignment, size)),
    }),
    ...(target.realloc && {
      realloc: (address, size) =>
        observer.moved(size, { from: address, to: target.realloc!(address, size) }),
    }),
    ...(target.reset && {
      reset: () => {
        target.reset!();
        observer.begin();
      },
    }),
    events: () => observer.events,
  };
  // Everything else, bounds that grow among them, is the target's own.
  return Object.assign(Object.create(target) as AllocatorTarget, counting);
}

/** Counts the cases of one target. */
class Observer {
  readonly #target: AllocatorTarget;
  readonly #threshold: number | undefined;
  readonly #handedOut = new Set<number>();
  #footprint = 0;
  readonly #cases: Cases = {
    requestsOfZeroBytes: 0,
    requestsRefused: 0,
    addressesUsedAgain: 0,
    reallocsInPlace: 0,
    reallocsMoved: 0,
    footprintGrew: 0,
    footprintShrank: 0,
    bigBelowThreshold: 0,
    bigAtThreshold: 0,
    bigAboveThreshold: 0,
  };

  constructor(target: AllocatorTarget) {
    this.#target = target;
    this.#threshold = target.promises.returnsFrom;
    this.begin();
  }

  /** A fresh heap. */
  begin(): void {
    this.#handedOut.clear();
    this.#footprint = this.#target.footprint?.() ?? 0;
  }

  /** A request for a block, and what came of it. */
  answered(size: Size, address: number | null): number | null {
    if (size === 0) this.#cases.requestsOfZeroBytes += 1;
    if (address === null) this.#cases.requestsRefused += 1;
    else this.#handOut(address);
    this.#noteThreshold(size);
    this.changed();
    return address;
  }

  moved(
    size: Size,
    way: { readonly from: number | null; readonly to: number | null },
  ): number | null {
    if (way.from !== null && way.to !== null) {
      if (way.from === way.to) this.#cases.reallocsInPlace += 1;
      else this.#cases.reallocsMoved += 1;
    }
    return way.from === way.to ? way.to : this.answered(size, way.to);
  }

  /** The footprint may have changed. */
  changed(): void {
    const footprint = this.#target.footprint?.() ?? 0;
    if (footprint > this.#footprint) this.#cases.footprintGrew += 1;
    else if (footprint < this.#footprint) this.#cases.footprintShrank += 1;
    this.#footprint = footprint;
  }

  /** Cases that this target cannot come to are left out. */
  get events(): Readonly<Record<string, number>> {
    const { requestsOfZeroBytes, requestsRefused, addressesUsedAgain, ...rest } = this.#cases;
    const { reallocsInPlace, reallocsMoved, footprintGrew, footprintShrank, ...big } = rest;
    return {
      requestsOfZeroBytes,
      requestsRefused,
      addressesUsedAgain,
      ...(this.#target.realloc && { reallocsInPlace, reallocsMoved }),
      ...(this.#target.footprint && { footprintGrew, footprintShrank }),
      ...(this.#threshold !== undefined && big),
      ...this.#target.events?.(),
    };
  }

  #handOut(address: number): void {
    if (this.#handedOut.has(address)) this.#cases.addressesUsedAgain += 1;
    else this.#handedOut.add(address);
  }

  #noteThreshold(size: Size): void {
    if (this.#threshold === undefined) return;
    const past = Number(size) - this.#threshold;
    if (past === -1) this.#cases.bigBelowThreshold += 1;
    else if (past === 0) this.#cases.bigAtThreshold += 1;
    else if (past === 1) this.#cases.bigAboveThreshold += 1;
  }
}
