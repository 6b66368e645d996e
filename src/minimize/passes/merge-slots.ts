import { renameSlots, slotsOf, type Program } from '../../program/program.ts';
import type { Slot } from '../../program/op.ts';
import type { Attempt } from '../pass.ts';

/** Uses as few slots as can be, numbered in the order of their first use. */
export function mergeSlots(program: Program, attempt: Attempt): Program {
  let current = program;
  for (const from of slotsIn(program).toReversed()) {
    for (const into of slotsIn(current)) {
      if (into === from) break;
      const candidate = current.map((op) =>
        renameSlots(op, (slot) => (slot === from ? into : slot)),
      );
      if (!attempt(candidate)) continue;
      current = candidate;
      break;
    }
  }
  const order = slotsIn(current);
  if (order.every((slot, index) => slot === index)) return current;
  const renamed = current.map((op) => renameSlots(op, (slot) => order.indexOf(slot)));
  return attempt(renamed) ? renamed : current;
}

/** The slots of a program in the order of their first use. */
function slotsIn(program: Program): readonly Slot[] {
  return [...new Set(program.flatMap((op) => slotsOf(op)))];
}
