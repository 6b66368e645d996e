import { needsKernel, type Slot } from '../../program/op.ts';
import { renameSlots, type Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Longer programs have too many orders. */
const OPS_MAX = 10;
/** Of so many blocks all orders are tried, of more those in which one block has another place. */
const PERMUTED_MAX = 4;

/**
 * Drops an op and changes the order in which the blocks that are left are freed when a run is closed, which is that of
 * their slots: first each free, of whose block the slot becomes the first; then each op without which a program only
 * allocates.
 *
 *     b0 = malloc 0         b1 = malloc 0
 *     b1 = malloc 0    →    b0 = malloc 0
 *     free b1
 */
export function reorderFrees(program: Program, attempt: Attempt): Program {
  if (program.some(needsKernel)) return program;
  let current = program;
  for (let index = current.length - 1; index >= 0; index -= 1) {
    const candidate = withFreeAtEnd(current, index);
    if (candidate !== undefined && attempt(candidate)) current = candidate;
  }
  return current.length > OPS_MAX ? current : dropAndReorder(current, attempt);
}

/** The program without a free, the first slot for its block, and each other one a slot further on. */
function withFreeAtEnd(program: Program, index: number): Program | undefined {
  const op = program[index];
  if (op?.kind !== 'free' || op.slot === null) return undefined;
  const start = program.findLastIndex(
    (other, at) =>
      at < index && other.kind !== 'realloc' && 'size' in other && slotOf(other) === op.slot,
  );
  const renamed = program.map((other, at) =>
    renameSlots(other, (name) => {
      if (name[0] !== 'b') return name;
      const slot = Number(name.slice(1));
      return slot === op.slot && at >= start && at <= index ? 'b0' : `b${slot + 1}`;
    }),
  );
  return renamed.filter((_, at) => at !== index);
}

function slotOf(op: object): Slot | undefined {
  return 'slot' in op ? (op.slot as Slot) : undefined;
}

function dropAndReorder(program: Program, attempt: Attempt): Program {
  for (let dropped = program.length - 1; dropped >= 0; dropped -= 1) {
    const rest = program.filter((_, at) => at !== dropped);
    for (const order of ordersOf(slotsFilledBy(rest))) {
      const slots = order.toSorted((a, b) => a - b);
      const candidate = rest.map((op, at) =>
        renameSlots(op, () => `b${slots.indexOf(order[at]!)}`),
      );
      if (attempt(candidate)) return dropAndReorder(candidate, attempt);
    }
  }
  return program;
}

/** The slots of a program that does nothing but fill one after another; else none. */
function slotsFilledBy(program: Program): readonly Slot[] {
  const slots = program.flatMap((op) =>
    op.kind === 'malloc' || op.kind === 'calloc' || op.kind === 'aligned' ? [op.slot] : [],
  );
  return new Set(slots).size === program.length ? slots : [];
}

function ordersOf(slots: readonly Slot[]): Iterable<readonly Slot[]> {
  if (slots.length === 0) return [];
  return slots.length <= PERMUTED_MAX ? permutations(slots) : withOneMoved(slots);
}

function* permutations(slots: readonly Slot[]): Generator<readonly Slot[]> {
  if (slots.length === 0) yield [];
  for (const first of slots)
    for (const rest of permutations(slots.filter((slot) => slot !== first))) yield [first, ...rest];
}

/** The slots in their order, and with each of them at each other place among the sorted. */
function* withOneMoved(slots: readonly Slot[]): Generator<readonly Slot[]> {
  yield slots;
  for (const moved of slots) {
    const others = slots.filter((slot) => slot !== moved).toSorted((a, b) => a - b);
    for (let place = 0; place <= others.length; place += 1) {
      const sorted = others.toSpliced(place, 0, moved);
      yield slots.map((slot) => sorted.indexOf(slot));
    }
  }
}
