import { renameSlots, type SlotName, slotsOf, type Program } from '../../program/program.ts';
import type { SlotLetter } from '../../program/op.ts';
import type { Attempt } from '../pass.ts';

/** Uses as few slots as can be, numbered in the order of their first use. */
export function mergeSlots(program: Program, attempt: Attempt): Program {
  let current = program;
  for (const from of slotsIn(program).toReversed()) {
    for (const into of slotsIn(current)) {
      if (into === from) break;
      if (into[0] !== from[0]) continue;
      const candidate = current.map((op) =>
        renameSlots(op, (slot) => (slot === from ? into : slot)),
      );
      if (!attempt(candidate)) continue;
      current = candidate;
      break;
    }
  }
  const numbers = numbersInOrder(slotsIn(current));
  const isInOrder = [...numbers].every(([from, into]) => from === into);
  if (isInOrder) return current;
  const renamed = current.map((op) => renameSlots(op, (slot) => numbers.get(slot)!));
  return attempt(renamed) ? renamed : current;
}

/** The slots of a program in the order of their first use. */
function slotsIn(program: Program): readonly SlotName[] {
  return [...new Set(program.flatMap((op) => slotsOf(op)))];
}

/** For each slot, the first number of its letter that none before it has; threads count from 1. */
function numbersInOrder(slots: readonly SlotName[]): ReadonlyMap<SlotName, SlotName> {
  return new Map(
    slots.map((slot) => {
      const letter = slot[0] as SlotLetter;
      const rank = slots.filter((other) => other[0] === letter).indexOf(slot);
      return [slot, `${letter}${letter === 't' ? rank + 1 : rank}`];
    }),
  );
}
