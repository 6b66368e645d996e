import { SIZE_MAX, sizeProduct } from '../../base/units.ts';
import type { Op } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Replaces an op by one that says less: calloc, aligned and realloc by malloc or free, another slot by the own one. */
export function simplifyOps(program: Program, attempt: Attempt): Program {
  let current = program;
  for (let index = 0; index < current.length; index += 1) {
    for (const op of simplerOps(current[index]!)) {
      const candidate = current.with(index, op);
      if (!attempt(candidate)) continue;
      current = candidate;
      break;
    }
  }
  return current;
}

function simplerOps(op: Op): readonly Op[] {
  switch (op.kind) {
    case 'calloc': {
      const size = sizeProduct(op.count, op.size);
      const plain: Op[] = size <= SIZE_MAX ? [{ kind: 'malloc', slot: op.slot, size }] : [];
      return op.count <= 1 || size > SIZE_MAX ? plain : [...plain, { ...op, count: 1, size }];
    }
    case 'aligned':
      return [
        { kind: 'malloc', slot: op.slot, size: op.size },
        ...(op.alignment > 1 ? [{ ...op, alignment: op.alignment / 2 }] : []),
      ];
    case 'realloc':
      if (op.source === null) return [{ kind: 'malloc', slot: op.slot, size: op.size }];
      return [
        { kind: 'free', slot: op.source },
        { kind: 'malloc', slot: op.slot, size: op.size },
        ...(op.slot === op.source ? [] : [{ ...op, slot: op.source }]),
      ];
    case 'double-free':
      return [{ kind: 'free', slot: op.slot }];
    case 'free-inside':
      return op.offset > 1 ? [{ ...op, offset: 1 }] : [];
    default:
      return [];
  }
}
