import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Runner } from '../src/check/runner.ts';
import type { Op } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, printOp, printProgram } from '../src/program/text.ts';
import { KERNEL_RULES, kernelTarget } from '../src/targets/kernel.ts';
import { goingOn } from './going-on.ts';
import { propertiesOf } from './suites.ts';
import { THREAD_SUITES, threadPrograms } from './thread-programs.ts';

const SEED = 0x7eed;
const PAGE = 4096;

/** The arbitrary of a suite's programs. */
function ofSuite(suite: (typeof THREAD_SUITES)[number]): fc.Arbitrary<Program> {
  return threadPrograms({ ...suite, opsMax: 100, pageSize: PAGE });
}

/** What the programs of a suite come to. */
function outcomesOf(suite: (typeof THREAD_SUITES)[number]) {
  const runner = new Runner(kernelTarget(), { record: 'outcomes' });
  const kinds: string[] = [];
  for (const program of fc.sample(ofSuite(suite), { seed: SEED, numRuns: 15 })) {
    expect(runner.run(program)).toBeUndefined();
    kinds.push(...runner.trace.map(({ outcome }) => outcome.kind));
  }
  const skippedCount = kinds.filter((kind) => kind === 'skipped').length;
  return { skippedShare: skippedCount / kinds.length, events: runner.events };
}

/** The event that each suite is about. */
const EVENTS: Readonly<Record<string, string>> = {
  'registers-come-back': 'preemption',
  'values-do-not-depend-on-tlb': 'preemption',
  'no-wake-up-is-lost': 'semaphore',
  'messages-arrive-in-order': 'queue',
  'heap-is-locked': 'semaphore',
  'calls-change-their-own-pages': 'tlbFlushes',
};

test.each(THREAD_SUITES.map((suite) => [suite.programs, suite] as const))(
  '%s: most ops are come to, and what they are about happens',
  (_, suite) => {
    const { events, skippedShare } = outcomesOf(suite);
    expect(skippedShare).toBeLessThan(0.5);
    expect(events.get(EVENTS[suite.invariant]!)).toBeGreaterThan(5);
  },
);

test('each suite is weighted to a rule of its own, and has the kinds of op that it names', () => {
  const rules = KERNEL_RULES.map(({ name }) => name);
  expect(new Set(THREAD_SUITES.map(({ invariant }) => invariant)).size).toBe(THREAD_SUITES.length);
  for (const suite of THREAD_SUITES) {
    expect(rules).toContain(suite.invariant);
    const drawn = fc.sample(ofSuite(suite), { seed: SEED, numRuns: 100 }).flat();
    const kinds = new Set<string>(drawn.map(({ kind }) => kind));
    for (const kind of Object.keys(suite.weights)) expect(kinds).toContain(kind);
  }
});

test('programs read as they print', () => {
  for (const program of fc.sample(ofSuite(THREAD_SUITES[5]!), { seed: SEED, numRuns: 50 }))
    expect(parseProgram(printProgram(program), 'drawn.ops').program).toEqual(program);
});

/** The program that is left of those that do not hold. */
function shrunk(suite: (typeof THREAD_SUITES)[number], holds: (op: Op) => boolean): string {
  const property = fc.property(ofSuite(suite), (program) => program.every(holds));
  const { counterexample } = fc.check(property, { seed: SEED, numRuns: 500 });
  return counterexample![0].map((op) => printOp(op)).join('; ');
}

test('programs shrink to few threads and few ops', () => {
  expect(shrunk(THREAD_SUITES[2]!, ({ kind }) => kind !== 'free')).toMatch(
    /^b(\d) = malloc 8; free b\1$/,
  );
  expect(shrunk(THREAD_SUITES[4]!, (op) => op.kind !== 'load' || op.thread === undefined)).toMatch(
    /^t1 = spawn thread; (t1: )?a(\d) = map 4096; t1: load a\2 0 1$/,
  );
  expect(shrunk(THREAD_SUITES[0]!, ({ kind }) => kind !== 'receive')).toMatch(
    /^(q\d = queue 1; )+(t1 = spawn thread; receive q\d|send q\d; receive q\d)$/,
  );
});

test('the properties of a kernel are those of threads, and of a machine those of pages', () => {
  const names = propertiesOf(kernelTarget()).map(({ law, name }) => [law, name]);
  expect(names).toEqual(
    THREAD_SUITES.map(({ invariant, programs }) => [
      invariant,
      `${invariant} holds for ${programs}`,
    ]),
  );
});

/** What is left of a program when ops that end or stop their thread are taken out. */
function left(text: string): string {
  const { program } = parseProgram(`heapcheck program 1\n${text.replaceAll(';', '\n')}`, 'a.ops');
  const drawn = program.map((op) => ({ op, isWild: op.kind === 'compute' }));
  return goingOn(drawn, PAGE)
    .map((op) => printOp(op))
    .join('; ');
}

test.each([
  [
    't1: yield; t1: compute 1; t1 = spawn thread; t1: yield; t1 = spawn thread',
    't1: compute 1; t1 = spawn thread; t1: yield',
  ],
  [
    'load a0 0 8; a0 = map 4096; load a0 0 8; store a0 4090 8; touch a0 0 4097',
    'a0 = map 4096; load a0 0 8',
  ],
  ['a0 = map 4096 read; store a0 0 1; load a0 0 1', 'a0 = map 4096 read; load a0 0 1'],
  [
    'protect a0 0 4096 read; a0 = map 8192; protect a0 0 4096 none; load a0 0 1; load a0 4096 1',
    'a0 = map 8192; protect a0 0 4096 none; load a0 4096 1',
  ],
  [
    'unmap a0 0 4096; a0 = map 4096; unmap a0 0 4096; unmap a0 0 4096; load a0 0 1',
    'a0 = map 4096; unmap a0 0 4096',
  ],
  [
    'a1 = map-at a0 0 4096; a1 = map-at brk 0 4096; a0 = map 4096; a1 = map-at a0 4096 4096',
    'a1 = map-at brk 0 4096; a0 = map 4096; a1 = map-at a0 4096 4096',
  ],
  ['load brk 0 1; brk 8; load brk 0 1', 'brk 8; load brk 0 1'],
  [
    'free b0; b0 = malloc 8; b0 = malloc 9; load b0 8 1; free b0; free null',
    'b0 = malloc 8; b0 = malloc 9; free b0',
  ],
  ['pop 8; push 8; pop 16; pop 8; push 48; push 8', 'push 8; pop 8; push 48'],
  [
    'exit; t1 = spawn thread; exit; yield; t1: exit; t1: yield',
    't1 = spawn thread; exit; t1: yield',
  ],
  ['join t1; t1 = spawn process; join t1; t1: join t0', 't1 = spawn process; join t1'],
  [
    'down s0; s0 = semaphore 1; s0 = semaphore 1; down s0; down s0; up s0; down s0',
    's0 = semaphore 1; down s0; up s0; down s0',
  ],
  [
    'q0 = queue 1; receive q0; t1 = spawn thread; receive q0; t1: send q0; send q0; send q0',
    'q0 = queue 1; t1 = spawn thread; receive q0; t1: send q0; send q0',
  ],
  [
    'a0 = map 4096; t1 = spawn process; t1: load a0 0 1; t2 = spawn thread; t2: load a0 0 1',
    'a0 = map 4096; t1 = spawn process; t2 = spawn thread; t2: load a0 0 1',
  ],
])('of %s goes on: %s', (text, rest) => {
  expect(left(text)).toBe(rest);
});
