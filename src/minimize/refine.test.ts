import { describe, expect, test } from 'vitest';
import type { Finding } from '../check/finding.ts';
import { Runner, type RunProgram } from '../check/runner.ts';
import { objectTarget } from '../targets/object.ts';
import { line, ops } from './passes/offers.test-helper.ts';
import { refine } from './refine.ts';

const PROGRAM = ops('b0 = malloc 24; b1 = malloc 100; free b0; b2 = malloc 7');

/** Runs programs on an allocator that refuses to free in each n-th run. */
function everyNth(n: number): { readonly run: RunProgram; readonly raw: Finding } {
  let runs = 0;
  const makeTarget = objectTarget('flaky', () => {
    let next = 0;
    const malloc = (): number => {
      next += 4096;
      return next;
    };
    return { malloc, free: () => runs % n !== 0 };
  });
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  const run: RunProgram = (program) => {
    runs += 1;
    return runner.run(program);
  };
  const raw = {
    law: 'free-accepts-its-blocks',
    target: 'flaky',
    step: 2,
    op: 'free' as const,
    observed: 'free(b0) was refused',
    expected: 'a live block to be taken back',
  };
  return { run, raw };
}

describe('refine', () => {
  test('confirms a finding that repeats, and shrinks its program', () => {
    const { run, raw } = everyNth(1);
    const refined = refine(run, PROGRAM, raw);
    expect(refined).toMatchObject({ kind: 'confirmed', opsBefore: 4, isMinimal: true });
    expect(line(refined.program)).toBe('b0 = malloc 0; free b0');
    expect(refined.finding).toEqual({ ...raw, step: 1 });
  });

  test('keeps a finding of every third run as it is, with its rate', () => {
    const { run, raw } = everyNth(3);
    expect(refine(run, PROGRAM, raw)).toEqual({
      kind: 'flaky',
      program: PROGRAM,
      finding: raw,
      repeatsCount: 1,
      confirmRunsCount: 4,
    });
    expect(refine(run, PROGRAM, raw)).toMatchObject({ kind: 'flaky', repeatsCount: 1 });
    expect(refine(run, PROGRAM, raw)).toMatchObject({ kind: 'flaky', repeatsCount: 2 });
  });

  test('keeps the raw finding, when it never repeats', () => {
    const { raw } = everyNth(3);
    expect(refine(() => undefined, PROGRAM, raw)).toEqual({
      kind: 'flaky',
      program: PROGRAM,
      finding: raw,
      repeatsCount: 0,
      confirmRunsCount: 4,
    });
  });

  test('goes after what the exact runs find, not after the raw finding', () => {
    const { run, raw } = everyNth(1);
    const late: Finding = { ...raw, law: 'contents-survive', op: 'end' };
    expect(refine(run, PROGRAM, late)).toMatchObject({
      kind: 'confirmed',
      finding: { law: 'free-accepts-its-blocks', op: 'free' },
    });
  });

  test('spends four runs to confirm, and then its budget', () => {
    let runs = 0;
    const { run, raw } = everyNth(1);
    const counted: RunProgram = (program) => {
      runs += 1;
      return run(program);
    };
    const told: number[] = [];
    const refined = refine(counted, PROGRAM, raw, {
      runsMax: 6,
      onProgress: ({ opsCount }) => told.push(opsCount),
    });
    expect(refined).toMatchObject({ kind: 'confirmed', runsCount: 6, isMinimal: false });
    expect(runs).toBe(4 + 6);
    expect(told.length).toBeGreaterThan(0);
  });
});
