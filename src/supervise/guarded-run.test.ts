import { describe, expect, test } from 'vitest';
import { Runner } from '../check/runner.ts';
import type { MakeTarget, Target } from '../check/target.ts';
import type { Program } from '../program/program.ts';
import { parseProgram } from '../program/text.ts';
import { guardedHistories, guardedRun, timedOutFinding } from './guarded-run.ts';

const LIMIT_MS = 25;

function ops(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll(';', '\n')}`, 'text.ops').program;
}

/** Cuts addresses one after the other; hangs where it is told to. */
const hanging =
  (hangs: (call: string, argument: number | null) => boolean): MakeTarget =>
  (): Target => {
    let next = 0;
    return {
      name: 'slow',
      promises: { repeats: true },
      malloc(size) {
        while (hangs('malloc', Number(size)));
        next += 4096;
        return next;
      },
      free: (address) => {
        while (hangs('free', address));
      },
    };
  };

const IN_MALLOC_5 = hanging((call, size) => call === 'malloc' && size === 5);

describe('a run that hangs', () => {
  test.each([
    ['b0 = malloc 5', 0, 'malloc'],
    ['b0 = malloc 4; b1 = malloc 6; b2 = malloc 5; b3 = malloc 7', 2, 'malloc'],
  ] as const)('in %j is a finding at step %d', (program, step, op) => {
    expect(guardedRun(IN_MALLOC_5, LIMIT_MS)(ops(program))).toEqual({
      law: 'answers-in-time',
      target: 'slow',
      step,
      op,
      observed: 'no answer within 25 ms',
      expected: 'an answer',
    });
  });

  test('in a free is a finding at that free', () => {
    const run = guardedRun(
      hanging((call, address) => call === 'free' && address === 8192),
      LIMIT_MS,
    );
    expect(run(ops('b0 = malloc 1; b1 = malloc 1; free b0; free b1'))).toMatchObject({
      step: 3,
      op: 'free',
    });
  });

  test('in the frees that close it is a finding at the end', () => {
    const run = guardedRun(
      hanging((call) => call === 'free'),
      LIMIT_MS,
    );
    expect(run(ops('b0 = malloc 1; b1 = malloc 2'))).toMatchObject({
      law: 'answers-in-time',
      step: 2,
      op: 'end',
    });
  });

  test('is followed by runs on a target that was never stopped', () => {
    let targets = 0;
    const counted: MakeTarget = () => {
      targets += 1;
      return IN_MALLOC_5();
    };
    const run = guardedRun(counted, LIMIT_MS);
    expect(run(ops('b0 = malloc 1; b1 = malloc 5'))?.step).toBe(1);
    expect(targets).toBe(2);
    expect(run(ops('b0 = malloc 1'))).toBeUndefined();
    expect(run(ops('b0 = malloc 5'))?.step).toBe(0);
  });
});

const overlapping: MakeTarget = () => ({ ...IN_MALLOC_5(), malloc: () => 64 });

const throwing: MakeTarget = () => ({
  ...IN_MALLOC_5(),
  malloc() {
    throw new Error('full');
  },
});

describe('a run that ends', () => {
  test('hands on what it finds, with the exact step', () => {
    const program = ops('b0 = malloc 8; b1 = malloc 8; b2 = malloc 8');
    const finding = guardedRun(overlapping, 5000)(program);
    expect(finding).toMatchObject({ law: 'blocks-stay-apart', step: 1 });
    expect(finding).toEqual(new Runner(overlapping, { checkEvery: 1 }).run(program));
  });

  test('checks everything after every op, or as often as it is told', () => {
    let reads = 0;
    const read = (): void => {
      reads += 1;
    };
    const walked: MakeTarget = () => ({ ...IN_MALLOC_5(), invariants: { rules: [], read } });
    const program = ops('b0 = malloc 8; b1 = malloc 8; b2 = malloc 8');
    guardedRun(walked, 5000)(program);
    const often = reads;
    reads = 0;
    guardedRun(walked, 5000, { checkEvery: 256 })(program);
    expect(often - reads).toBe(3);
  });

  test('hands on what is thrown outside of the target', () => {
    const broken = new Error('no more targets');
    let makes = 0;
    const failing: MakeTarget = () => {
      makes += 1;
      if (makes > 1) throw broken;
      return IN_MALLOC_5();
    };
    const run = guardedRun(failing, 5000);
    expect(run(ops('b0 = malloc 8'))).toBeUndefined();
    expect(() => run(ops('b0 = malloc 8'))).toThrow(broken);
  });

  test('reports a target that throws as a finding of its own law', () => {
    expect(guardedRun(throwing, 5000)(ops('b0 = malloc 8'))).toMatchObject({
      law: 'calls-return',
      observed: 'malloc(8) threw Error: full',
    });
  });
});

test('the finding of a run that was stopped names where its runner is', () => {
  const runner = new Runner(IN_MALLOC_5);
  runner.run(ops('b0 = malloc 1'));
  expect(timedOutFinding(runner, 100)).toEqual({
    law: 'answers-in-time',
    target: 'slow',
    step: 1,
    op: 'end',
    observed: 'no answer within 100 ms',
    expected: 'an answer',
  });
});

test('a repetition that hangs is a finding at the end, and one that does not compares addresses', () => {
  const repeat = guardedHistories(IN_MALLOC_5, LIMIT_MS);
  expect(repeat(ops('b0 = malloc 4; b1 = malloc 5'))).toMatchObject({
    law: 'answers-in-time',
    step: 2,
    op: 'end',
  });
  let next = 0;
  const moving = (): Target => ({
    name: 'moving',
    promises: { repeats: true },
    malloc: () => (next += 4096),
    free: () => undefined,
  });
  expect(guardedHistories(moving, 5000)(ops('b0 = malloc 4'))).toMatchObject({
    law: 'same-program-same-addresses',
    op: 'malloc',
  });
  expect(repeat(ops('b0 = malloc 4'))).toBeUndefined();
});
