import type { Prng } from '../src/base/prng.ts';
import { type Size, SIZE_MAX, sizeOf } from '../src/base/units.ts';
import { ACCESS_SIZES, isPageOp, type Op } from '../src/program/op.ts';
import { type Program, renameSlots, type SlotName, slotsOf } from '../src/program/program.ts';

/** What a mutator works on. */
interface Material {
  readonly prng: Prng;
  /** Another kept program, to take ops from. */
  readonly other: Program;
  /** Ops of the longest program. */
  readonly opsMax: number;
}

/** Changes a program a little. Any list of ops is a program, so nothing needs repair. */
type Mutator = (program: Program, material: Material) => Program;

/** Ops that one change removes, moves or repeats at the most. */
const STRETCH_MAX = 8;
const REPEATS_MAX = 6;
const NUDGES = [-64, -17, -16, -15, -8, -1, 1, 8, 15, 16, 17, 64];

/** Every mutator, in the order in which they are numbered. */
export const MUTATORS: readonly Mutator[] = [
  dropStretch,
  insertStretch,
  repeatStretch,
  moveStretch,
  splice,
  retarget,
  nudge,
  nudge,
  repeatNumber,
];

/** Changes a program a few times. */
export function mutate(program: Program, material: Material): Program {
  const { opsMax, prng } = material;
  let mutated = program;
  for (let count = prng.pick([1, 1, 2, 3, 4]); count > 0; count -= 1)
    mutated = prng.pick(MUTATORS)(mutated, material);
  return mutated.slice(0, opsMax);
}

function dropStretch(program: Program, { prng }: Material): Program {
  const [start, end] = stretchOf(program, prng);
  return [...program.slice(0, start), ...program.slice(end)];
}

function insertStretch(program: Program, { other, prng }: Material): Program {
  const [start, end] = stretchOf(other, prng);
  return insertAt(program, prng.between(0, program.length), other.slice(start, end));
}

/** Repeats a stretch, as it is or each time with the next slots: what fills them does something once only. */
function repeatStretch(program: Program, { prng }: Material): Program {
  const [start, end] = stretchOf(program, prng);
  const stretch = program.slice(start, end);
  const step = prng.oneIn(2) ? 0 : new Set(stretch.flatMap((op) => slotsOf(op))).size;
  const repeated = Array.from({ length: prng.between(1, REPEATS_MAX) }, (_, round) =>
    stretch.map((op) => renameSlots(op, (name) => moved(name, step * (round + 1)))),
  );
  return insertAt(program, end, repeated.flat());
}

/** Threads stay who they are: those that nobody spawned do nothing. */
function moved(name: SlotName, by: number): SlotName {
  return name.startsWith('b') ? `b${(Number(name.slice(1)) + by) % 64}` : name;
}

function moveStretch(program: Program, { prng }: Material): Program {
  const [start, end] = stretchOf(program, prng);
  const rest = [...program.slice(0, start), ...program.slice(end)];
  return insertAt(rest, prng.between(0, rest.length), program.slice(start, end));
}

/** The beginning of one program and the end of another. */
function splice(program: Program, { other, prng }: Material): Program {
  const [end, start] = [prng.between(0, program.length), prng.between(0, other.length)];
  return [...program.slice(0, end), ...other.slice(start)];
}

/** Renames a slot to another one that the program has, in one op or from an op on. */
function retarget(program: Program, { prng }: Material): Program {
  if (program.length === 0) return program;
  const index = prng.below(program.length);
  const names = slotsOf(program[index]!);
  if (names.length === 0) return program;
  const from = prng.pick(names);
  const others = program.flatMap((op) => slotsOf(op)).filter((name) => name[0] === from[0]);
  const to = prng.pick(others);
  const end = prng.oneIn(2) ? index + 1 : program.length;
  const rename = (name: SlotName): SlotName => (name === from ? to : name === to ? from : name);
  return program.map((op, at) => (at < index || at >= end ? op : renameSlots(op, rename)));
}

/** Makes a number of an op a little larger or smaller, or half, or twice as large. */
function nudge(program: Program, { prng }: Material): Program {
  return changeNumber(program, prng, (value) => {
    switch (prng.below(4)) {
      case 0:
        return value * 2n;
      case 1:
        return value / 2n;
      default:
        return value + BigInt(prng.pick(NUDGES));
    }
  });
}

/** Gives an op a number of another one. */
function repeatNumber(program: Program, { prng }: Material): Program {
  const values = program.flatMap((op) => numbersOf(op).map(([, value]) => value));
  if (values.length === 0) return program;
  return changeNumber(program, prng, () => BigInt(prng.pick(values)));
}

function changeNumber(program: Program, prng: Prng, change: (value: bigint) => bigint): Program {
  if (program.length === 0) return program;
  const index = prng.below(program.length);
  const op = program[index]!;
  const numbers = numbersOf(op);
  if (numbers.length === 0) return program;
  const [field, value] = prng.pick(numbers);
  return program.with(index, withNumber(op, field, change(BigInt(value))));
}

/** The fields whose numbers may be changed a little. */
const FIELDS = ['size', 'count', 'offset', 'increment', 'ticks', 'value', 'capacity'] as const;
type Field = (typeof FIELDS)[number];

function numbersOf(op: Op): readonly (readonly [Field, Size])[] {
  const fields = op as unknown as Readonly<Partial<Record<Field, Size>>>;
  return FIELDS.flatMap((field) => {
    const value = fields[field];
    return value === undefined ? [] : [[field, value] as const];
  });
}

/** The op with another number, as near to it as may stand there. */
function withNumber(op: Op, field: Field, value: bigint): Op {
  return { ...op, [field]: allowed(op, field, value) };
}

function allowed(op: Op, field: Field, value: bigint): Size {
  const isAccess = op.kind === 'load' || op.kind === 'store';
  if (field === 'size' && isAccess) return ACCESS_SIZES.find((size) => size >= value) ?? 8;
  const isOfBlock = !isPageOp(op) && (field === 'size' || field === 'count');
  const max = isOfBlock ? BigInt(SIZE_MAX) : BigInt(Number.MAX_SAFE_INTEGER);
  const isSigned = field === 'increment' || op.kind === 'free-foreign';
  const min = isSigned ? -max : isFromOne(op, field) ? 1n : 0n;
  return sizeOf(value < min ? min : value > max ? max : value);
}

function isFromOne({ kind }: Op, field: Field): boolean {
  return field === 'capacity' || kind === 'quantum' || kind === 'free-inside';
}

/** Where a stretch begins and ends; empty where there are no ops. */
function stretchOf(program: Program, prng: Prng): readonly [number, number] {
  if (program.length === 0) return [0, 0];
  const start = prng.below(program.length);
  return [start, Math.min(program.length, start + prng.between(1, STRETCH_MAX))];
}

function insertAt(program: Program, index: number, ops: Program): Program {
  return [...program.slice(0, index), ...ops, ...program.slice(index)];
}
