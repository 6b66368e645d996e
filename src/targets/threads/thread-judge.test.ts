import { describe, expect, test } from 'vitest';
import { parseProgram } from '../../program/text.ts';
import { judgeThreads, type ThreadVerdict } from './thread-judge.ts';
import type { StepRecord, ThreadRun } from './thread-log.ts';
import { planOf, SHARED_KINDS } from './thread-plan.ts';

const LIMIT = { limitMs: 500 };
const NOT_BEGUN: StepRecord = { state: 'not begun', address: null, born: 0, died: 0 };
const DONE: StepRecord = { ...NOT_BEGUN, state: 'done' };

/** A granted block: where it lay, and when it lived; to the end of the run, where nobody freed it. */
function block(address: number, born: number, died = 0): StepRecord {
  return { state: 'done', address, born, died };
}

function judge(
  lines: readonly string[],
  records: readonly StepRecord[],
  died?: ThreadRun['died'],
  said?: { readonly said: string; readonly site: string },
): ThreadVerdict | undefined {
  const { program } = parseProgram(`heapcheck program 1\n${lines.join('\n')}\n`, 'a.ops');
  const plan = planOf(program, new Set(SHARED_KINDS));
  return judgeThreads(
    plan,
    { records, ...(died && { died }) },
    { ...LIMIT, ...(said && { said }) },
  );
}

describe('blocks of two threads', () => {
  const TWO = ['b0 = malloc 32', 't1: b1 = malloc 32'];
  const FREED = [...TWO, 't1: free b0'];

  test('that share a byte while both live are found', () => {
    expect(judge(TWO, [block(0x1010, 2), block(0x1000, 1)])).toEqual({
      law: 'blocks-stay-apart',
      step: 0,
      observed:
        'malloc(32) returned [0x0000_1010, 0x0000_1030), which overlaps b1 [0x0000_1000, 0x0000_1020)',
      expected: 'a range that no live block uses',
    });
  });

  test('that touch are none', () => {
    expect(judge(TWO, [block(0x1000, 1), block(0x1020, 2)])).toBeUndefined();
  });

  test('of which one may have been freed before the other came are none', () => {
    expect(judge(FREED, [block(0x1000, 1, 2), block(0x1000, 3), DONE])).toBeUndefined();
  });

  test('of which one was freed after the other came are found', () => {
    const verdict = judge(FREED, [block(0x1000, 1, 3), block(0x1000, 2), DONE]);
    expect(verdict).toMatchObject({ law: 'blocks-stay-apart', step: 1 });
  });

  test('behind a large block that encloses them are found, whatever lies between', () => {
    const lines = ['b0 = malloc 256', 't1: b1 = malloc 8', 't2: b2 = malloc 8'];
    const records = [block(0x1000, 4), block(0x1010, 1, 2), block(0x1020, 3)];
    expect(judge(lines, records)?.observed).toContain('overlaps b2 [0x0000_1020, 0x0000_1028)');
  });

  test('of no bytes have addresses of their own', () => {
    const lines = ['b0 = malloc 0', 't1: b1 = malloc 0'];
    expect(judge(lines, [block(0x1000, 1), block(0x1000, 2)])?.law).toBe('blocks-stay-apart');
    expect(judge(lines, [DONE, DONE])).toBeUndefined();
  });
});

describe('contents', () => {
  test('that somebody else has changed are found at the block that had them', () => {
    const lines = ['b0 = malloc 8', 't1: free b0'];
    expect(judge(lines, [{ ...block(0x1000, 1, 2), damage: 3 }, DONE])).toEqual({
      law: 'contents-survive',
      step: 0,
      observed: 'b0 has changed at offset 3',
      expected: 'the bytes that its owner wrote',
    });
  });

  test('of calloc are zero, and those of realloc are kept up to the smaller size', () => {
    expect(judge(['b0 = calloc 2 8'], [{ ...block(0x1000, 1), wrong: 9 }])).toMatchObject({
      law: 'calloc-zeroes',
      observed: 'calloc(2, 8) is not zero at offset 9',
    });
    const lines = ['b0 = malloc 24', 't1: b0 = realloc b0 16'];
    const records = [block(0x1000, 1, 2), { ...block(0x2000, 3), wrong: 4 }];
    expect(judge(lines, records)).toMatchObject({
      law: 'realloc-keeps-prefix',
      step: 1,
      expected: 'the first 16 bytes as they were',
    });
  });
});

describe('an end', () => {
  const LINES = ['b0 = malloc 8', 't1: b1 = malloc 8', 't1: free b1'];
  const UNDER_WAY: StepRecord = { ...DONE, state: 'begun' };

  test('by a signal names the calls that were under way', () => {
    expect(
      judge(LINES, [UNDER_WAY, block(0x1000, 1, 2), UNDER_WAY], { signal: 'SIGSEGV' }),
    ).toEqual({
      law: 'calls-return',
      step: 0,
      observed: 't0: malloc(8), t1: free(b1) died of SIGSEGV',
      expected: 'an answer',
      crash: 'SIGSEGV',
    });
  });

  test('when all was done came while the rest was freed', () => {
    expect(
      judge(LINES, [block(0x1000, 1), block(0x2000, 2, 3), DONE], { exitCode: 3 }),
    ).toMatchObject({
      step: 2,
      observed: 'freeing what was live ended the process with exit code 3',
    });
  });

  test('by the alarm is a hang', () => {
    const verdict = judge(LINES, [UNDER_WAY, UNDER_WAY, NOT_BEGUN], { signal: 'SIGALRM' });
    expect(verdict).toEqual({
      law: 'answers-in-time',
      step: 0,
      observed: 'no answer within 500 ms',
      expected: 'an answer',
    });
  });

  test('comes of an overlap, where there is one, but a sanitizer names the cause', () => {
    const records = [block(0x1000, 1), block(0x1000, 2), UNDER_WAY];
    expect(judge(LINES, records, { signal: 'SIGABRT' })?.law).toBe('blocks-stay-apart');
    const race = { said: 'ThreadSanitizer: data race in pop', site: 'data race in pop' };
    expect(judge(LINES, records, { signal: 'SIGABRT' }, race)).toMatchObject({
      law: 'calls-return',
      observed: 't1: free(b1) died of SIGABRT: ThreadSanitizer: data race in pop',
      crash: 'data race in pop',
    });
  });
});
