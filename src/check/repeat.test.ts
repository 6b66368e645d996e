import { describe, expect, test } from 'vitest';
import type { Program } from '../program/program.ts';
import { parseProgram } from '../program/text.ts';
import { askedCounters } from './judge.ts';
import { LAW } from './law.ts';
import { repeatFinding, Repeater } from './repeat.ts';
import type { AllocatorTarget } from './target.ts';

function programOf(...lines: readonly string[]): Program {
  return parseProgram(['heapcheck program 1', ...lines].join('\n'), 'a.ops').program;
}

const PROGRAM = programOf('b0 = malloc 24', 'free b0', 'b1 = malloc 8', 'b2 = malloc 5000');

/** Hands out addresses one after the other, from `start` on and again from `startAfterReset` on. */
function bump(
  options: { start?: number; startAfterReset?: number; limit?: number } = {},
): AllocatorTarget {
  const { start = 0, startAfterReset = start, limit = 4096 } = options;
  let next = start;
  return {
    name: 'bump',
    promises: { repeats: true },
    malloc(size) {
      if (Number(size) > limit) return null;
      next += 64;
      return next - 64;
    },
    free: () => undefined,
    reset: () => {
      next = startAfterReset;
    },
  };
}

describe('a program', () => {
  test('that gets the same addresses three times is no finding, and each answer was asked twice', () => {
    const asked = askedCounters();
    expect(new Repeater(() => bump(), asked).run(PROGRAM)).toBeUndefined();
    expect(asked[LAW.sameProgramSameAddresses.index]).toBe(3 * 2);
  });

  test('that gets other addresses on the second fresh target is a finding', () => {
    let targetsCount = 0;
    const makeTarget = (): AllocatorTarget => {
      targetsCount += 1;
      return bump({ start: targetsCount * 4096 });
    };
    expect(repeatFinding(makeTarget, PROGRAM)).toEqual({
      law: 'same-program-same-addresses',
      target: 'bump',
      step: 0,
      op: 'malloc',
      observed: 'the second time, malloc(24) returned 0x0000_2000',
      expected: '0x0000_1000, as the first time',
    });
  });

  test('that gets other addresses after a reset is a finding', () => {
    const finding = repeatFinding(() => bump({ startAfterReset: 64 }), PROGRAM);
    expect(finding).toMatchObject({ law: 'same-program-same-addresses', step: 0 });
  });

  test('that is refused once and granted once is a finding', () => {
    let targetsCount = 0;
    const makeTarget = (): AllocatorTarget => {
      targetsCount += 1;
      return bump({ limit: targetsCount * 4096 });
    };
    expect(repeatFinding(makeTarget, PROGRAM)).toMatchObject({
      step: 3,
      observed: 'the second time, malloc(5000) returned 0x0000_0080',
      expected: 'null, as the first time',
    });
  });

  test('that breaks another law the same way every time is a finding of that law', () => {
    expect(repeatFinding(() => ({ ...bump(), malloc: () => 0 }), PROGRAM)).toMatchObject({
      law: 'blocks-stay-apart',
      step: 3,
    });
  });

  test('that breaks another law the first time only is a finding of that law', () => {
    let targetsCount = 0;
    const makeTarget = (): AllocatorTarget => {
      targetsCount += 1;
      const isFirst = targetsCount === 1;
      return { ...bump(), free: () => !isFirst };
    };
    expect(repeatFinding(makeTarget, PROGRAM)).toMatchObject({
      law: 'free-accepts-its-blocks',
      step: 1,
    });
  });

  test('that gets other addresses after other programs is a finding', () => {
    let resetsCount = 0;
    const makeTarget = (): AllocatorTarget => {
      let start = 0;
      return {
        ...bump(),
        malloc: () => {
          start += 64;
          return start;
        },
        reset: () => {
          resetsCount += 1;
          start = resetsCount > 2 ? 4096 : 0;
        },
      };
    };
    const repeater = new Repeater(makeTarget);
    const [first, second] = [repeater.run(PROGRAM), repeater.run(PROGRAM)];
    expect(first).toBeUndefined();
    expect(second?.law).toBe('same-program-same-addresses');
  });
});
