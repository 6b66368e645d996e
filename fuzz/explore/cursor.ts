import { AllocatorDriver } from '../../src/check/allocator-driver.ts';
import { askedCounters, type Verdict } from '../../src/check/judge.ts';
import { LAWS } from '../../src/check/law.ts';
import { noCounts } from '../../src/check/run-counts.ts';
import type { ShadowState } from '../../src/check/shadow.ts';
import type { AllocatorTarget, MakeAllocatorTarget } from '../../src/check/target.ts';
import type { Op } from '../../src/program/op.ts';
import type { Slots } from './alphabet.ts';

/** A state on the way to where the cursor is. */
interface Stop {
  readonly state: number;
  /** What led to it; none led to the root. */
  readonly op: Op | undefined;
  readonly snapshot: unknown;
  readonly shadow: ShadowState;
  readonly slots: Slots;
}

/**
 * A target and its judge, moved from state to state of a search. It keeps a snapshot of each state on its way from the
 * root, and comes back to one by the snapshot; where the target has none, by running the way again.
 */
export class Cursor {
  readonly counts = noCounts();
  readonly asked: Float64Array;
  readonly invariantsAsked: Map<string, number>;
  readonly #makeTarget: MakeAllocatorTarget;
  #target: AllocatorTarget;
  #driver: AllocatorDriver;
  #way: Stop[];
  /** Ops that were sent since the last stop. */
  #sent: Op[] = [];

  /** @param asked How often each law was asked so far, by `Law.index`. */
  constructor(
    makeTarget: MakeAllocatorTarget,
    asked = askedCounters(),
    invariantsAsked = new Map<string, number>(),
  ) {
    this.asked = asked;
    this.invariantsAsked = invariantsAsked;
    this.#makeTarget = makeTarget;
    this.#target = makeTarget();
    this.#driver = this.#driverOf(this.#target);
    this.#way = [this.#stop(0, undefined)];
  }

  get target(): AllocatorTarget {
    return this.#target;
  }

  get driver(): AllocatorDriver {
    return this.#driver;
  }

  /** The state that the cursor is at, or has left by the ops that were sent since. */
  get state(): number {
    return this.#way.at(-1)!.state;
  }

  /** What that state lets one do. */
  get slots(): Slots {
    return this.#way.at(-1)!.slots;
  }

  /** The ops from a fresh heap to here. */
  get program(): readonly Op[] {
    const ops = this.#way.flatMap(({ op }) => (op === undefined ? [] : [op]));
    return [...ops, ...this.#sent];
  }

  /** How often each law and invariant was asked, by name. */
  get askedByName(): ReadonlyMap<string, number> {
    const laws = LAWS.map((law): [string, number] => [law.name, this.asked[law.index]!]);
    return new Map([...laws, ...this.invariantsAsked]);
  }

  /**
   * Goes to a state.
   *
   * @param way The states on the way there from the root, which is left out.
   * @param opOf The op that leads to a state of it, given what the one before lets one do.
   * @returns What a target breaks that did not break it the first time.
   */
  goTo(way: readonly number[], opOf: (state: number, slots: Slots) => Op): Verdict | undefined {
    let shared = 1;
    while (shared <= way.length && this.#way[shared]?.state === way[shared - 1]) shared += 1;
    const isThere = this.#way.length === shared;
    this.#way.length = shared;
    const broken = isThere ? this.back() : this.#comeBack();
    if (broken !== undefined) return broken;
    for (const state of way.slice(shared - 1)) {
      const verdict = this.send(opOf(state, this.slots));
      if (verdict !== undefined) return verdict;
      const [op] = this.#sent;
      this.#sent = [];
      this.#way.push(this.#stop(state, op));
    }
    return undefined;
  }

  /** Sends one op from where the cursor is. */
  send(op: Op): Verdict | undefined {
    this.#sent.push(op);
    return this.#driver.send(op);
  }

  /** Looks at everything; with nothing live, as at the end of a run. */
  inspect(): Verdict | undefined {
    const { shadow } = this.#driver;
    return shadow.liveCount === 0 ? this.finish() : this.#driver.inspect(this.#noteAsked);
  }

  /** Ends the program: frees what is live, and looks at what is left. */
  finish(): Verdict | undefined {
    return this.#driver.finish(this.#noteAsked);
  }

  /** Back to the state that was gone to last. */
  back(): Verdict | undefined {
    return this.#sent.length === 0 ? undefined : this.#comeBack();
  }

  #comeBack(): Verdict | undefined {
    this.#sent = [];
    const { shadow, snapshot } = this.#way.at(-1)!;
    if (this.#target.snapshots !== undefined) {
      this.#target.snapshots.restore(snapshot);
      this.#driver.shadow.restore(shadow);
      return undefined;
    }
    this.#begin();
    for (const { op } of this.#way) {
      const verdict = op === undefined ? undefined : this.#driver.send(op);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #begin(): void {
    if (this.#target.reset === undefined || this.#driver.hasAborted) {
      this.#target = this.#makeTarget();
      this.#driver = this.#driverOf(this.#target);
    } else {
      this.#driver.reset();
    }
  }

  #driverOf(target: AllocatorTarget): AllocatorDriver {
    for (const { name } of target.invariants?.rules ?? []) {
      if (!this.invariantsAsked.has(name)) this.invariantsAsked.set(name, 0);
    }
    const { asked, counts } = this;
    return new AllocatorDriver(target, { asked, counts, isNoted: false, patterns: 'by-place' });
  }

  #stop(state: number, op: Op | undefined): Stop {
    const shadow = this.#driver.shadow.capture();
    const snapshot = this.#target.snapshots?.capture();
    return { state, op, snapshot, shadow, slots: slotsOf(this.#driver, shadow) };
  }

  readonly #noteAsked = (name: string): void => {
    this.invariantsAsked.set(name, this.invariantsAsked.get(name)! + 1);
  };
}

function slotsOf(driver: AllocatorDriver, { blocks: live, freed }: ShadowState): Slots {
  const { shadow } = driver;
  let empty = 0;
  while (live[empty]?.slot === empty) empty += 1;
  const isFree = (address: number): boolean =>
    address >= 0 && shadow.overlapping(address, address + 1) < 0;
  const slots = [...freed.keys()];
  return {
    live,
    empty,
    freed: slots.filter((slot) => isFree(freed[slot]!)),
    writable: slots.filter((slot) => driver.freedByteAt(slot, 0) >= 0),
  };
}
