import { sizeOf, type Size } from '../../base/units.ts';
import type { Op } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/**
 * Makes sizes smaller: for each value that occurs, first all ops that have it at once, then each op alone. A value is
 * tried at 0, then lowered by halves of what is left, which ends at the edge of the class that the bug needs.
 */
export function shrinkSizes(program: Program, attempt: Attempt): Program {
  let current = program;
  const values = [...new Set(program.flatMap((op) => numbersOf(op)))].toSorted((a, b) =>
    a > b ? -1 : 1,
  );
  for (const value of values) {
    current = lower(current, value, attempt, (candidate) =>
      current.map((op) => withNumbers(op, (number) => (number === value ? candidate : number))),
    );
  }
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
  while (step > 0n) {
    const candidate = high - step;
    const built = candidate >= 0n ? build(sizeOf(candidate)) : undefined;
    if (built !== undefined && attempt(built)) {
      current = built;
      high = candidate;
    } else {
      step /= 2n;
    }
  }
  return current;
}

/** The sizes and counts of an op. Alignments are not among them: they are powers of two. */
function numbersOf(op: Op): readonly Size[] {
  if (op.kind === 'calloc') return [op.count, op.size];
  return 'size' in op ? [op.size] : [];
}

function withNumbers(op: Op, change: (number: Size, position: number) => Size): Op {
  if (op.kind === 'calloc') return { ...op, count: change(op.count, 0), size: change(op.size, 1) };
  return 'size' in op ? { ...op, size: change(op.size, 0) } : op;
}
