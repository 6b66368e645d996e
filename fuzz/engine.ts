import { fold, Prng } from '../src/base/prng.ts';
import type { Finding } from '../src/check/finding.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import type { DrawProgram } from './draw-program.ts';
import { drawProgramFor } from './generator.ts';
import type { EnginePart } from './parts.ts';

/*
 * The fuzzer's engine: where its programs come from.
 *
 * Definitions. A campaign is the sequence of programs that a seed gives: program number i is drawn from a generator
 * that is seeded with the campaign's seed and i, so it can be drawn again without the ones before it.
 *
 * Invariant. What program number i is depends on the seed, i, `opsMax` and the kinds of op that the target offers, and
 * on nothing that happened before: a finding replays by its program alone, and a campaign that was stopped can be
 * continued, or shared between cores, by numbers.
 *
 * Shape. The engine draws and runs; it does not confirm, shrink or store. It stops at each finding, since the caller
 * decides what becomes of it, and can be told to go on. The runner does not walk the heap after every op here: who
 * gets a finding runs its program again with everything checked.
 *
 * What goes wrong otherwise. One stream of random numbers through all programs ties each to how often the ones before
 * it drew: a change in one kind of op changes every later program, and nothing can be skipped.
 */

export interface EngineOptions {
  /** 32 bits. */
  readonly seed: number;
  /** Ops of the longest program. Default 64. */
  readonly opsMax?: number;
  /** Number of the first program. Default 0. */
  readonly first?: number;
  /** Parts that are left out, to see what each is worth. Default none. */
  readonly without?: ReadonlySet<EnginePart>;
}

/** A program that broke a law, as it was drawn: not confirmed, not shrunk. */
export interface RawFinding {
  readonly number: number;
  readonly program: Program;
  readonly finding: Finding;
}

/** Draws and runs the programs of a campaign, one after the other. */
export class Engine {
  readonly runner: Runner;
  readonly #seed: number;
  readonly #opsMax: number;
  readonly #draw: DrawProgram;
  #next: number;
  #program: Program = [];

  constructor(makeTarget: MakeTarget, options: EngineOptions) {
    this.runner = new Runner(makeTarget);
    this.#seed = options.seed;
    this.#opsMax = options.opsMax ?? 64;
    this.#draw = drawProgramFor(this.runner.target, options.without);
    this.#next = options.first ?? 0;
  }

  /** Number of the program that comes next. */
  get next(): number {
    return this.#next;
  }

  /** The program that was run last, or is being run. */
  get program(): Program {
    return this.#program;
  }

  /** Runs up to `count` programs. @returns The first finding, after which it can be called again to go on. */
  run(count: number): RawFinding | undefined {
    const end = this.#next + count;
    while (this.#next < end) {
      const number = this.#next;
      this.#next += 1;
      this.#program = programOf(this.#seed, number, this.#draw, this.#opsMax);
      const finding = this.runner.run(this.#program);
      if (finding !== undefined) return { number, program: this.#program, finding };
    }
    return undefined;
  }
}

/** Program number `number` of a campaign. */
export function programOf(
  seed: number,
  number: number,
  draw: DrawProgram,
  opsMax: number,
): Program {
  return draw(new Prng(fold(`${seed} ${number}`)), opsMax);
}
