import { type Size, SIZE_MAX, sizeProduct } from '../base/units.ts';
import type { Op, Slot } from '../program/op.ts';
import { SlotPool } from './slot-pool.ts';

/** A call as a trace records it, by the block that it is about: a number from 0 that is given anew once it is free. */
export type BlockCall =
  | { readonly kind: 'malloc'; readonly block: number; readonly size: Size }
  | {
      readonly kind: 'calloc';
      readonly block: number;
      readonly count: Size;
      readonly size: Size;
    }
  | {
      readonly kind: 'aligned';
      readonly block: number;
      readonly alignment: number;
      readonly size: Size;
    }
  /** `isNew`: a realloc of null. */
  | {
      readonly kind: 'realloc';
      readonly block: number;
      readonly isNew: boolean;
      readonly size: Size;
    }
  | { readonly kind: 'free'; readonly block: number }
  | { readonly kind: 'free-null' };

/** What a format cannot say as it is, and how many ops that was. */
export interface Loss {
  /** In the plural, with what became of them: `alignments dropped`. */
  readonly what: string;
  readonly count: number;
}

/** What a program lost on its way into a trace, counted. */
export class Losses {
  readonly #counts = new Map<string, number>();

  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** In the order in which they came up. */
  list(): readonly Loss[] {
    return [...this.#counts].map(([what, count]) => ({ what, count }));
  }
}

const SKIPPED = 'ops left out that do nothing';
const MISUSE = 'frees of addresses that are not to be freed left out';
const WRITE = 'writes into freed blocks left out';
const OVERFLOW = 'callocs left out whose product has no 64 bits';

/**
 * The calls that a program makes if each request is granted.
 *
 * What no trace can hold is left out and counted: ops that do nothing, misuse, and callocs whose product overflows. Ops
 * of another family than blocks must not be there.
 */
export function* blockCalls(
  ops: Iterable<Op>,
  losses: Losses,
): Generator<BlockCall, undefined, undefined> {
  const blocks = new Map<Slot, number>();
  const pool = new SlotPool();
  for (const op of ops) {
    const call = callOf(op, blocks, pool);
    if (typeof call === 'string') losses.add(call);
    else yield call;
  }
}

/** The call that an op makes, or why it is left out. */
function callOf(op: Op, blocks: Map<Slot, number>, pool: SlotPool): BlockCall | string {
  switch (op.kind) {
    case 'malloc':
    case 'calloc':
    case 'aligned': {
      if (blocks.has(op.slot)) return SKIPPED;
      if (op.kind === 'calloc' && sizeProduct(op.count, op.size) > SIZE_MAX) return OVERFLOW;
      const { slot, ...asked } = op;
      return { ...asked, block: take(slot, blocks, pool) };
    }
    case 'realloc':
      return reallocOf(op, blocks, pool);
    case 'free': {
      if (op.slot === null) return { kind: 'free-null' };
      const block = blocks.get(op.slot);
      if (block === undefined) return SKIPPED;
      blocks.delete(op.slot);
      pool.give(block);
      return { kind: 'free', block };
    }
    case 'write-freed':
      return WRITE;
    default:
      return MISUSE;
  }
}

function reallocOf(
  { slot, source, size }: Op & { kind: 'realloc' },
  blocks: Map<Slot, number>,
  pool: SlotPool,
): BlockCall | string {
  const isTaken = slot !== source && blocks.has(slot);
  if (isTaken) return SKIPPED;
  if (source === null)
    return { kind: 'realloc', block: take(slot, blocks, pool), isNew: true, size };
  const block = blocks.get(source);
  if (block === undefined) return SKIPPED;
  blocks.delete(source);
  blocks.set(slot, block);
  return { kind: 'realloc', block, isNew: false, size };
}

function take(slot: Slot, blocks: Map<Slot, number>, pool: SlotPool): number {
  // The slots of a program are as many as the pool's.
  const block = pool.take({ file: 'program', line: 0 });
  blocks.set(slot, block);
  return block;
}

/** A call of a format that knows no alignments, no callocs and no null. */
export type PlainCall =
  | { readonly kind: 'malloc' | 'realloc'; readonly block: number; readonly size: Size }
  | { readonly kind: 'free'; readonly block: number };

/** The calls of a program as such a format says them; what they lose is counted. */
export function* plainCalls(
  ops: Iterable<Op>,
  losses: Losses,
): Generator<PlainCall, undefined, undefined> {
  for (const call of blockCalls(ops, losses)) {
    const plain = plainOf(call, losses);
    if (plain !== undefined) yield plain;
  }
}

function plainOf(call: BlockCall, losses: Losses): PlainCall | undefined {
  if (call.kind === 'free' || call.kind === 'malloc') return call;
  if (call.kind === 'free-null') {
    losses.add('frees of null left out');
    return undefined;
  }
  const { block, size } = call;
  if (call.kind === 'realloc' && !call.isNew) return { kind: 'realloc', block, size };
  if (call.kind === 'realloc') losses.add('reallocs of null written as mallocs');
  if (call.kind === 'aligned') losses.add('alignments dropped');
  if (call.kind !== 'calloc') return { kind: 'malloc', block, size };
  losses.add('callocs written as mallocs');
  return { kind: 'malloc', block, size: sizeProduct(call.count, size) };
}

/**
 * An address for a block that never had one: no two that live at one time come close, however large they are asked to
 * be, and each is a multiple of 2^26.
 */
export function inventedAddress(block: number): string {
  return `0x${((block + 1) * 2 ** 26).toString(16)}`;
}
