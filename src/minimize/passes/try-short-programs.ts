import type { Size } from '../../base/units.ts';
import type { Op, Slot } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Longest programs that are tried one by one. */
const LENGTH_MAX = 4;
/** Of the sizes at hand, this many are used. */
const SIZES_MAX = 4;
/** An alignment above any default, for programs of up to three ops. */
const ALIGNMENT = 64;

/**
 * Tries all short programs made of the sizes at hand and ending in the same kind of op, shorter ones first: where
 * dropping ops is stuck because the way down leads through another shape, a search of a few thousand programs is not.
 */
export function tryShortPrograms(program: Program, attempt: Attempt): Program {
  const last = program.at(-1);
  if (last === undefined) return program;
  const sizes = sizesAtHand(program);
  for (let length = 1; length <= Math.min(LENGTH_MAX, program.length - 1); length += 1) {
    for (const candidate of programsOf(length, { last, sizes, live: [], next: 0 })) {
      if (attempt(candidate)) return candidate;
    }
  }
  return program;
}

/** What the rest of a program is made of: its last op, its sizes, the slots that hold a block, the next slot. */
interface Rest {
  readonly last: Op;
  readonly sizes: readonly Size[];
  readonly live: readonly Slot[];
  readonly next: Slot;
}

function sizesAtHand(program: Program): readonly Size[] {
  const sizes = program.flatMap((op): readonly Size[] => ('size' in op ? [op.size] : []));
  return [...new Set([0, ...sizes])].slice(0, SIZES_MAX);
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

function* innerOps(length: number, { sizes, live, next }: Rest): Generator<Op> {
  for (const slot of live) yield { kind: 'free', slot };
  for (const size of sizes) {
    yield { kind: 'malloc', slot: next, size };
    if (length < LENGTH_MAX) yield { kind: 'aligned', slot: next, alignment: ALIGNMENT, size };
    for (const slot of live) yield { kind: 'realloc', slot, source: slot, size };
  }
}

/** Ops of the last op's kind on the slots that are of use to it. */
function* lastOps({ last, sizes, live, next }: Rest): Generator<Op> {
  switch (last.kind) {
    case 'malloc':
    case 'aligned':
      for (const size of sizes) yield { ...last, slot: next, size };
      return;
    case 'calloc':
      for (const size of sizes) yield { ...last, slot: next, count: 1, size };
      return;
    case 'realloc':
      for (const slot of live)
        for (const size of sizes) yield { kind: 'realloc', slot, source: slot, size };
      return;
    default:
      for (const slot of live) yield { ...last, slot };
  }
}
