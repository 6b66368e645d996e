import { expect, test } from 'vitest';
import { printOp, parseProgram } from '../../program/text.ts';
import { isForSharedHeap, opsOf, planOf, SHARED_KINDS } from './thread-plan.ts';

const ALL = new Set(SHARED_KINDS);

function programOf(...lines: readonly string[]) {
  return parseProgram(`heapcheck program 1\n${lines.join('\n')}\n`, 'a.ops').program;
}

/** Each step as `thread: op`, and the step that it waits for. */
function dealt(...lines: readonly string[]): readonly string[] {
  return planOf(programOf(...lines), ALL).steps.map(
    ({ op, source, thread }) =>
      `${thread}: ${printOp(op)}${source === undefined ? '' : ` after ${source}`}`,
  );
}

test('an op that takes a block waits for the one that asked for it, whichever thread that was', () => {
  expect(
    dealt('b0 = malloc 8', 't3: b1 = malloc 8', 't3: b0 = realloc b0 24', 'free b1', 't1: free b0'),
  ).toEqual([
    '0: b0 = malloc 8',
    '1: b1 = malloc 8',
    '1: b0 = realloc b0 24 after 0',
    '0: free b1 after 1',
    '2: free b0 after 2',
  ]);
});

test('an op whose slots do not allow it does nothing, and no block is taken twice', () => {
  expect(
    dealt(
      'free b0',
      'b0 = malloc 8',
      't1: b0 = malloc 16',
      'b1 = realloc b2 8',
      't1: free b0',
      'free b0',
      'b0 = calloc 2 8',
      'b1 = malloc 1',
      'b1 = realloc b0 8',
    ),
  ).toEqual(['0: b0 = malloc 8', '1: free b0 after 0', '0: b0 = calloc 2 8', '0: b1 = malloc 1']);
});

test('realloc may fill another slot than its own, or ask for a block', () => {
  expect(dealt('b0 = malloc 8', 'b1 = realloc b0 16', 'b0 = realloc null 4', 'free b1')).toEqual([
    '0: b0 = malloc 8',
    '0: b1 = realloc b0 16 after 0',
    '0: b0 = realloc null 4',
    '0: free b1 after 1',
  ]);
});

test('misuse is not asked, nor what the allocator does not have', () => {
  const program = programOf('b0 = aligned 64 64', 'b1 = malloc 8', 'free-inside b1 4', 'free null');
  const plan = planOf(program, new Set(['malloc', 'free']));
  expect(plan.steps.map(({ step }) => step)).toEqual([1, 3]);
  expect(opsOf(plan, program).map(printOp)).toEqual(['b1 = malloc 8', 'free null']);
});

test('a plan knows the bytes that each step asks for', () => {
  const program = programOf(
    'b0 = calloc 3 8',
    'b1 = aligned 16 32',
    'b1 = realloc b1 5',
    'free b0',
  );
  expect(planOf(program, ALL).steps.map(({ size }) => size)).toEqual([24, 32, 5, 0]);
});

test.each([
  [['b0 = malloc 8', 't1: free b0'], true],
  [['t1 = spawn thread'], false],
  [['a0 = map 4096'], false],
])('%j can be done on a shared heap: %s', (lines, expected) => {
  expect(isForSharedHeap(programOf(...lines))).toBe(expected);
});
