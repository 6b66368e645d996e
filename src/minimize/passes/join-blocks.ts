import { roundUp } from '../../base/bits.ts';
import { type Size, SIZE_MAX } from '../../base/units.ts';
import { type BlockOp, needsKernel, type Op } from '../../program/op.ts';
import { renameSlots, type Program, slotsOf } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Longer programs have too many pairs: of those, neighbours are joined. */
const OPS_MAX = 24;
/** What an allocator may put in front of a block, and round sizes up to. */
const HEADER = 8;

type FillOp = Op & BlockOp & { readonly kind: 'malloc' | 'aligned' };

/**
 * Makes one op of two on blocks: a malloc of as much as two took together, of the size that the block is given later, or
 * a realloc for a free and a malloc.
 *
 *     b0 = malloc 100         b0 = malloc 200        b0 = malloc 8               b0 = malloc 8
 *     b1 = malloc 100    →                           free b0                →    b0 = realloc b0 100
 *                                                    b1 = malloc 100
 */
export function joinBlocks(program: Program, attempt: Attempt): Program {
  if (program.some(needsKernel)) return program;
  const apart = program.length > OPS_MAX ? 1 : OPS_MAX;
  for (let second = program.length - 1; second > 0; second -= 1) {
    for (let first = second - 1; first >= Math.max(0, second - apart); first -= 1) {
      const taken = joined(program, first, second).find((candidate) => attempt(candidate));
      if (taken !== undefined) return joinBlocks(taken, attempt);
    }
  }
  return program;
}

/** The programs in which one op does what two did. */
function joined(program: Program, first: number, second: number): readonly Program[] {
  const [a, b] = [program[first]!, program[second]!];
  if (isFill(a) && isFill(b)) {
    return sizesOfBoth(a.size, b.size).flatMap((size) => [
      withoutLife(program.with(first, { ...a, size }), second),
      withoutLife(program.with(second, { ...b, size }), first),
    ]);
  }
  const without = (index: number): Program => program.filter((_, at) => at !== index);
  if (isFill(a) && b.kind === 'realloc' && b.source === a.slot) {
    const { size, slot } = b;
    return [
      without(second).with(first, { ...a, size }),
      without(first).with(second - 1, { kind: 'malloc', slot, size }),
    ];
  }
  if (a.kind === 'free' && a.slot !== null && isFill(b)) {
    const { slot } = a;
    const moved: Op = { kind: 'realloc', slot, source: slot, size: b.size };
    const renamed = program.map((op, at) =>
      at < second ? op : renameSlots(op, (name) => (name === `b${b.slot}` ? `b${slot}` : name)),
    );
    const at = (place: number): Program =>
      renamed.with(place, moved).filter((_, index) => index !== first + second - place);
    return [at(second), at(first)];
  }
  return [];
}

/**
 * As much as two sizes are together, the same rounded up and with a header between them, and twice the larger, for an
 * allocator that rounds to powers of two. A block of 0 bytes takes room as well.
 */
function sizesOfBoth(a: Size, b: Size): readonly Size[] {
  if (typeof a === 'bigint' || typeof b === 'bigint') return [];
  const start = roundUp(Math.max(1, a), HEADER);
  const last = Math.max(1, b);
  const sizes = [a + b, start + last, start + HEADER + last, 2 * Math.max(a, b) - 1];
  return [...new Set(sizes)].filter((size) => size > Math.max(a, b) && size <= SIZE_MAX);
}

/** The program without an op that fills a slot, and what is done to the slot until it is filled again. */
function withoutLife(program: Program, index: number): Program {
  const slot = slotsOf(program[index]!)[0]!;
  const next = program.findIndex((op, at) => at > index && isFill(op) && slotsOf(op)[0] === slot);
  const end = next < 0 ? program.length : next;
  return program.filter((op, at) => at < index || at >= end || !slotsOf(op).includes(slot));
}

function isFill(op: Op): op is FillOp {
  return op.kind === 'malloc' || op.kind === 'aligned';
}
