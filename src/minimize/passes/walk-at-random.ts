import { Prng } from '../../base/prng.ts';
import type { Size } from '../../base/units.ts';
import { isPageOp, needsKernel, type BlockOp, type Op, type Slot } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Shorter programs are all tried; longer ones take too many steps. */
const OPS_MIN = 3;
const OPS_MAX = 24;
/** Programs that are run, an op, and at the most. */
const RUNS_AN_OP = 500;
const RUNS_MAX = 4000;
/** Changes of one step at the most. */
const CHANGES_MAX = 2;
/** In front of a block of such an alignment there is mostly a gap: a second block for nothing. */
const ALIGNMENTS = [32, 64, 1024];
const SEED = 0x5f1e_22d0;

/**
 * Walks from program to program of the same length, each with a few random changes to the one before, and looks whether
 * one of them can spare an op. Where every single step down is barred, what lies a few steps aside often has one: three
 * blocks that have to grow together, or a row of mallocs for which two others would do.
 *
 *     b0 = malloc 24           b0 = aligned 1024 24
 *     b1 = malloc 0       →    b1 = malloc 0
 *     b2 = malloc 24
 *
 * The draws are the same each time, so that what comes of a program depends on nothing else.
 */
export function walkAtRandom(program: Program, attempt: Attempt, shows: Attempt): Program {
  if (program.some((op) => needsKernel(op) || isPageOp(op))) return program;
  if (program.length < OPS_MIN || program.length > OPS_MAX) return program;
  const walk = new Walk(program as readonly BlockOp[], new Prng(SEED));
  const runsMax = Math.min(RUNS_MAX, RUNS_AN_OP * program.length);
  for (let runs = 0; runs < runsMax; runs += 1) {
    const candidate = walk.next();
    if (candidate.length < program.length) {
      if (attempt(candidate)) return candidate;
    } else if (shows(candidate)) {
      walk.current = candidate;
    }
  }
  return program;
}

/** A walk: where it is, and what it draws from. */
class Walk {
  current: readonly BlockOp[];
  readonly #prng: Prng;
  readonly #sizes: readonly Size[];

  constructor(program: readonly BlockOp[], prng: Prng) {
    this.current = program;
    this.#prng = prng;
    this.#sizes = sizesFor(program);
  }

  /** The program at hand with some changes, every other time without one of its ops. */
  next(): readonly BlockOp[] {
    const isShorter = this.#prng.oneIn(2);
    const changesCount = this.#prng.between(isShorter ? 0 : 1, CHANGES_MAX);
    let next = this.current;
    for (let count = 0; count < changesCount; count += 1) next = this.#changed(next);
    return isShorter ? next.toSpliced(this.#prng.below(next.length), 1) : next;
  }

  #changed(program: readonly BlockOp[]): readonly BlockOp[] {
    const index = this.#prng.below(program.length);
    const op = program[index]!;
    switch (this.#prng.below(4)) {
      case 0: {
        // All of one size keep to one size.
        const size = this.#prng.pick(this.#sizes);
        if (!('size' in op)) return program;
        const isForAll = this.#prng.oneIn(2);
        return program.map((other, at) =>
          'size' in other && (at === index || (isForAll && other.size === op.size))
            ? { ...other, size }
            : other,
        );
      }
      case 1:
        // The last op is where the bug shows, at its kind.
        return index === program.length - 1 && !this.#prng.oneIn(4)
          ? program
          : program.with(index, this.#another(op, program));
      case 2: {
        const slot = this.#slotIn(program);
        return op.slot === null || 'source' in op ? program : program.with(index, { ...op, slot });
      }
      default: {
        const rest = program.toSpliced(index, 1);
        return rest.toSpliced(this.#prng.below(program.length), 0, op);
      }
    }
  }

  /** An op of another kind, on the own slot or on another. */
  #another(op: BlockOp, program: readonly BlockOp[]): BlockOp {
    const slot = op.slot ?? 0;
    const size = 'size' in op && this.#prng.oneIn(2) ? op.size : this.#prng.pick(this.#sizes);
    const other = this.#slotIn(program);
    switch (this.#prng.below(5)) {
      case 0:
        return { kind: 'malloc', slot, size };
      case 1:
        return { kind: 'aligned', slot, alignment: this.#prng.pick(ALIGNMENTS), size };
      case 2:
        return { kind: 'realloc', slot, source: slot, size };
      case 3:
        return { kind: 'realloc', slot: other, source: other, size };
      default:
        return { kind: 'free', slot: other };
    }
  }

  /** A slot of the program, or the next one. */
  #slotIn(program: readonly BlockOp[]): Slot {
    const slots = program.map((op) => op.slot ?? 0);
    return this.#prng.pick([...slots, Math.max(...slots) + 1]);
  }
}

/** The sizes of a program, none, what two of them are together, and sizes right behind a power of two. */
function sizesFor(program: readonly Op[]): readonly Size[] {
  const own = program.flatMap((op) => ('size' in op ? [Number(op.size)] : []));
  const sums = own.slice(1).map((size, index) => size + own[index]!);
  const powers = Array.from({ length: 14 }, (_, exponent) => 2 ** (exponent + 5) + 1);
  return [...new Set([0, ...own, ...own, ...sums, ...powers])];
}
