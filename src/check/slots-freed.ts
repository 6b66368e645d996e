import type { Op, Slot } from '../program/op.ts';
import type { Program } from '../program/program.ts';

/** One past the highest slot of blocks that a program names. */
export function slotsEndOf(program: Program): Slot {
  return program.reduce(
    (end, op) => ('slot' in op && op.slot !== null ? Math.max(end, op.slot + 1) : end),
    0,
  );
}

/** The frees of all slots that a program may have left a block in; those of empty slots do nothing. */
export function freesAfter(program: Program): readonly Op[] {
  return Array.from({ length: slotsEndOf(program) }, (_, slot) => ({ kind: 'free', slot }));
}
