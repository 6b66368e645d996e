import { sizeOf, type Size } from '../../base/units.ts';
import { type Op, STACK_SIZE } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Bytes that stack pointers move by, or a multiple of them. */
const WORD = 8;
/** By how much two values are lowered first, to see whether they go down together: what blocks are rounded to. */
const PAIR_STEP = 16n;

/**
 * Makes sizes smaller: for each value that occurs, first all ops that have it at once, then each op alone. A value is
 * tried at 0, then lowered by powers of two, the largest first, which ends at the edge of the class that the bug needs,
 * and goes from one whole page to another.
 */
export function shrinkSizes(program: Program, attempt: Attempt): Program {
  let current = program;
  for (const value of valuesOf(program).toReversed()) {
    current = lower(current, value, attempt, (candidate) =>
      current.map((op) => withNumbers(op, (number) => (number === value ? candidate : number))),
    );
  }
  current = lowerPairs(lowerTogether(current, attempt), attempt);
  for (let index = 0; index < current.length; index += 1) {
    for (const [position, value] of numbersOf(current[index]!).entries()) {
      current = lower(current, value, attempt, (candidate) => {
        const op = withNumbers(current[index]!, (number, at) =>
          at === position ? candidate : number,
        );
        return current.with(index, op);
      });
    }
  }
  return current;
}

/** Lowers each value with all larger ones by as much: those that have to lie so far apart go down together. */
function lowerTogether(program: Program, attempt: Attempt): Program {
  let current = program;
  for (const value of valuesOf(program).slice(0, -1)) {
    current = lower(current, value, attempt, (candidate) => {
      const by = BigInt(value) - BigInt(candidate);
      return current.map((op) =>
        withNumbers(op, (number) => (number >= value ? sizeOf(BigInt(number) - by) : number)),
      );
    });
  }
  return current;
}

/**
 * Lowers two values by as much, where the ones between them have to stay: each alone goes down by a few bytes only, in
 * turns. Pairs for which a little less does not show the bug are not tried further.
 */
function lowerPairs(program: Program, attempt: Attempt): Program {
  let current = program;
  const values = valuesOf(program).filter((value) => value >= PAIR_STEP);
  for (const [index, value] of values.entries()) {
    for (const larger of values.slice(index + 1)) {
      const start = current;
      const build = (candidate: Size): Program => {
        const by = BigInt(value) - BigInt(candidate);
        const isOfPair = (number: Size): boolean => number === value || number === larger;
        return start.map((op) =>
          withNumbers(op, (number) => (isOfPair(number) ? sizeOf(BigInt(number) - by) : number)),
        );
      };
      const less = sizeOf(BigInt(value) - PAIR_STEP);
      const probe = build(less);
      if (!attempt(probe)) continue;
      current = lower(probe, less, attempt, build);
      break;
    }
  }
  return current;
}

/** The numbers of a program that may be lowered, each once, by rising value. */
function valuesOf(program: Program): readonly Size[] {
  return [...new Set(program.flatMap((op) => numbersOf(op)))].toSorted((a, b) => (a < b ? -1 : 1));
}

/** Lowers one value as far as the bug stays; `build` makes the program with another value in its place. */
function lower(
  program: Program,
  value: Size,
  attempt: Attempt,
  build: (value: Size) => Program,
): Program {
  let current = program;
  let high = BigInt(value);
  let step = high;
  let next = powerOfTwoBelow(high);
  while (step > 0n) {
    const candidate = high - step;
    const built = candidate >= 0n ? build(sizeOf(candidate)) : undefined;
    if (built !== undefined && attempt(built)) {
      current = built;
      high = candidate;
      // A long way down is not gone in small steps.
      next = step;
      step *= 2n;
    } else {
      step = next;
      next /= 2n;
    }
  }
  return current;
}

/** The largest power of two below a number, or 0 where there is none. */
function powerOfTwoBelow(number: bigint): bigint {
  return number <= 1n ? 0n : 2n ** BigInt((number - 1n).toString(2).length - 1);
}

/** The numbers of an op that may be lowered. */
function numbersOf(op: Op): readonly Size[] {
  const numbers: Size[] = [];
  withNumbers(op, (number) => {
    numbers.push(number);
    return number;
  });
  return numbers;
}

/**
 * An op with other numbers, of those that may take any value from 0: sizes, counts, offsets and how far a break goes;
 * what has to be more is told by how much more it is. Alignments are not among them, which are powers of two, nor are the
 * sizes of loads and stores, nor that of a stack of which nothing is said.
 *
 * @param change Called with each number and its place among those of the op, in this order.
 */
function withNumbers(op: Op, change: (number: Size, position: number) => Size): Op {
  switch (op.kind) {
    case 'calloc':
      return { ...op, count: change(op.count, 0), size: change(op.size, 1) };
    case 'malloc':
    case 'aligned':
    case 'realloc':
      return { ...op, size: change(op.size, 0) };
    case 'map':
      return { ...op, size: Number(change(op.size, 0)) };
    case 'map-at':
    case 'unmap':
    case 'protect':
    case 'touch':
      return { ...op, size: Number(change(op.size, 0)), offset: Number(change(op.offset, 1)) };
    case 'load':
    case 'store':
      return { ...op, offset: Number(change(op.offset, 0)) };
    case 'write-freed':
      return { ...op, offset: Number(change(op.offset, 0)) };
    case 'free-foreign':
      return { ...op, offset: signed(op.offset, change) };
    case 'brk':
      return { ...op, increment: signed(op.increment, change) };
    case 'compute':
    case 'sleep':
    case 'io':
      return { ...op, ticks: Number(change(op.ticks, 0)) };
    case 'quantum':
      return { ...op, ticks: Number(change(op.ticks - 1, 0)) + 1 };
    case 'push':
    case 'pop':
      return { ...op, bytes: WORD * (Number(change(op.bytes / WORD - 1, 0)) + 1) };
    case 'spawn':
      if (op.stackSize === STACK_SIZE) return op;
      return { ...op, stackSize: Number(change(op.stackSize, 0)) };
    case 'semaphore':
      return { ...op, value: Number(change(op.value, 0)) };
    case 'queue':
      return { ...op, capacity: Number(change(op.capacity - 1, 0)) + 1 };
    default:
      return op;
  }
}

/** A number whose magnitude is changed, with its sign. */
function signed(number: number, change: (magnitude: Size, position: number) => Size): number {
  const magnitude = Number(change(Math.abs(number), 0));
  return number < 0 ? 0 - magnitude : magnitude;
}
