import type { BlockOp, Slot } from '../../program/op.ts';
import { familyOf, type Program, renameSlots } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** What drops one op or two at a time has no trouble with shorter programs. */
const OPS_MIN = 25;
/** Programs that are tried each time. */
const CANDIDATES_MAX = 1000;

/**
 * Drops a stretch of many ops that leaves as many blocks live as there were before it; the ops behind it get their slots
 * anew. So a bug that shows at each so-manieth event comes to show at an earlier one. The longest stretches come first.
 */
export function dropStretches(program: Program, attempt: Attempt): Program {
  if (program.length < OPS_MIN || familyOf(program) !== 'blocks') return program;
  const lives = livesIn(program);
  let left = CANDIDATES_MAX;
  for (let length = program.length - 1; length > 1; length -= 1) {
    for (let start = 0; start + length < program.length; start += 1) {
      const [before, after] = [lives[start]!, lives[start + length]!];
      if (before.length !== after.length) continue;
      const rest = renamed(program.slice(start + length), after, before);
      const candidate = [...program.slice(0, start), ...rest];
      if (attempt(candidate)) return dropStretches(candidate, attempt);
      left -= 1;
      if (left === 0) return program;
    }
  }
  return program;
}

/** The slots that hold a block before each op, and after the last, if every request is granted. */
function livesIn(program: Program): readonly (readonly Slot[])[] {
  const live = new Set<Slot>();
  const lives: (readonly Slot[])[] = [[]];
  for (const op of program as readonly BlockOp[]) {
    if (op.kind === 'free' && op.slot !== null) live.delete(op.slot);
    if (op.kind === 'realloc' && op.source !== null) live.delete(op.source);
    if ('size' in op) live.add(op.slot);
    lives.push([...live]);
  }
  return lives;
}

/** Ops with these slots in place of those, and those in place of these. */
function renamed(program: Program, from: readonly Slot[], into: readonly Slot[]): Program {
  const sources = [...from, ...without(into, from)];
  const names = [...into, ...without(from, into)];
  const nameOf = new Map(sources.map((slot, index) => [`b${slot}`, `b${names[index]!}`] as const));
  return program.map((op) => renameSlots(op, (slot) => nameOf.get(slot as `b${number}`) ?? slot));
}

function without(slots: readonly Slot[], others: readonly Slot[]): readonly Slot[] {
  return slots.filter((slot) => !others.includes(slot));
}
