import { describe, expect, test } from 'vitest';
import { confirm, examine } from './examine.ts';
import type { Finding } from './finding.ts';
import { type Override, ops, toyTarget } from './toy-target.test-helper.ts';

/** Scribbles over the first block when 5 bytes are asked for. */
const damages: Override = (toy) => ({
  malloc(size) {
    if (size === 5) toy.memory!.storeByte(0x1000, toy.memory!.loadByte(0x1000) ^ 1);
    return toy.malloc(size);
  },
});

const PROGRAM = ops('b0 = malloc 24; b1 = malloc 5; b2 = malloc 8');

describe('examine', () => {
  test('names the exact step, and shows the blocks after each op up to it', () => {
    const { finding, trace } = examine(toyTarget(damages), PROGRAM);
    expect(finding).toMatchObject({ law: 'contents-survive', step: 1, op: 'malloc' });
    const first = { start: 0x1000, end: 0x1020, state: 'used' };
    expect(trace).toEqual([
      {
        op: PROGRAM[0],
        step: 0,
        outcome: { kind: 'granted', address: 0x1000, size: 24 },
        blocks: [first],
      },
      {
        op: PROGRAM[1],
        step: 1,
        outcome: { kind: 'granted', address: 0x1020, size: 5 },
        blocks: [first, { start: 0x1020, end: 0x1030, state: 'used' }],
      },
    ]);
  });

  test('finds nothing on a correct target, and shows every op', () => {
    const { finding, trace } = examine(toyTarget(), PROGRAM);
    expect(finding).toBeUndefined();
    expect(trace).toHaveLength(3);
  });

  test('shows no blocks of a target that cannot be walked', () => {
    const { trace } = examine(
      toyTarget(() => ({ walk: undefined })),
      PROGRAM,
    );
    expect(trace.map(({ blocks }) => blocks)).toEqual([undefined, undefined, undefined]);
  });
});

const FINDING: Finding = {
  law: 'blocks-stay-apart',
  target: 'toy',
  step: 1,
  op: 'malloc',
  observed: 'this',
  expected: 'that',
};

/** Confirms a program whose runs end in these, one after the other. */
function confirmed(...ends: readonly (Finding | undefined)[]): ReturnType<typeof confirm> {
  let runs = 0;
  const confirmation = confirm(() => {
    runs += 1;
    return ends[runs - 1];
  }, PROGRAM);
  expect(runs).toBe(ends.length);
  return confirmation;
}

describe('confirm', () => {
  test('a finding that every run ends in', () => {
    expect(confirmed(FINDING, FINDING, FINDING, FINDING)).toEqual({
      finding: FINDING,
      repeatsCount: 4,
      runsCount: 4,
    });
  });

  test('counts findings of the same law and kind of op, whatever their step', () => {
    const later = { ...FINDING, step: 9, observed: 'other' };
    expect(confirmed(FINDING, later, FINDING, later)).toMatchObject({
      finding: FINDING,
      repeatsCount: 4,
    });
  });

  test('a flaky finding has its rate, and is the first that there was', () => {
    const other = { ...FINDING, law: 'calls-return' };
    const atEnd: Finding = { ...FINDING, op: 'end' };
    expect(confirmed(undefined, FINDING, undefined, FINDING)).toMatchObject({
      finding: FINDING,
      repeatsCount: 2,
    });
    expect(confirmed(FINDING, other, atEnd, undefined)).toMatchObject({
      finding: FINDING,
      repeatsCount: 1,
    });
  });

  test('nothing, when no run finds anything', () => {
    expect(confirmed(undefined, undefined, undefined, undefined)).toEqual({
      finding: undefined,
      repeatsCount: 0,
      runsCount: 4,
    });
  });
});
