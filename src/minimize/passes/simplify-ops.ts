import { SIZE_MAX, sizeProduct } from '../../base/units.ts';
import { ACCESS_SIZES, type Op, type Protection, STACK_SIZE } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/**
 * Replaces an op by one that says less: calloc, aligned and realloc by malloc or free, another slot by the own one;
 * a place by any, another protection by the usual one, pages by one, an access by a smaller one; what another thread
 * does by the same on the first, a wait by a shorter one, whatever else may be said by what is meant where it is not.
 */
export function simplifyOps(program: Program, attempt: Attempt): Program {
  let current = program;
  for (let index = 0; index < current.length; index += 1) {
    for (const op of simplerOnThreads(current[index]!)) {
      const candidate = current.with(index, op);
      if (!attempt(candidate)) continue;
      current = candidate;
      break;
    }
  }
  return current;
}

/** The same op on the first thread, then simpler ones on its own. */
function simplerOnThreads(op: Op): readonly Op[] {
  const { thread, ...own } = op;
  if (thread === undefined) return simplerOps(op);
  return [own, ...simplerOps(own).map((simpler) => ({ ...simpler, thread }))];
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
    case 'free-foreign':
    case 'write-freed':
      return op.offset === 0 ? [] : [{ ...op, offset: 0 }];
    case 'map':
      return readWrite(op);
    case 'map-at': {
      const { area, protection, size } = op;
      return [{ kind: 'map', area, size, protection }, ...readWrite(op)];
    }
    case 'protect': {
      const { base, offset, size } = op;
      return [{ kind: 'unmap', base, offset, size }, ...readWrite(op)];
    }
    case 'touch':
      return [{ kind: 'store', base: op.base, offset: op.offset, size: 1 }];
    case 'load':
    case 'store':
      return ACCESS_SIZES.filter((size) => size < op.size).map((size) => ({ ...op, size }));
    case 'spawn': {
      const { as, stackSize } = op;
      return [
        ...(as === 'process' ? [{ ...op, as: 'thread' as const }] : []),
        ...(stackSize === STACK_SIZE ? [] : [{ ...op, stackSize: STACK_SIZE }]),
      ];
    }
    case 'io':
      return [{ kind: 'sleep', ticks: op.ticks }];
    case 'sleep':
      return [{ kind: 'yield' }];
    case 'semaphore':
      return op.passing === 'hand-off' ? [] : [{ ...op, passing: 'hand-off' }];
    case 'policy':
      return op.policy === 'rr' ? [] : [{ ...op, policy: 'rr' }];
    default:
      return [];
  }
}

/** The op with the protection that says nothing. */
function readWrite<Protected extends Op & { readonly protection: Protection }>(
  op: Protected,
): readonly Protected[] {
  return op.protection === 'read-write' ? [] : [{ ...op, protection: 'read-write' }];
}
