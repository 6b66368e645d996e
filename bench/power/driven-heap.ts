import { AllocatorDriver } from '../../src/check/allocator-driver.ts';
import { askedCounters, type Verdict } from '../../src/check/judge.ts';
import type { Outcome } from '../../src/check/outcome.ts';
import { noCounts } from '../../src/check/run-counts.ts';
import type { AllocatorTarget, MakeTarget } from '../../src/check/target.ts';
import type { BlockOp } from '../../src/program/op.ts';

/** A fresh heap that ops are sent to one by one: what breaks a law is thrown, as fast-check wants it. */
export class DrivenHeap {
  readonly target: AllocatorTarget;
  readonly #driver: AllocatorDriver;
  #sentCount = 0;

  constructor(target: AllocatorTarget) {
    this.target = target;
    this.#driver = new AllocatorDriver(target, {
      counts: noCounts(),
      asked: askedCounters(),
      isNoted: true,
    });
  }

  /** Ops that were sent to this heap. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Sends an op. @returns What became of it. */
  send(op: BlockOp): Outcome {
    this.#sentCount += 1;
    demand(this.#driver.send(op));
    return this.#driver.outcome;
  }

  /** Looks at everything. */
  inspect(): void {
    demand(this.#driver.inspect(() => undefined));
  }

  /** Frees what is live, and looks at everything. */
  finish(): void {
    demand(this.#driver.finish(() => undefined));
  }

  /** A fresh heap to go on with: this one after its reset, or another where it has none. */
  next(makeTarget: MakeTarget): DrivenHeap {
    if (this.target.reset === undefined) return new DrivenHeap(makeTarget() as AllocatorTarget);
    this.#driver.reset();
    this.#sentCount = 0;
    return this;
  }
}

function demand(verdict: Verdict | undefined): void {
  if (verdict !== undefined) throw new Error(`${verdict.law}: ${verdict.observed}`);
}
