import { type Base, isPageOp, type Op, type Slot } from './op.ts';

/** A list of ops. */
export type Program = readonly Op[];

/** The slots that an op names, its source last. */
export function slotsOf(op: Op): readonly Slot[] {
  if (isPageOp(op)) {
    const area = 'area' in op ? [op.area] : [];
    return 'base' in op && op.base !== 'brk' ? [...area, op.base] : area;
  }
  if (op.kind === 'realloc') return op.source === null ? [op.slot] : [op.slot, op.source];
  return op.slot === null ? [] : [op.slot];
}

/** The op with its slots renamed. */
export function renameSlots(op: Op, rename: (slot: Slot) => Slot): Op {
  const renameBase = (base: Base): Base => (base === 'brk' ? base : rename(base));
  if (isPageOp(op)) {
    if (op.kind === 'brk') return op;
    if (op.kind === 'map') return { ...op, area: rename(op.area) };
    const base = renameBase(op.base);
    return op.kind === 'map-at' ? { ...op, area: rename(op.area), base } : { ...op, base };
  }
  if (op.kind === 'realloc') {
    const source = op.source === null ? null : rename(op.source);
    return { ...op, slot: rename(op.slot), source };
  }
  return op.slot === null ? op : { ...op, slot: rename(op.slot) };
}
