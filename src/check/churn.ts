import type { Op } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import type { Finding } from './finding.ts';
import { askedCounters } from './judge.ts';
import { LAW } from './law.ts';
import { Runner } from './runner.ts';
import type { AllocatorTarget, MakeTarget } from './target.ts';
import { freesAfter } from './slots-freed.ts';

/** A search goes deep with each so many programs, whatever is seen: a slow leak takes its first unit of memory late. */
const DEEP_EVERY = 8;
/** A long program is done over so many times all the same. */
const TIMES_MIN = 4;
/** Ops that a program is done over in. */
const OPS = { searching: 2 ** 9, deep: 2 ** 15 } as const;

/**
 * Does programs over and over on one heap, with all freed after each time, and notes the footprint after 1, 2, 4, 8 and
 * so on times, until there were ops enough, or until the memory is full: when more is refused than was the first time. The
 * last three footprints are compared. Growth that has ended by then is no finding: one is growth by as much again, or
 * more, in twice as many times.
 *
 * There are no statistics in it, and no seed: the program alone decides, so it shrinks and replays like any other. A
 * search does most programs over a few times, and goes deep where the footprint was seen to grow after the first time.
 */
export class Churn {
  readonly #runner: Runner;
  readonly #asked: Float64Array;
  readonly #isSearch: boolean;
  #programsCount = 0;
  /** The footprints after 1, 2, 4 … times. */
  #marks: number[] = [];

  constructor(
    makeTarget: MakeTarget,
    options: { readonly asked?: Float64Array; readonly isSearch?: boolean } = {},
  ) {
    this.#runner = new Runner(makeTarget);
    this.#asked = options.asked ?? askedCounters();
    this.#isSearch = options.isSearch ?? false;
  }

  run(program: Program): Finding | undefined {
    if (program.length === 0) return undefined;
    this.#programsCount += 1;
    if (this.#isSearch && this.#programsCount % DEEP_EVERY !== 0) {
      const finding = this.#runner.run(this.#timesOver(program, OPS.searching));
      this.#asked[LAW.churnIsBounded.index]! += 1;
      if (finding !== undefined || this.#marks.at(-1) === this.#marks[0]) return finding;
    }
    return this.#runner.run(this.#timesOver(program, OPS.deep)) ?? this.#growth(program);
  }

  *#timesOver(program: Program, opsCount: number): Generator<Op> {
    const target = this.#runner.target as AllocatorTarget;
    const once = [...program, ...freesAfter(program)];
    this.#marks = [];
    const { counts } = this.#runner;
    const timesMax = Math.max(TIMES_MIN, 2 ** Math.floor(Math.log2(opsCount / once.length)));
    let refusedMax = Infinity;
    for (let times = 1; times <= timesMax; times += 1) {
      const refusedBefore = counts.refused;
      yield* once;
      const refused = counts.refused - refusedBefore;
      if (refused > refusedMax) return;
      if (times === 1) refusedMax = refused;
      if (times === 2 ** this.#marks.length) this.#marks.push(target.footprint!());
    }
  }

  #growth(program: Program): Finding | undefined {
    const law = LAW.churnIsBounded;
    const [first, second, third] = this.#marks.slice(-3);
    if (third === undefined) return undefined;
    this.#asked[law.index]! += 1;
    const broken = law.check(2 ** (this.#marks.length - 3), [first!, second!, third]);
    const target = this.#runner.target.name;
    return broken && { law: law.name, target, step: program.length, op: 'end', ...broken };
  }
}
