import * as fc from 'fast-check';
import {
  type MisuseKind,
  ACCESS_SIZES,
  type Base,
  type Op,
  POLICIES,
  PROTECTIONS,
  SEMAPHORE_PASSINGS,
  type Slot,
  STACK_SIZE,
} from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { goingOn } from './going-on.ts';

/** What a thread may come to do in these programs. */
type Kind = Exclude<Op['kind'], 'calloc' | 'aligned' | 'realloc' | MisuseKind>;

/** How often ops of each kind come up, next to each other; one that is left out never does. */
type ThreadOpWeights = Readonly<Partial<Record<Kind, number>>>;

/** What the programs of an arbitrary look like. */
export interface ThreadProgramShape {
  readonly weights: ThreadOpWeights;
  /** What is spawned at the beginning: threads of one process, processes, or both. */
  readonly spawns: readonly ('thread' | 'process')[];
  readonly pageSize: number;
  readonly opsMax: number;
}

/** The programs that ask some invariants of a kernel often. */
interface ThreadSuite {
  /** The invariant to which the programs are weighted; all are asked. */
  readonly invariant: string;
  /** What the programs are, in words. */
  readonly programs: string;
  readonly spawns: readonly ('thread' | 'process')[];
  readonly weights: ThreadOpWeights;
}

/**
 * Suites for a kernel, by what they are about: waiting, heaps, switches, shared memory, calls. What only one suite asks
 * comes first; switches and memory are part of all.
 */
export const THREAD_SUITES: readonly ThreadSuite[] = [
  {
    invariant: 'messages-arrive-in-order',
    programs: 'queues, a device and sleep',
    spawns: ['thread', 'process'],
    weights: { queue: 1, send: 9, receive: 8, io: 3, sleep: 3, compute: 3, quantum: 1, exit: 1 },
  },
  {
    invariant: 'no-wake-up-is-lost',
    programs: 'semaphores that are handed off, or not',
    spawns: ['thread', 'process'],
    weights: { semaphore: 1, down: 8, up: 10, compute: 4, yield: 3, sleep: 2, policy: 1, join: 1 },
  },
  {
    invariant: 'heap-is-locked',
    programs: 'heaps that threads share',
    spawns: ['thread', 'thread', 'process'],
    weights: { malloc: 10, free: 8, load: 1, store: 3, compute: 1, yield: 1, exit: 1, quantum: 1 },
  },
  {
    invariant: 'registers-come-back',
    programs: 'switches between processes',
    spawns: ['process'],
    weights: {
      compute: 4,
      load: 6,
      store: 6,
      map: 3,
      push: 3,
      pop: 3,
      yield: 2,
      exit: 1,
      spawn: 1,
    },
  },
  {
    invariant: 'values-do-not-depend-on-tlb',
    programs: 'threads that share memory and change it under each other',
    spawns: ['thread', 'thread', 'process'],
    weights: { map: 4, load: 8, store: 8, touch: 3, unmap: 1, protect: 2, yield: 2, compute: 2 },
  },
  {
    invariant: 'calls-change-their-own-pages',
    programs: 'processes that map, unmap and protect, until frames run out',
    spawns: ['process', 'thread'],
    weights: { map: 5, 'map-at': 4, unmap: 3, protect: 3, brk: 3, touch: 6, store: 2, load: 2 },
  },
];

/** Slots are few, so that a thread comes back to what another left there. */
const SLOT_MAX = 2;
const SEMAPHORES_MAX = 3;
const QUEUES_MAX = 2;
const THREADS_MAX = 4;
/** Once in so many, an op may end its thread, or stop it for good. */
const WILD_ONE_IN = 100;

/**
 * Programs of threads: how they are run and what they talk by, then what is spawned, then ops dealt to the threads. A
 * shrunk one has fewer of each, and more of them done by the first thread.
 */
export function threadPrograms(shape: ThreadProgramShape): fc.Arbitrary<Program> {
  const ops = opsOf(shape.pageSize);
  const kinds = Object.entries(shape.weights).map(([kind, weight]) => ({
    weight,
    arbitrary: ops[kind as Kind],
  }));
  const dealt = fc
    .tuple(
      fc.nat({ max: THREADS_MAX }),
      fc.oneof(...kinds),
      fc.integer({ min: 1, max: WILD_ONE_IN }),
    )
    .map(([thread, op, wild]) => ({ op: onThread(thread, op), isWild: wild === WILD_ONE_IN }));
  return fc
    .tuple(openings(shape), fc.array(dealt, { maxLength: shape.opsMax, size: 'max' }))
    .map(([opening, rest]) =>
      goingOn([...opening.map((op) => ({ op, isWild: true })), ...rest], shape.pageSize),
    );
}

/** An op as it stands in a program for the thread that does it. */
export function onThread(thread: Slot, op: Op): Op {
  return thread === 0 ? op : { ...op, thread };
}

/** What stands at the beginning: short slices mostly, semaphores and queues where ops use them, areas, threads. */
function openings({ pageSize, spawns, weights }: ThreadProgramShape): fc.Arbitrary<Program> {
  const { policy, quantum, queue, semaphore } = opsOf(pageSize);
  const made = (kind: Kind, arbitrary: fc.Arbitrary<Op>, count: number): fc.Arbitrary<Program> =>
    weights[kind] === undefined
      ? fc.constant([])
      : fc.array(arbitrary, { maxLength: count, size: 'max' });
  const children = fc
    .array(fc.constantFrom(...spawns), { maxLength: THREADS_MAX, size: 'max' })
    .map((all) =>
      all.map((as, index): Op => ({ kind: 'spawn', child: index + 1, as, stackSize: STACK_SIZE })),
    );
  const parts: readonly fc.Arbitrary<Program>[] = [
    fc.array(quantum, { maxLength: 1, size: 'max' }),
    fc.array(policy, { maxLength: 1, size: 'max' }),
    made('down', semaphore, SEMAPHORES_MAX),
    made('send', queue, QUEUES_MAX),
    made('map', areas(pageSize), SLOT_MAX),
    children,
  ];
  return fc.tuple(...parts).map((all) => all.flat());
}

/** Areas of a few pages that may be written to. */
function areas(pageSize: number): fc.Arbitrary<Op> {
  return fc.record({
    ...named('map'),
    area: fc.nat({ max: SLOT_MAX }),
    size: fc.integer({ min: 1, max: 4 }).map((count) => count * pageSize),
    protection: fc.constant('read-write' as const),
  });
}

/** Ops of each kind, around the edges of pages of this size. */
function opsOf(pageSize: number): Readonly<Record<Kind, fc.Arbitrary<Op>>> {
  return { ...threadOps(), ...talkOps(), ...memoryOps(pageSize), ...blockOps(pageSize) };
}

/** What a thread does by itself, and about others. */
function threadOps() {
  const ticks = fc.constantFrom(1, 0, 2, 5, 12);
  const bytes = fc.constantFrom(8, 16);
  const child = fc.integer({ min: 1, max: THREADS_MAX });
  const as = fc.constantFrom('thread', 'process');
  const stackSize = fc.constantFrom(STACK_SIZE, 8, 136, 512);
  return {
    spawn: fc.record({ ...named('spawn'), child, as, stackSize }),
    join: fc.record({ ...named('join'), child }),
    exit: fc.record(named('exit')),
    yield: fc.record(named('yield')),
    compute: fc.record({ ...named('compute'), ticks }),
    sleep: fc.record({ ...named('sleep'), ticks }),
    io: fc.record({ ...named('io'), ticks }),
    quantum: fc.record({ ...named('quantum'), ticks: fc.constantFrom(1, 2, 3, 7) }),
    policy: fc.record({ ...named('policy'), policy: fc.constantFrom(...POLICIES) }),
    push: fc.record({ ...named('push'), bytes }),
    pop: fc.record({ ...named('pop'), bytes }),
  };
}

/** What threads talk by. */
function talkOps() {
  const semaphore = fc.nat({ max: SEMAPHORES_MAX - 1 });
  const queue = fc.nat({ max: QUEUES_MAX - 1 });
  const passing = fc.constantFrom(...SEMAPHORE_PASSINGS);
  const value = fc.nat({ max: 2 });
  return {
    semaphore: fc.record({ ...named('semaphore'), semaphore, value, passing }),
    down: fc.record({ ...named('down'), semaphore }),
    up: fc.record({ ...named('up'), semaphore }),
    queue: fc.record({ ...named('queue'), queue, capacity: fc.integer({ min: 1, max: 3 }) }),
    send: fc.record({ ...named('send'), queue }),
    receive: fc.record({ ...named('receive'), queue }),
  };
}

/** What is done to pages, and in them. */
function memoryOps(pageSize: number) {
  const area = fc.nat({ max: SLOT_MAX });
  const protection = fc.constantFrom(...PROTECTIONS.toReversed());
  const size = fc.integer({ min: 1, max: 4 }).map((count) => count * pageSize);
  const offset = fc.nat({ max: 2 }).map((page) => page * pageSize);
  const base = fc.oneof(
    { weight: 4, arbitrary: area },
    { weight: 1, arbitrary: fc.constantFrom<Base>('b0', 'b1', 'brk') },
  );
  const inPage = fc.constantFrom(0, 8, pageSize - 8, pageSize - 3, pageSize);
  const access = { base, offset: inPage, size: fc.constantFrom(...ACCESS_SIZES) };
  const range = { base: area, offset, size };
  return {
    map: fc.record({ ...named('map'), area, size, protection }),
    'map-at': fc.record({ ...named('map-at'), area, ...range, protection }),
    unmap: fc.record({ ...named('unmap'), ...range }),
    protect: fc.record({ ...named('protect'), ...range, protection }),
    brk: fc.record({ ...named('brk'), increment: fc.constantFrom(8, -8, pageSize, -pageSize) }),
    load: fc.record({ ...named('load'), ...access }),
    store: fc.record({ ...named('store'), ...access }),
    touch: fc.record({ ...named('touch'), ...range }),
  };
}

/** What is asked of a process's heap. */
function blockOps(pageSize: number) {
  const slot = fc.nat({ max: SLOT_MAX });
  const size = fc.constantFrom(8, 16, 24, 100, pageSize);
  return {
    malloc: fc.record({ ...named('malloc'), slot, size }),
    free: fc.record({ ...named('free'), slot }),
  };
}

function named<Name extends Kind>(kind: Name): { readonly kind: fc.Arbitrary<Name> } {
  return { kind: fc.constant(kind) };
}
