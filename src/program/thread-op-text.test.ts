import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { type Op, STACK_SIZE, THREAD_OP_KINDS } from './op.ts';
import { parseProgram, printOp } from './text.ts';
import { printThreadOp, THREAD_OP_FORMS } from './thread-op-text.ts';

/** Each form of an op, beside its line. */
const LINES: readonly (readonly [line: string, op: Op])[] = [
  ['t1 = spawn thread', { kind: 'spawn', child: 1, as: 'thread', stackSize: STACK_SIZE }],
  ['t2 = spawn process 512', { kind: 'spawn', child: 2, as: 'process', stackSize: 512 }],
  ['t0 = spawn thread 0', { kind: 'spawn', child: 0, as: 'thread', stackSize: 0 }],
  ['join t1', { kind: 'join', child: 1 }],
  ['exit', { kind: 'exit' }],
  ['yield', { kind: 'yield' }],
  ['compute 10', { kind: 'compute', ticks: 10 }],
  ['sleep 0', { kind: 'sleep', ticks: 0 }],
  ['io 7', { kind: 'io', ticks: 7 }],
  ['push 64', { kind: 'push', bytes: 64 }],
  ['pop 8', { kind: 'pop', bytes: 8 }],
  ['s0 = semaphore 1', { kind: 'semaphore', semaphore: 0, value: 1, passing: 'hand-off' }],
  ['s3 = semaphore 0 mesa', { kind: 'semaphore', semaphore: 3, value: 0, passing: 'mesa' }],
  ['down s0', { kind: 'down', semaphore: 0 }],
  ['up s1', { kind: 'up', semaphore: 1 }],
  ['q0 = queue 2', { kind: 'queue', queue: 0, capacity: 2 }],
  ['send q0', { kind: 'send', queue: 0 }],
  ['receive q1', { kind: 'receive', queue: 1 }],
  ['quantum 1', { kind: 'quantum', ticks: 1 }],
  ['policy mlfq', { kind: 'policy', policy: 'mlfq' }],
  ['t1: down s0', { kind: 'down', semaphore: 0, thread: 1 }],
  [
    't12: t3 = spawn thread',
    { kind: 'spawn', child: 3, as: 'thread', stackSize: STACK_SIZE, thread: 12 },
  ],
  ['t1: b0 = malloc 8', { kind: 'malloc', slot: 0, size: 8, thread: 1 }],
  ['t2: store a0 8 4', { kind: 'store', base: 0, offset: 8, size: 4, thread: 2 }],
];

/** Reads a line under a header. */
function parse(line: string): readonly Op[] {
  return parseProgram(`heapcheck program 1\n${line}`, 'a.ops').program;
}

test('every kind of op is among those that are read and printed here', () => {
  const kinds = new Set(LINES.map(([, { kind }]) => kind));
  expect(THREAD_OP_KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
});

test.each(LINES)('%s reads as it prints', (line, op) => {
  expect(parse(line)).toEqual([op]);
  expect(printOp(op)).toBe(line);
});

test.each(THREAD_OP_FORMS)('%s, which a mend shows, is an op', (form) => {
  expect(parse(form).map((op) => printOp(op))).toEqual([form]);
});

test.each([
  ['t0: yield', 'yield'],
  ['t1:yield', 't1: yield'],
  ['t01:   down   s00', 't1: down s0'],
  ['s0 = semaphore 1 hand-off', 's0 = semaphore 1'],
  [`t1 = spawn thread ${STACK_SIZE}`, 't1 = spawn thread'],
  ['t1: exit # and no more', 't1: exit'],
])('%j reads as %s', (line, plain) => {
  expect(parse(line).map((op) => printOp(op))).toEqual([plain]);
});

const FORMS = `the ops are: ${THREAD_OP_FORMS.join(', ')}`;
const SLOT = (word: string, letter: string): string =>
  `'${word}' stands where a slot belongs; write ${letter}0, ${letter}1, ${letter}2 and so on`;
const NUMBER = (word: string): string =>
  `'${word}' stands where a number belongs; write a whole number in decimal digits`;

describe('a line that is no op is refused in one sentence', () => {
  test.each([
    ['t1 = spawn', `'t1 = spawn' is no op; ${FORMS}`],
    ['t1 = spawn thread 8 8', `'t1 = spawn thread 8 8' is no op; ${FORMS}`],
    ['t1 = fork thread', `'t1 = fork thread' is no op; ${FORMS}`],
    ['s0 = semaphore', `'s0 = semaphore' is no op; ${FORMS}`],
    ['q0 = queue 1 2', `'q0 = queue 1 2' is no op; ${FORMS}`],
    ['exit now', `'exit now' is no op; ${FORMS}`],
    ['yield 2', `'yield 2' is no op; ${FORMS}`],
    ['join', `'join' is no op; ${FORMS}`],
    ['compute', `'compute' is no op; ${FORMS}`],
    ['down s0 s1', `'down s0 s1' is no op; ${FORMS}`],
    ['t1: policy', `'policy' is no op; ${FORMS}`],
    ['t1 = spawn fiber', "'fiber' is none of thread, process; write one of them"],
    ['s1 = spawn thread', SLOT('s1', 't')],
    ['t1 = spawn thread big', NUMBER('big')],
    ['t1 = semaphore 1', SLOT('t1', 's')],
    ['s0 = semaphore -1', NUMBER('-1')],
    ['s0 = semaphore 1 hoare', "'hoare' is none of hand-off, mesa; write one of them"],
    ['s0 = queue 1', SLOT('s0', 'q')],
    ['q0 = queue 0', "'0' is too small; write a whole number from 1 on"],
    ['quantum 0', "'0' is too small; write a whole number from 1 on"],
    ['quantum fast', NUMBER('fast')],
    ['join s1', SLOT('s1', 't')],
    ['down q0', SLOT('q0', 's')],
    ['up t0', SLOT('t0', 's')],
    ['send s0', SLOT('s0', 'q')],
    ['receive 0', SLOT('0', 'q')],
    ['sleep 1.5', NUMBER('1.5')],
    [
      'io 9007199254740992',
      '9007199254740992 is too large; numbers go up to 9007199254740991 here',
    ],
    ['push 12', "'12' is no move of a stack; write a multiple of 8 from 8 on"],
    ['pop 0', "'0' is no move of a stack; write a multiple of 8 from 8 on"],
    ['policy lottery', "'lottery' is none of rr, fcfs, mlfq; write one of them"],
    ['tx: yield', SLOT('tx', 't')],
    ['t1048576: yield', 'slot t1048576 is too large; slots go up to t1048575'],
  ])('%s', (line, sentence) => {
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ message: `a.ops:2: ${sentence}.` }),
    );
  });
});

test('an op of no kind is a bug of ours', () => {
  expect(() => printThreadOp(JSON.parse('{"kind": "wait"}'))).toThrow(KitBug);
});
