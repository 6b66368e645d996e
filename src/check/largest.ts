import type { Op, Slot } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import type { Broken, Finding } from './finding.ts';
import { askedCounters } from './judge.ts';
import { LAW } from './law.ts';
import type { Outcome } from './outcome.ts';
import { Runner } from './runner.ts';
import { freesAfter, slotsEndOf } from './slots-freed.ts';
import type { AllocatorTarget, MakeTarget } from './target.ts';

/**
 * Looks for the largest request that is granted, by bisection, on the heap that a program leaves and again when all is
 * freed; then asks for it once more, for smaller ones and for larger ones. Each block is freed before the next request.
 */
export class Largest {
  readonly #runner: Runner;
  readonly #asked: Float64Array;
  #outcome: Outcome = { kind: 'skipped' };
  /** The answers that break the law. */
  #broken: Broken[] = [];

  constructor(makeTarget: MakeTarget, options: { readonly asked?: Float64Array } = {}) {
    this.#asked = options.asked ?? askedCounters();
    this.#runner = new Runner(makeTarget, {
      observe: (_op, outcome) => {
        this.#outcome = outcome;
      },
    });
  }

  run(program: Program): Finding | undefined {
    this.#broken = [];
    const finding = this.#runner.run(this.#asking(program));
    const [broken] = this.#broken;
    if (finding !== undefined || broken === undefined) return finding;
    const { name } = LAW.largestFits;
    const target = this.#runner.target.name;
    return { law: name, target, step: program.length, op: 'end', ...broken };
  }

  *#asking(program: Program): Generator<Op> {
    const slot = slotsEndOf(program);
    yield* program;
    yield* this.#searched(slot);
    yield* freesAfter(program);
    yield* this.#searched(slot);
  }

  *#searched(slot: Slot): Generator<Op> {
    const target = this.#runner.target as AllocatorTarget;
    const { start, end } = target.bounds!;
    let granted = -1;
    let refused = end - start + 1;
    while (refused - granted > 1) {
      const middle = Math.floor((granted + refused) / 2);
      if ((yield* this.#request(slot, middle)) === 'granted') granted = middle;
      else refused = middle;
    }
    const law = LAW.largestFits;
    for (const size of sizesAround(granted)) {
      const answer = yield* this.#request(slot, size);
      this.#asked[law.index]! += 1;
      const broken = law.check(size, answer, granted);
      if (broken !== undefined) this.#broken.push(broken);
    }
  }

  *#request(slot: Slot, size: number): Generator<Op, 'granted' | 'refused'> {
    yield { kind: 'malloc', slot, size };
    if (this.#outcome.kind !== 'granted') return 'refused';
    yield { kind: 'free', slot };
    return 'granted';
  }
}

/** The largest size itself, some above it, and some below it, as far as there are. */
function sizesAround(largest: number): readonly number[] {
  const below = [1, 2, 8, 16].map((bytes) => largest - bytes);
  const parts = [1 / 2, 5 / 8, 3 / 4, 7 / 8].map((part) => Math.floor(largest * part));
  const above = [1, 2, 16, largest].map((bytes) => largest + bytes);
  return [largest, ...below, ...parts, ...above, largest].filter((size) => size >= 0);
}
