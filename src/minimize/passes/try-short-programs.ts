import type { Size } from '../../base/units.ts';
import { type BlockOp, isPageOp, isThreadOp, type Op, type Slot } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Longest programs that are tried one by one. */
const LENGTH_MAX = 3;
/** Of the sizes at hand, this many are used. */
const SIZES_MAX = 4;
/** An alignment above any default. */
const ALIGNMENT = 64;
/** Programs of up to this many ops are also tried with each size near a power of two in one of them. */
const WIDE_LENGTH_MAX = 2;
/** Large ones first: to a small one, a program mostly comes by itself. */
const WIDE_SIZES: readonly Size[] = Array.from(
  { length: 15 },
  (_, index) => 2 ** (17 - index),
).flatMap((power) =>
  Array.from({ length: 16 }, (_, step) => power - 8 * step).filter((size) => size > power / 2),
);
/** Of one op alone these: a single small one is what a larger one shrinks to by itself. */
const SINGLE_SIZES = WIDE_SIZES.filter((size) => size > 2 ** 11);
/** In the longest, the last op is tried with each of these sizes as well, after ops of these sizes, in this order. */
const BEGINNING_SIZES: readonly Size[] = [0, 32];

/**
 * Tries all short programs made of the sizes at hand and ending in the same kind of op, shorter ones first: where
 * dropping ops is stuck because the way down leads through another shape, a search of a thousand programs is not.
 * The shortest are tried with sizes near powers of two besides, at which allocators change their ways; so is the last
 * op of three, after a small block was made and grew, was freed or got a neighbour.
 */
export function tryShortPrograms(program: Program, attempt: Attempt): Program {
  const last = program.at(-1);
  if (last === undefined || isPageOp(last) || isThreadOp(last) || last.thread !== undefined)
    return program;
  for (let length = 1; length <= Math.min(LENGTH_MAX, program.length - 1); length += 1) {
    for (const candidate of shortPrograms(length, last, sizesAtHand(program))) {
      if (attempt(candidate)) return candidate;
    }
  }
  return program;
}

/** All that is tried of one length. */
function* shortPrograms(
  length: number,
  last: BlockOp,
  atHand: readonly Size[],
): Generator<Program> {
  if (length === 1) yield* singleOps(atHand);
  const wide = wideSizes(length, atHand);
  const inner = 'size' in last ? atHand : wide;
  yield* programsOf(length, { last, inner: () => inner, wide, live: [], next: 0 });
  if (length !== LENGTH_MAX || !('size' in last)) return;
  const small = (left: number): readonly Size[] => [BEGINNING_SIZES[LENGTH_MAX - left]!];
  yield* programsOf(length, { last, inner: small, wide: WIDE_SIZES, live: [], next: 0 });
}

/**
 * One op of any kind that asks for a block: what shows in the frees that close a run shows after another kind of op as
 * well, and where it does not, a few runs are lost.
 */
function* singleOps(atHand: readonly Size[]): Generator<Program> {
  for (const size of atHand) {
    yield [{ kind: 'malloc', slot: 0, size }];
    yield [{ kind: 'aligned', slot: 0, alignment: ALIGNMENT, size }];
    yield [{ kind: 'realloc', slot: 0, source: null, size }];
  }
}

function wideSizes(length: number, atHand: readonly Size[]): readonly Size[] {
  if (length === 1) return [...atHand, ...SINGLE_SIZES];
  return length <= WIDE_LENGTH_MAX ? [...atHand, ...WIDE_SIZES] : atHand;
}

/**
 * What the rest of a program is made of: its last op, the sizes before it, by how many ops are left, and in it, live
 * slots, the next slot.
 */
interface Rest {
  readonly last: BlockOp;
  readonly inner: (left: number) => readonly Size[];
  readonly wide: readonly Size[];
  readonly live: readonly Slot[];
  readonly next: Slot;
}

/** The sizes of a program, nothing, and more than any of them, for a block that has to move. */
function sizesAtHand(program: Program): readonly Size[] {
  const sizes = program.flatMap((op): readonly Size[] => ('size' in op ? [op.size] : []));
  const more = 4 * Math.max(...sizes.map(Number), 16);
  return [...new Set([0, ...sizes])].slice(0, SIZES_MAX - 1).concat(more < 2 ** 31 ? more : 0);
}

function* programsOf(length: number, rest: Rest): Generator<Program> {
  if (length === 1) {
    for (const op of lastOps(rest)) yield [op];
    return;
  }
  for (const op of innerOps(length, rest)) {
    const live = op.kind === 'free' ? rest.live.filter((slot) => slot !== op.slot) : rest.live;
    const isNew = op.kind === 'malloc' || op.kind === 'aligned';
    const after = isNew
      ? { ...rest, live: [...live, op.slot], next: rest.next + 1 }
      : { ...rest, live };
    for (const tail of programsOf(length - 1, after)) yield [op, ...tail];
  }
}

function* innerOps(length: number, { inner, live, next }: Rest): Generator<Op> {
  for (const slot of live) yield { kind: 'free', slot };
  for (const size of inner(length)) {
    yield { kind: 'malloc', slot: next, size };
    yield { kind: 'aligned', slot: next, alignment: ALIGNMENT, size };
    for (const slot of live) yield { kind: 'realloc', slot, source: slot, size };
  }
}

/** Ops of the last op's kind on the slots that are of use to it. */
function* lastOps({ last, wide, live, next }: Rest): Generator<Op> {
  switch (last.kind) {
    case 'malloc':
      for (const size of wide) yield { ...last, slot: next, size };
      return;
    case 'aligned':
      for (const alignment of new Set([last.alignment, Math.min(last.alignment, ALIGNMENT)]))
        for (const size of wide) yield { ...last, slot: next, alignment, size };
      return;
    case 'calloc':
      for (const size of wide) yield { ...last, slot: next, count: 1, size };
      return;
    case 'realloc':
      if (live.length === 0)
        for (const size of wide) yield { kind: 'realloc', slot: next, source: null, size };
      for (const slot of live)
        for (const size of wide) yield { kind: 'realloc', slot, source: slot, size };
      return;
    default:
      if (last.slot === null) yield last;
      else for (const slot of live) yield { ...last, slot };
  }
}
