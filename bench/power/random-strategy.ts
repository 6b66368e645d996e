import { Prng } from '../../src/base/prng.ts';
import type { AllocatorTarget, MakeTarget } from '../../src/check/target.ts';
import { withinTime } from '../../src/supervise/watchdog.ts';
import { offeredKinds } from '../../fuzz/index.ts';
import type { BlockOp, BlockOpKind } from '../../src/program/op.ts';
import { DrivenHeap } from './driven-heap.ts';
import { HANG_MS, type Search, type Strategy } from './strategy.ts';

const SLOTS = 32;
const SIZE_MAX = 4096;
const ALIGNMENT_EXPONENT_MAX = 8;
/** Ops between two looks at everything: what the runner does as well. */
const OPS_A_BATCH = 256;

/** A loop as one writes it in five minutes: one endless program, everything uniform. Only its oracle is ours. */
export const RANDOM: Strategy = {
  name: 'random',
  says: `a bare loop, one endless program: kinds of op, ${SLOTS} slots, sizes of 0 to ${SIZE_MAX}, all uniform`,
  families: 'allocators',
  isSeeded: true,
  begin: (makeTarget, seed) => new RandomLoop(makeTarget, seed),
};

class RandomLoop implements Search {
  readonly #prng: Prng;
  readonly #kinds: readonly BlockOpKind[];
  readonly #heap: DrivenHeap;

  constructor(makeTarget: MakeTarget, seed: number) {
    const target = makeTarget() as AllocatorTarget;
    this.#prng = new Prng(seed);
    this.#kinds = offeredKinds(target);
    this.#heap = new DrivenHeap(target);
  }

  next(): ReturnType<Search['next']> {
    return withinTime(HANG_MS, () => this.#batch()) ? {} : 'nothing';
  }

  /** @returns Whether an op broke a law, or threw. */
  #batch(): boolean {
    try {
      for (let count = 0; count < OPS_A_BATCH; count += 1) this.#heap.send(this.#draw());
      this.#heap.inspect();
      return false;
    } catch {
      return true;
    }
  }

  #draw(): BlockOp {
    const prng = this.#prng;
    const kind = prng.pick(this.#kinds);
    const slot = prng.below(SLOTS);
    const size = prng.between(0, SIZE_MAX);
    switch (kind) {
      case 'calloc':
        return { kind, slot, count: prng.between(0, 8), size };
      case 'aligned':
        return { kind, slot, alignment: 2 ** prng.between(0, ALIGNMENT_EXPONENT_MAX), size };
      case 'realloc':
        return { kind, slot, source: slot, size };
      case 'free-inside':
      case 'write-freed':
        return { kind, slot, offset: prng.between(1, SIZE_MAX) };
      case 'free-foreign':
        return { kind, slot: null, offset: prng.between(0, SIZE_MAX) };
      case 'malloc':
        return { kind, slot, size };
      default:
        return { kind, slot };
    }
  }
}
