import { needsKernel, type Op, STACK_SIZE } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import { printOp } from '../../program/text.ts';
import type { Attempt } from '../pass.ts';

/** Longest programs that are tried one by one. */
const LENGTH_MAX = 3;
/** The longest ones are made of this many ops at the most. */
const OPS_MAX = 12;

/** Ops that programs of threads begin with, whatever they are about. */
const BEGINNINGS: readonly Op[] = [
  { kind: 'spawn', child: 1, as: 'thread', stackSize: STACK_SIZE },
  { kind: 'spawn', child: 1, as: 'process', stackSize: STACK_SIZE },
];
/** Ops by which two threads meet: at the lock of their heap. */
const MEETINGS: readonly Op[] = [
  { kind: 'malloc', slot: 0, size: 0 },
  { kind: 'malloc', slot: 1, size: 0, thread: 1 },
];
/** Ops at which the core changes hands, or time goes by. */
const TURNS: readonly Op[] = [
  { kind: 'io', ticks: 0 },
  { kind: 'join', child: 1 },
  { kind: 'compute', ticks: 10 },
  { kind: 'compute', ticks: 110 },
];

/** What the longest ones begin with. */
const SETTINGS: ReadonlySet<Op['kind']> = new Set([
  'spawn',
  'semaphore',
  'queue',
  'quantum',
  'policy',
]);

/**
 * Tries all short programs of threads, shorter ones first, made of the ops at hand, done by the first thread or by one
 * other, and of those that start threads and change hands. What threads do to each other often has a short form that no
 * dropping of ops leads to: a schedule moves as a whole when an op goes.
 */
export function tryShortThreadPrograms(program: Program, attempt: Attempt): Program {
  if (!program.some(needsKernel)) return program;
  const ops = opsAtHand(program);
  for (let length = 0; length <= Math.min(LENGTH_MAX, program.length - 1); length += 1) {
    const own = length === LENGTH_MAX ? ops.slice(0, OPS_MAX) : ops;
    for (const candidate of programsOf(length, own))
      if (isWorthwhile(candidate) && attempt(candidate)) return candidate;
  }
  return program;
}

/**
 * The ops of a program, each in its plainest form and by either thread, once; then those that programs share. The other
 * thread has a slot of its own for what it is granted.
 */
function opsAtHand(program: Program): readonly Op[] {
  const own = program.map(plain).flatMap((op): readonly Op[] => {
    const { thread: _, ...first } = op;
    const other = op.kind === 'malloc' ? { ...op, slot: 1 } : op;
    return op.thread === undefined ? [op] : [first, { ...other, thread: 1 }];
  });
  const all = [...BEGINNINGS, ...MEETINGS, ...own, ...TURNS];
  return [...new Map(all.map((op) => [printOp(op), op])).values()];
}

function plain(op: Op): Op {
  if (op.kind === 'spawn' || op.kind === 'join') return { ...op, child: 1 };
  if (op.kind === 'semaphore') return { ...op, semaphore: 0 };
  if (op.kind === 'queue') return { ...op, queue: 0, capacity: 1 };
  if (op.kind === 'malloc') return { ...op, slot: 0, size: 0 };
  if (op.kind === 'free') return { ...op, slot: 0 };
  return op;
}

/**
 * Whether a program is worth a run: it is not the same as another that is tried, with the ops of threads in another
 * order or with one that is skipped; and a long one begins with what makes a difference to all that follows.
 */
function isWorthwhile(program: Program): boolean {
  const isOther = program.map(({ thread }) => thread !== undefined);
  const spawn = program.findIndex(({ kind }) => kind === 'spawn');
  if (spawn >= 0 && program.slice(spawn + 1).some(({ kind }) => kind === 'spawn')) return false;
  const first = isOther.indexOf(true);
  if (first >= 0 && (spawn === -1 || spawn > first || isOther.lastIndexOf(false) > first))
    return false;
  return program.length < LENGTH_MAX || SETTINGS.has(program[0]!.kind);
}

function* programsOf(length: number, ops: readonly Op[]): Generator<Program> {
  if (length === 0) {
    yield [];
    return;
  }
  for (const rest of programsOf(length - 1, ops)) for (const op of ops) yield [...rest, op];
}
