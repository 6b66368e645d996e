import { describe, expect, test } from 'vitest';
import type { Op } from '../program/op.ts';
import { printOp } from '../program/text.ts';
import type { TraceSummary } from './trace-format.ts';
import { WEE_ALLOC } from './wee-alloc.ts';

/** Reads lines that stand on one, between blanks. */
function read(lines: string): { ops: readonly string[]; summary: TraceSummary } {
  const reading = WEE_ALLOC.read(lines.split(' '), 'a.trace');
  const ops: Op[] = [];
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return { ops: ops.map(printOp), summary: value };
    ops.push(value);
  }
}

describe('a wee_alloc trace', () => {
  test('reuses the slots of freed blocks', () => {
    expect(read('Alloc(8), Alloc(9), Free(0), Alloc(7), Free(2), Free(1),').ops).toEqual([
      'b0 = malloc 8',
      'b1 = malloc 9',
      'free b0',
      'b0 = malloc 7',
      'free b0',
      'free b1',
    ]);
  });

  test('may leave blocks, whose bytes the summary counts', () => {
    expect(read('Alloc(8), Alloc(9), Free(0),').summary).toEqual({
      opsCount: 3,
      blocksCount: 2,
      peakBytes: 17,
      leftCount: 1,
      leftBytes: 9,
      linesPassedOverCount: 0,
    });
  });

  test('keeps sizes and the peak above 2^53 exact', () => {
    const { ops, summary } = read('Alloc(18446744073709551615), Alloc(1),');
    expect(ops[0]).toBe('b0 = malloc 18446744073709551615');
    expect(summary.peakBytes).toBe(2n ** 64n);
  });

  test('may hold blank lines, and do without commas', () => {
    expect(read(' Alloc(8)  Free(0)').summary).toMatchObject({
      opsCount: 2,
      linesPassedOverCount: 2,
    });
  });

  test.each([
    [
      'Alloc(8), Free(1),',
      'a.trace:2: block 1 is freed, but 1 Alloc lines stand above; name a block by the number of its Alloc line, counted from 0.',
    ],
    ['Alloc(8), Free(0), Free(0),', 'a.trace:3: block 0 was freed before; free each block once.'],
    [
      'Alloc(8), Realloc(0,9),',
      "a.trace:2: 'Realloc(0,9),' is no op; write Alloc(24), or Free(0),.",
    ],
    ['Alloc(-1),', "a.trace:1: 'Alloc(-1),' is no op; write Alloc(24), or Free(0),."],
    [
      'Alloc(18446744073709551616),',
      'a.trace:1: 18446744073709551616 is too large; numbers go up to 2^64-1',
    ],
  ])('%s is refused with a mend', (lines, message) => {
    expect(() => read(lines)).toThrow(message);
  });
});
