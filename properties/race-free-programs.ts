import * as fc from 'fast-check';
import type { Outcome } from '../src/check/outcome.ts';
import type { MachineTarget } from '../src/check/target.ts';
import { ACCESS_SIZES, type Op, type Policy, type Slot, STACK_SIZE } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { goingOn } from './going-on.ts';
import { onThread } from './thread-programs.ts';

/*
 * Programs without races: whatever the schedule, each op comes to the same.
 *
 * Definitions. A *schedule* is which thread runs when. A *race* is any place where two threads do something whose order
 * matters.
 *
 * Shape. Memory is a thread's own: areas and blocks in slots that no other thread names, of which only bytes are read
 * that it wrote, or that are zero; and its stack, from which it pops what it pushed. A semaphore has one thread that
 * goes down, a queue has one sender and one receiver, so that nobody is ever overtaken; one semaphore more guards a
 * section in which nothing waits for others. Only the first thread spawns, and only it joins. The machine has frames for
 * everybody: who gets the last one is a race, too.
 *
 * What goes wrong otherwise. Shrinking such a program op by op makes races, in which anything may come to anything;
 * so its parts are drawn, and are shrunk as they are drawn.
 *
 * Source: Kahn, "The Semantics of a Simple Language for Parallel Programming", 1974.
 */

/** How a program is run, where it makes no difference. */
export interface Schedule {
  readonly quantum: number;
  readonly policy: Policy;
  /** Whether threads are spawned in the order of the program, or the other way round. */
  readonly spawns: 'in-order' | 'reversed';
}

/** A machine, and how it runs a program. */
export interface Arrangement {
  readonly makeTarget: () => MachineTarget;
  readonly schedule: Schedule;
}

/** The first schedules to try: short slices, another policy and order, slices that nothing ends. */
export const SCHEDULES: readonly [Schedule, ...Schedule[]] = [
  { quantum: 1, policy: 'rr', spawns: 'in-order' },
  { quantum: 3, policy: 'mlfq', spawns: 'reversed' },
  { quantum: 10, policy: 'fcfs', spawns: 'reversed' },
];

const THREADS_MAX = 3;
/** The semaphore of the section in which a thread is alone. */
const GUARD = THREADS_MAX + 1;
const AREA_PAGES = 2;
const BLOCK_SIZE = 16;

/** Programs without races, whose first two ops say how they are run. */
export function raceFreePrograms(pageSize: number, partsMax = 60): fc.Arbitrary<Program> {
  const spawns = fc.array(fc.constantFrom('thread', 'process'), {
    minLength: 1,
    maxLength: THREADS_MAX,
    size: 'max',
  });
  const part = fc.tuple(fc.nat({ max: THREADS_MAX }), partOf(pageSize));
  return fc
    .tuple(spawns, fc.array(part, { maxLength: partsMax, size: 'max' }))
    .map(([children, parts]) => {
      const threadsCount = children.length + 1;
      const ops = parts.flatMap(([drawn, make]) => {
        const thread = drawn % threadsCount;
        return make({ thread, threadsCount }).map((op) => onThread(thread, op));
      });
      const maps = [0, ...children].map((_, thread) => onThread(thread, mapOf(thread, pageSize)));
      const all = [...opening(children), ...maps, ...ops].map((op) => ({ op, isWild: false }));
      return goingOn(all, pageSize);
    });
}

/** The same program under another schedule. */
function underSchedule(program: Program, { policy, quantum, spawns }: Schedule): Program {
  const spawned = program.filter(({ kind }) => kind === 'spawn');
  if (spawns === 'reversed') spawned.reverse();
  return program.map((op): Op => {
    if (op.kind === 'quantum') return { ...op, ticks: quantum };
    if (op.kind === 'policy') return { ...op, policy };
    return op.kind === 'spawn' ? spawned.shift()! : op;
  });
}

/** What ops come to otherwise in another arrangement, the first of them; undefined when all come to the same. */
export function differenceIn(
  program: Program,
  plain: Arrangement,
  others: readonly Arrangement[],
): string | undefined {
  const expected = valuesIn(plain, program);
  for (const other of others) {
    const values = valuesIn(other, program);
    const step = values.findIndex((value, at) => value !== expected[at]);
    if (step >= 0)
      return `op ${step} comes to ${expected[step]}, and to ${values[step]} with ${JSON.stringify(other.schedule)}`;
  }
  return undefined;
}

function valuesIn({ makeTarget, schedule }: Arrangement, program: Program): readonly string[] {
  return valuesOf(makeTarget(), underSchedule(program, schedule));
}

/** What each op of a program came to, without addresses and reasons, which depend on the schedule. */
export function valuesOf(target: MachineTarget, program: Program): readonly string[] {
  const values: string[] = [];
  target.perform(program, {
    began: () => undefined,
    ended: (_op, step, outcome) => {
      values[step] = valueOf(outcome);
      return 'go on';
    },
  });
  return values;
}

function valueOf(outcome: Outcome): string {
  return outcome.kind === 'done' ? `done ${outcome.value ?? ''}`.trim() : outcome.kind;
}

/** How it is run, what threads talk by, and the threads. */
function opening(children: readonly ('thread' | 'process')[]): Program {
  const slots = [0, ...children.keys()].map((_, index) => index);
  return [
    { kind: 'quantum', ticks: 10 },
    { kind: 'policy', policy: 'rr' },
    ...slots.map((semaphore): Op => ({ kind: 'semaphore', semaphore, value: 0, passing: 'mesa' })),
    { kind: 'semaphore', semaphore: GUARD, value: 1, passing: 'hand-off' },
    ...slots.map((queue): Op => ({ kind: 'queue', queue, capacity: 1 + (queue % 2) })),
    ...children.map((as, index): Op => ({
      kind: 'spawn',
      child: index + 1,
      as,
      stackSize: STACK_SIZE,
    })),
  ];
}

/** Makes the ops of a part for one of the threads. */
type Part = (who: { readonly thread: Slot; readonly threadsCount: number }) => Program;

type WeightedPart = fc.WeightedArbitrary<Part>;

/** What a thread does next, by itself or with others. */
function partOf(pageSize: number): fc.Arbitrary<Part> {
  return fc.oneof(...areaParts(pageSize), ...ownParts(), ...talkParts());
}

function always(weight: number, part: Part): WeightedPart {
  return { weight, arbitrary: fc.constant(part) };
}

/** What a thread does with its area. */
function areaParts(pageSize: number): readonly WeightedPart[] {
  const size = AREA_PAGES * pageSize;
  const offset = fc
    .tuple(fc.nat({ max: AREA_PAGES - 1 }), fc.constantFrom(0, 8, pageSize - 8, pageSize - 3))
    .map(([page, inPage]) => page * pageSize + inPage);
  const access = fc
    .record({
      kind: fc.constantFrom('load', 'load', 'store'),
      offset,
      size: fc.constantFrom(...ACCESS_SIZES),
    })
    .map((op): Part => ({ thread }) => [{ ...op, base: thread }]);
  const protect = fc
    .constantFrom('read' as const, 'read-write' as const)
    .map((protection): Part => ({ thread }) => [
      { kind: 'protect', base: thread, offset: 0, size: pageSize, protection },
    ]);
  return [
    { weight: 10, arbitrary: access },
    { weight: 1, arbitrary: protect },
    always(1, ({ thread }) => [mapOf(thread, pageSize)]),
    always(1, ({ thread }) => [{ kind: 'unmap', base: thread, offset: 0, size }]),
  ];
}

/** What a thread does with its block and its stack, and with its time. */
function ownParts(): readonly WeightedPart[] {
  const push = fc
    .constantFrom(8, 16)
    .chain((bytes) => fc.constantFrom<Op>({ kind: 'push', bytes }, { kind: 'pop', bytes }));
  const time = fc
    .tuple(fc.constantFrom('compute', 'compute', 'sleep', 'io'), fc.constantFrom(1, 2, 5, 12))
    .map(([kind, ticks]): Op => ({ kind, ticks }));
  const load = fc.constantFrom(...ACCESS_SIZES).map((size): Part => ({ thread }) => [
    { kind: 'load', base: `b${thread}`, offset: 8, size },
  ]);
  return [
    {
      weight: 6,
      arbitrary: push.map((op): Part => () => [op]),
    },
    {
      weight: 5,
      arbitrary: time.map((op): Part => () => [op]),
    },
    { weight: 2, arbitrary: load },
    always(2, ({ thread }) => blockOf(thread)),
    always(1, ({ thread }) => [{ kind: 'free', slot: thread }]),
    always(1, () => [{ kind: 'yield' }]),
  ];
}

/** What a thread tells others, or waits for. */
function talkParts(): readonly WeightedPart[] {
  const number = fc.nat({ max: THREADS_MAX });
  const up = number.map((other): Part => ({ threadsCount }) => [
    { kind: 'up', semaphore: other % threadsCount },
  ]);
  const guarded = fc.constantFrom(1, 2, 5, 12).map((ticks): Part => () => [
    { kind: 'down', semaphore: GUARD },
    { kind: 'compute', ticks },
    { kind: 'up', semaphore: GUARD },
  ]);
  const join = number.map(
    (child): Part =>
      ({ thread }) =>
        thread === 0 ? [{ kind: 'join', child }] : [],
  );
  return [
    { weight: 3, arbitrary: up },
    always(2, ({ thread }) => [{ kind: 'down', semaphore: thread }]),
    always(3, ({ thread, threadsCount }) => [{ kind: 'send', queue: (thread + 1) % threadsCount }]),
    always(3, ({ thread }) => [{ kind: 'receive', queue: thread }]),
    { weight: 1, arbitrary: guarded },
    { weight: 1, arbitrary: join },
  ];
}

/** The area of a thread. */
function mapOf(thread: Slot, pageSize: number): Op & { kind: 'map' } {
  return { kind: 'map', area: thread, size: AREA_PAGES * pageSize, protection: 'read-write' };
}

/** The block of a thread, written to from end to end: what malloc hands out may hold anything. */
function blockOf(thread: Slot): Program {
  return [
    { kind: 'malloc', slot: thread, size: BLOCK_SIZE },
    { kind: 'store', base: `b${thread}`, offset: 0, size: 8 },
    { kind: 'store', base: `b${thread}`, offset: 8, size: 8 },
  ];
}
