import type { Op, Slot } from './op.ts';

/** A list of ops. */
export type Program = readonly Op[];

/** The slots that an op names, its source last. */
export function slotsOf(op: Op): readonly Slot[] {
  if (op.kind === 'realloc') return op.source === null ? [op.slot] : [op.slot, op.source];
  return op.slot === null ? [] : [op.slot];
}

/** The op with its slots renamed. */
export function renameSlots(op: Op, rename: (slot: Slot) => Slot): Op {
  if (op.kind === 'realloc') {
    const source = op.source === null ? null : rename(op.source);
    return { ...op, slot: rename(op.slot), source };
  }
  return op.slot === null ? op : { ...op, slot: rename(op.slot) };
}
