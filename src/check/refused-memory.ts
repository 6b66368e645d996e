import type { Op } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import { type Finding, formatCall } from './finding.ts';
import { askedCounters } from './judge.ts';
import type { RefusedMemory } from './history-laws.ts';
import { LAW } from './law.ts';
import type { Outcome } from './outcome.ts';
import { Runner } from './runner.ts';
import { freesAfter } from './slots-freed.ts';
import type { AllocatorTarget, MakeTarget } from './target.ts';

const NONE_REFUSED: RefusedMemory = { first: 0, count: 0 };
/** Requests of a program that are refused one by one, at the most. */
const REQUESTS_MAX = 24;
/** A program that takes more of the memory than this may be refused something the second time, by where blocks lie. */
const PART_MAX = 1 / 4;

/**
 * Runs a program with the target's k-th request for memory refused, for each k: that one alone, and that one with all
 * that come after it, until no request is left to refuse. All laws are asked on the way. Then memory is granted again,
 * all is freed, and the program is done once more on the same heap: what is granted there when nothing was refused before
 * must be granted now.
 */
export class RefusedMemoryWalk {
  readonly #runner: Runner;
  readonly #asked: Float64Array;
  /** What became of each op of the run that is under way. */
  #outcomes: Outcome['kind'][] = [];
  /** The largest footprint in the run that is under way. */
  #peak = 0;
  /** How many requests were refused in the run that is over. */
  #refusedCount = 0;

  constructor(
    makeTarget: MakeTarget,
    options: { readonly asked?: Float64Array; readonly checkEvery?: number } = {},
  ) {
    const { asked = askedCounters(), checkEvery = 256 } = options;
    this.#asked = asked;
    this.#runner = new Runner(makeTarget, {
      checkEvery,
      observe: (_op, { kind }) => {
        this.#outcomes.push(kind);
      },
    });
  }

  run(program: Program): Finding | undefined {
    const unrefused = this.#runTwice(program, NONE_REFUSED);
    if (unrefused !== undefined) return unrefused;
    const before = this.#isRoomy ? this.#secondTime(program) : [];
    for (let first = 0; first < REQUESTS_MAX; first += 1) {
      for (const count of [1, Infinity]) {
        const refused = { first, count };
        const finding = this.#runTwice(program, refused);
        if (this.#refusedCount === 0) return undefined;
        const verdict = this.#ask(refused, finding ?? this.#lost(program, before));
        if (verdict !== undefined) return { ...verdict, step: program.length, op: 'end' };
      }
    }
    return undefined;
  }

  /** Does the program with some requests refused, and then once more, on the same heap, with none. */
  #runTwice(program: Program, refused: RefusedMemory): Finding | undefined {
    this.#outcomes = [];
    this.#peak = 0;
    return this.#runner.run(this.#twice(program, refused));
  }

  *#twice(program: Program, { count, first }: RefusedMemory): Generator<Op> {
    const target = this.#runner.target as AllocatorTarget;
    const refusals = target.refusals!;
    refusals.refuse(first, count);
    try {
      for (const op of program) {
        yield op;
        this.#peak = Math.max(this.#peak, target.footprint?.() ?? 0);
      }
    } finally {
      // A finding ends the run here, too.
      this.#refusedCount = refusals.refusedCount;
      refusals.refuse(0, 0);
    }
    yield* freesAfter(program);
    yield* program;
  }

  /** What became of the ops of a program when it was done the second time. */
  #secondTime(program: Program): readonly Outcome['kind'][] {
    return this.#outcomes.slice(-program.length);
  }

  /** What the second time was refused now, and was not before. */
  #lost(
    program: Program,
    before: readonly Outcome['kind'][],
  ): Pick<Finding, 'law' | 'observed'> | undefined {
    const now = this.#secondTime(program);
    // What stopped on purpose did not do the program a second time.
    if (this.#outcomes.includes('aborted')) return undefined;
    const step = before.findIndex((kind, at) => kind === 'granted' && now[at] === 'refused');
    if (step < 0) return undefined;
    const observed = `${formatCall(program[step]!)} was refused`;
    return { law: 'once there was memory again', observed };
  }

  /** Whether the run that is over took so little that its requests can all be granted wherever blocks lie. */
  get #isRoomy(): boolean {
    const { bounds } = this.#runner.target as AllocatorTarget;
    return bounds === undefined || this.#peak <= (bounds.end - bounds.start) * PART_MAX;
  }

  #ask(
    refused: RefusedMemory,
    broken: Pick<Finding, 'law' | 'observed'> | undefined,
  ): Pick<Finding, 'law' | 'target' | 'observed' | 'expected'> | undefined {
    const law = LAW.refusedMemoryIsSurvived;
    this.#asked[law.index]! += 1;
    const verdict = law.check(refused, broken);
    return verdict && { law: law.name, target: this.#runner.target.name, ...verdict };
  }
}
