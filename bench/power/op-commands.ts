import * as fc from 'fast-check';
import { offeredKinds } from '../../fuzz/index.ts';
import type { Size } from '../../src/base/units.ts';
import type { AllocatorTarget } from '../../src/check/target.ts';
import type { BlockOp, BlockOpKind, Slot } from '../../src/program/op.ts';
import type { DrivenHeap } from './driven-heap.ts';

export const SLOTS = 16;

/** What commands suppose of the heap: the slots that hold a block. */
export type LiveSlots = Set<Slot>;

/** An op as a command of fast-check's. Its oracle is ours: each answer is judged. */
export class OpCommand implements fc.Command<LiveSlots, DrivenHeap> {
  readonly #op: BlockOp;

  constructor(op: BlockOp) {
    this.#op = op;
  }

  check(live: Readonly<LiveSlots>): boolean {
    const op = this.#op;
    switch (op.kind) {
      case 'malloc':
      case 'calloc':
      case 'aligned':
      case 'double-free':
      case 'write-freed':
        return !live.has(op.slot);
      case 'realloc':
        return live.has(op.slot) === (op.source !== null);
      default:
        return op.slot === null || live.has(op.slot);
    }
  }

  run(live: LiveSlots, heap: DrivenHeap): void {
    const op = this.#op;
    const { kind } = heap.send(op);
    if (kind === 'granted' && op.slot !== null) live.add(op.slot);
    if (kind === 'freed' && op.slot !== null && op.kind !== 'free-inside') live.delete(op.slot);
  }

  toString(): string {
    return JSON.stringify(this.#op, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
  }
}

/** Arbitraries of the commands that a target can be sent, as `fc.commands` takes them. */
export function opCommands(
  target: AllocatorTarget,
  size: fc.Arbitrary<Size>,
): fc.Arbitrary<OpCommand>[] {
  const slot = fc.nat({ max: SLOTS - 1 });
  const ops: Readonly<Record<BlockOpKind, fc.Arbitrary<BlockOp>>> = {
    malloc: fc.record({ kind: fc.constant('malloc'), slot, size }),
    free: fc.record({ kind: fc.constant('free'), slot: fc.option(slot, { freq: 20 }) }),
    realloc: fc
      .tuple(slot, fc.option(fc.constant('itself'), { freq: 20 }), size)
      .map(([at, source, to]) => ({
        kind: 'realloc',
        slot: at,
        source: source === null ? null : at,
        size: to,
      })),
    calloc: fc.record({
      kind: fc.constant('calloc'),
      slot,
      count: size,
      size: fc.constantFrom(1, 1, 2, 8, 2 ** 32),
    }),
    aligned: fc.record({
      kind: fc.constant('aligned'),
      slot,
      alignment: fc.nat({ max: 13 }).map((exponent) => 2 ** exponent),
      size,
    }),
    'double-free': fc.record({ kind: fc.constant('double-free'), slot }),
    'free-inside': fc.record({
      kind: fc.constant('free-inside'),
      slot,
      offset: fc.constantFrom(1, 4, 8, 16, 32),
    }),
    'free-foreign': fc.record({
      kind: fc.constant('free-foreign'),
      slot: fc.constant(null),
      offset: fc.constantFrom(0, 8, 16, 4096, -8, -16),
    }),
    'write-freed': fc.record({
      kind: fc.constant('write-freed'),
      slot,
      offset: fc.nat({ max: 8 }),
    }),
  };
  return offeredKinds(target).map((kind) => ops[kind].map((op) => new OpCommand(op)));
}
