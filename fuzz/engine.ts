import { fold, Prng } from '../src/base/prng.ts';
import type { Finding } from '../src/check/finding.ts';
import type { Outcome } from '../src/check/outcome.ts';
import { Runner } from '../src/check/runner.ts';
import { isMachine, type MakeTarget } from '../src/check/target.ts';
import type { BlockOp, BlockOpKind, Op } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { BlockDraft, offeredKinds, SHORT_BLOCKS_MAX } from './block-programs.ts';
import { Corpus } from './corpus.ts';
import { type DrawProgram, programLength, SHORT_MAX } from './draw-program.ts';
import { drawProgramFor } from './generator.ts';
import { SizeSweep } from './size-sweep.ts';
import { type Thresholds, thresholdsOf } from './sizes.ts';
import { mutate } from './mutators.ts';
import { Novelty } from './novelty.ts';
import { type EnginePart, NOTHING } from './parts.ts';

/*
 * The fuzzer's engine: where its programs come from.
 *
 * Definitions. A campaign is the sequence of programs that a seed gives. A program is drawn afresh, or it begins as a
 * kept program does, mostly changed a little, and is drawn from there on. A *feature* is something that a run showed; a
 * program is kept for the features that no shorter one shows.
 *
 * Invariant. What program number i is depends on the seed, i, the options and on how the target answered so far, in this
 * program and in those before it: the same seed on the same target is the same campaign, byte for byte, but program i
 * cannot be had without the ones before it. What is found needs none of them: a finding replays by its program alone.
 *
 * Shape. Programs for an allocator are drawn while they run: the next op is chosen when the answer to the last one is
 * known, so that sizes fit the gaps that there are and ops name slots for which they do something. Machines are given
 * whole programs. The engine draws, runs and keeps; it does not confirm, shrink or store. It stops at each finding,
 * since the caller decides what becomes of it, and can be told to go on. The runner does not walk the heap after every
 * op here: who gets a finding runs its program again with everything checked.
 *
 * What goes wrong otherwise. One stream of random numbers through all programs ties each to how often the ones before it
 * drew, and so every program to each change of the code. Features that are too fine keep every program, and what is
 * picked among thousands is as good as drawn. Programs that end where the kept one did find less for their ops: what a
 * kept program is good for is its state, from which to go on. A program that breaks a law is not kept: all that come of
 * it would break the same.
 */

export interface EngineOptions {
  /** 32 bits. */
  readonly seed: number;
  /** Ops of the longest program. Default 128 for an allocator, 64 for a machine, whose ops take longer. */
  readonly opsMax?: number;
  /** Programs that are run first, as they are: what they show is kept, and is not new any more. */
  readonly known?: readonly Program[];
  /** What was seen of a run besides, when it has ended: numbers that name code, for example. */
  readonly watch?: () => Iterable<number>;
  /** Told of each op before it is sent, with its place in the program. */
  readonly beforeOp?: (op: Op, step: number) => void;
  /** Parts that are left out, to see what each is worth. Default none. */
  readonly without?: ReadonlySet<EnginePart>;
}

/** A program that broke a law, as it was drawn: not confirmed, not shrunk. */
export interface RawFinding {
  readonly number: number;
  readonly program: Program;
  readonly finding: Finding;
}

/** Once in so many programs one begins as a kept one does; once in so many of these it begins unchanged. */
const KEPT_ONE_IN = 8;
const UNCHANGED_ONE_IN = 4;
/** Where nothing is known of novelty, one program in so many is kept. */
const ANY_ONE_IN = 20;

/** So many ops go to short programs before a longer one is drawn: most bugs need few ops, and each costs. */
const SHORT_FIRST_OPS = 1000;
/**
 * An allocator is walked after each of a program's first ops, and then each this many: what a walk costs grows with the
 * heap, which is small at first. What is broken shows before the program covers it up, or ends.
 */
const CHECK_EVERY = 8;

/** Where the programs of a machine come from. */
interface WholePrograms {
  readonly draw: DrawProgram;
}

/** What the programs of an allocator are drawn from. */
interface DraftedPrograms {
  readonly kinds: readonly BlockOpKind[];
  readonly thresholds: Thresholds;
  readonly sweep: SizeSweep;
}

/** Draws and runs the programs of a campaign, one after the other, and keeps those that show something new. */
export class Engine {
  readonly corpus = new Corpus();
  readonly #makeTarget: MakeTarget;
  readonly #novelty = new Novelty();
  readonly #opsMax: number;
  readonly #options: EngineOptions;
  readonly #without: ReadonlySet<EnginePart>;
  /** Draws a whole program for a machine, and begins one that is drawn as it runs for an allocator. */
  readonly #source: WholePrograms | DraftedPrograms;
  #runner: Runner;
  /** What draws the program at hand, if it is one for an allocator. */
  #draft: BlockDraft | undefined;
  #next = 0;
  #program: Op[] = [];
  /** Ops of the programs that are over. */
  #opsCount = 0;

  constructor(makeTarget: MakeTarget, options: EngineOptions) {
    this.#makeTarget = makeTarget;
    this.#options = options;
    this.#without = options.without ?? NOTHING;
    const target = makeTarget();
    this.#source = isMachine(target)
      ? { draw: drawProgramFor(target, this.#without) }
      : { kinds: offeredKinds(target), thresholds: thresholdsOf(target), sweep: new SizeSweep() };
    this.#opsMax = options.opsMax ?? (isMachine(target) ? 64 : 128);
    this.#runner = this.#newRunner();
  }

  get runner(): Runner {
    return this.#runner;
  }

  /** Number of the program that comes next. */
  get next(): number {
    return this.#next;
  }

  /** The program that was run last, or is being run, as far as it was drawn. */
  get program(): Program {
    return this.#program;
  }

  /** Runs up to `count` programs. @returns The first finding, after which it can be called again to go on. */
  run(count: number): RawFinding | undefined {
    const end = this.#next + count;
    while (this.#next < end) {
      const number = this.#next;
      this.#next += 1;
      const prng = new Prng(fold(`${this.#options.seed} ${number}`));
      this.#program = [];
      const finding = this.#runner.run(this.#toldOps(this.#ops(prng, number)));
      this.#opsCount += this.#program.length;
      if (finding !== undefined) return { number, program: this.#program, finding };
      this.#keep(prng);
    }
    return undefined;
  }

  /** After a run that was stopped from outside: goes on behind it, on a new runner, with what was kept. */
  abandon(): void {
    this.#runner = this.#newRunner();
  }

  #newRunner(): Runner {
    return new Runner(this.#makeTarget, {
      ...('kinds' in this.#source && { checkEvery: CHECK_EVERY, checkFirst: SHORT_BLOCKS_MAX }),
      observe: (op, outcome) => this.#observe(op, outcome),
    });
  }

  #observe(op: Op, outcome: Outcome): void {
    const isDone = outcome.kind === 'granted' || outcome.kind === 'freed';
    if (isDone) this.#draft?.note(op as BlockOp, outcome.kind);
    this.#novelty.note(op, outcome);
  }

  #keep(prng: Prng): void {
    if (this.#without.has('mutation')) return;
    this.#novelty.end(this.#options.watch?.());
    if (this.#without.has('novelty')) {
      if (prng.oneIn(ANY_ONE_IN)) this.corpus.add(this.#program);
    } else if (this.#novelty.isNew) this.corpus.offer(this.#program, this.#novelty);
  }

  /** As they are, somebody who wants to know being told of each before it is sent. */
  #toldOps(ops: Iterable<Op>): Iterable<Op> {
    const { beforeOp } = this.#options;
    return beforeOp === undefined ? ops : toldOps(ops, beforeOp);
  }

  /** The ops of a program, which goes into `#program` as it is drawn. */
  #ops(prng: Prng, number: number): Iterable<Op> {
    const known = this.#options.known?.[number];
    if (known !== undefined) return this.#whole(known);
    const isFirst = this.#opsCount < SHORT_FIRST_OPS && !this.#without.has('growth');
    const source = this.#source;
    const shortMax = 'kinds' in source ? SHORT_BLOCKS_MAX : SHORT_MAX;
    const opsMax = isFirst ? Math.min(shortMax, this.#opsMax) : this.#opsMax;
    if ('kinds' in source) return this.#drafted(prng, source, opsMax);
    const program = [...this.#start(prng), ...source.draw(prng, opsMax)];
    return this.#whole(program.slice(0, this.#opsMax));
  }

  *#whole(program: Program): Generator<Op> {
    this.#novelty.begin(this.#runner.target);
    this.#draft = undefined;
    this.#program = [...program];
    yield* program;
  }

  *#drafted(prng: Prng, { kinds, ...sizes }: DraftedPrograms, opsMax: number): Generator<Op> {
    this.#novelty.begin(this.#runner.target);
    const start = this.#start(prng);
    const [{ heap }, without, program] = [this.#novelty, this.#without, this.#program];
    const length = programLength(prng, { opsMax, shortMax: SHORT_BLOCKS_MAX });
    const isShort = length <= SHORT_BLOCKS_MAX;
    const draft = new BlockDraft(prng, kinds, { heap, ...sizes, isShort, without });
    this.#draft = draft;
    for (const op of start) {
      program.push(draft.fitted(op as BlockOp));
      yield program.at(-1)!;
    }
    const end = Math.min(this.#opsMax, start.length + length);
    while (program.length < end) {
      program.push(draft.op());
      yield program.at(-1)!;
    }
  }

  /** How a program begins that is not drawn afresh; none for one that is. */
  #start(prng: Prng): Program {
    if (this.corpus.size === 0 || !prng.oneIn(KEPT_ONE_IN)) return [];
    const program = this.corpus.pick(prng);
    if (prng.oneIn(UNCHANGED_ONE_IN)) return program;
    return mutate(program, { prng, other: this.corpus.pick(prng), opsMax: this.#opsMax });
  }
}

function* toldOps(ops: Iterable<Op>, beforeOp: (op: Op, step: number) => void): Generator<Op> {
  let step = 0;
  for (const op of ops) {
    beforeOp(op, step);
    step += 1;
    yield op;
  }
}

/** Program number `number` of those that a seed draws, each by itself. */
export function programOf(
  seed: number,
  number: number,
  draw: DrawProgram,
  opsMax: number,
): Program {
  return draw(new Prng(fold(`${seed} ${number}`)), opsMax);
}
