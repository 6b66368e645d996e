import type { Op } from '../../program/op.ts';
import { type Program, type SlotName, slotsOf } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** The smallest stretches that are tried at first are this part of a program. */
const PART_MIN = 1 / 16;

/**
 * Drops most of a program, in few runs: all but the last one, two, four and so on, since what comes last is what the bug
 * needs most, and few ops are quickly run; or else stretches, as `dropOps` does, but no short ones.
 */
export function dropMost(program: Program, attempt: Attempt): Program {
  for (let length = 1; length < program.length; length *= 2) {
    const candidate = program.slice(-length);
    if (attempt(candidate)) return candidate;
  }
  return dropStretches(program, attempt, Math.max(1, Math.ceil(program.length * PART_MIN)));
}

/**
 * Drops ops: first stretches of half the length, a quarter and so on down to one, from the back; then each block or area
 * with all that is done to it; then each slot.
 *
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002, for the halving.
 */
export function dropOps(program: Program, attempt: Attempt): Program {
  return dropSlots(dropLives(dropStretches(program, attempt, 1), attempt), attempt);
}

/** The last op goes alone or not at all: the bug mostly shows there. */
function dropStretches(program: Program, attempt: Attempt, lengthMin: number): Program {
  let current = program;
  for (
    let length = Math.ceil(current.length / 2);
    length >= lengthMin;
    length = Math.floor(length / 2)
  ) {
    const last = length === 1 ? 1 : 1 + length;
    for (let start = current.length - last; start > -length; start -= length) {
      const first = Math.max(0, start);
      const candidate = [...current.slice(0, first), ...current.slice(start + length)];
      if (candidate.length < current.length && attempt(candidate)) current = candidate;
    }
  }
  return current;
}

/** Drops an op that fills a slot, with all that name the slot until it is filled again. */
function dropLives(program: Program, attempt: Attempt): Program {
  let current = program;
  for (let index = program.length - 1; index >= 0; index -= 1) {
    const slot = filledBy(current[index]);
    if (slot === undefined) continue;
    const next = current.findIndex((op, at) => at > index && filledBy(op) === slot);
    const end = next < 0 ? current.length : next;
    const candidate = current.filter(
      (op, at) => at < index || at >= end || !slotsOf(op).includes(slot),
    );
    if (attempt(candidate)) current = candidate;
  }
  return current;
}

/** The slot that an op puts something new into. */
function filledBy(op: Op | undefined): SlotName | undefined {
  switch (op?.kind) {
    case 'malloc':
    case 'calloc':
    case 'aligned':
      return `b${op.slot}`;
    case 'map':
    case 'map-at':
      return `a${op.area}`;
    case 'spawn':
      return `t${op.child}`;
    default:
      return undefined;
  }
}

function dropSlots(program: Program, attempt: Attempt): Program {
  let current = program;
  for (const slot of new Set(program.flatMap((op) => slotsOf(op)))) {
    const candidate = current.filter((op) => !slotsOf(op).includes(slot));
    if (candidate.length < current.length && attempt(candidate)) current = candidate;
  }
  return current;
}
