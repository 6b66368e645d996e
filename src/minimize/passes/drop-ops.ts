import { slotsOf, type Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Programs of up to this many ops are also tried without any two of their ops. */
const PAIRS_OPS_MAX = 24;

/**
 * Drops ops: first stretches of half the length, a quarter and so on down to one, from the back, since what comes
 * last depends on most; then each slot with all that is done to it; then any two at once.
 *
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002, for the halving.
 */
export function dropOps(program: Program, attempt: Attempt): Program {
  return dropPairs(dropSlots(dropStretches(program, attempt), attempt), attempt);
}

function dropStretches(program: Program, attempt: Attempt): Program {
  let current = program;
  for (let length = Math.ceil(current.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let start = current.length - length; start > -length; start -= length) {
      const first = Math.max(0, start);
      const candidate = [...current.slice(0, first), ...current.slice(start + length)];
      if (candidate.length < current.length && attempt(candidate)) current = candidate;
    }
  }
  return current;
}

function dropSlots(program: Program, attempt: Attempt): Program {
  let current = program;
  for (const slot of new Set(program.flatMap((op) => slotsOf(op)))) {
    const candidate = current.filter((op) => !slotsOf(op).includes(slot));
    if (candidate.length < current.length && attempt(candidate)) current = candidate;
  }
  return current;
}

function dropPairs(program: Program, attempt: Attempt): Program {
  if (program.length > PAIRS_OPS_MAX) return program;
  for (let second = program.length - 1; second > 0; second -= 1) {
    for (let first = second - 1; first >= 0; first -= 1) {
      const candidate = program.filter((_, index) => index !== first && index !== second);
      if (attempt(candidate)) return dropPairs(candidate, attempt);
    }
  }
  return program;
}
