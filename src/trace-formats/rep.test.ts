import { describe, expect, test } from 'vitest';
import type { Op } from '../program/op.ts';
import { printOp } from '../program/text.ts';
import { REP } from './rep.ts';
import type { TraceSummary } from './trace-format.ts';

/** Reads a trace whose lines are set apart by ` / `. */
function read(trace: string): { ops: string; summary: TraceSummary } {
  const reading = REP.read(trace.split(' / '), 'a.rep');
  const ops: Op[] = [];
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return { ops: ops.map(printOp).join('; '), summary: value };
    ops.push(value);
  }
}

/** The same six ops under each of the three headers. */
const OPS = 'a 0 8 / a 1 24 / r 0 16 / f -1 / f 1 / f 0';
const HEADERS = [
  ['classic', '20000 / 2 / 6 / 1'],
  ['modern', '1 / 2 / 6 / 40'],
  ['short', '2 / 6'],
] as const;

describe.each(HEADERS)('a %s trace', (_name, header) => {
  test('keeps ids as slots and counts its peak', () => {
    expect(read(`${header} / ${OPS}`)).toEqual({
      ops: 'b0 = malloc 8; b1 = malloc 24; b0 = realloc b0 16; free null; free b1; free b0',
      summary: {
        opsCount: 6,
        blocksCount: 2,
        peakBytes: 40,
        leftCount: 0,
        leftBytes: 0,
        linesPassedOverCount: 0,
      },
    });
  });

  test.each([
    [
      'a 0 8 / a 1 24 / r 0 16 / f 1 / f 0',
      'a.rep:@5: the trace ends after 5 ops, and the header counts 6; correct the header, or add the ops that were cut off.',
    ],
    [
      `${OPS} / f -1`,
      'a.rep:@7: this is op 7, and the header counts 6; correct the header, or leave the op out.',
    ],
    ['a 0 8 / a 2 24', 'a.rep:@2: id 2 is out of range; the header counts 2 ids, numbered from 0.'],
    [
      'a 0 40 / f 0 / a 0 8 / f 0 / f -1 / f -1',
      'a.rep:@6: the highest id is 0, and the header counts 2 ids; number the blocks from 0 without a gap at the end, or correct the header.',
    ],
    ['f 1', "a.rep:@1: id 1 was never allocated; write 'a 1 BYTES' in front."],
    ['a 0 8 / f 0 / f 0', "a.rep:@3: id 0 was freed before; write 'a 0 BYTES' in front."],
    ['a 0 8 / f 0 / r 0 9', "a.rep:@3: id 0 was freed before; write 'a 0 BYTES' in front."],
    [
      'a 0 8 / a 0 8',
      'a.rep:@2: id 0 still holds the block of line @1; free it first, or use another id.',
    ],
    [
      'a 0 8 / x 1',
      "a.rep:@2: 'x' stands where an op begins; write one op a line: 'a ID BYTES', 'r ID BYTES' or 'f ID'.",
    ],
    ['a 0 -8', "a.rep:@1: '-8' stands where a number belongs"],
    ['a 0 8x', "a.rep:@1: '8x' stands where a number belongs"],
    ['a -1 8', "a.rep:@1: '-1' stands where a number belongs"],
    ['a 0 18446744073709551616', 'a.rep:@1: 18446744073709551616 is too large'],
    ['a 0', "a.rep:@1: the op 'a' is cut off; write 'a ID BYTES'."],
    ['a 0 8 / f', "a.rep:@2: the op 'f' is cut off; write 'f ID'."],
  ])('with %s is refused with a mend', (ops, message) => {
    const headerLines = header.split(' / ').length;
    const expected = message.replaceAll(/@(\d+)/g, (_, line) => `${headerLines + Number(line)}`);
    expect(() => read(`${header} / ${ops}`)).toThrow(expected);
  });
});

describe('a classic trace', () => {
  test('is words between any white space', () => {
    expect(read('20000 2 4 / 1  a 0 / \t8 a 1 /  / 9 f 0 f 1').ops).toBe(
      'b0 = malloc 8; b1 = malloc 9; free b0; free b1',
    );
  });

  test('does not say what a realloc of a new id does', () => {
    expect(() => read('20000 / 1 / 1 / 1 / r 0 8')).toThrow('a.rep:5: id 0 was never allocated');
  });

  test('has no number glued to its op', () => {
    expect(() => read('20000 / 1 / 1 / 1 / a0 8')).toThrow("'a0' stands where an op begins");
  });
});

describe('a modern trace', () => {
  test('may glue the id to its op, indent, and hold blank lines', () => {
    const { ops, summary } = read('1 / 1 / 2 / 8 /  / \ta0  8 \r /  f0');
    expect(ops).toBe('b0 = malloc 8; free b0');
    expect(summary.linesPassedOverCount).toBe(1);
  });

  test('has one op a line', () => {
    expect(() => read('1 / 1 / 2 / 8 / a 0 8 f 0')).toThrow(
      "a.rep:5: 'f' stands behind an op where an op begins",
    );
    expect(() => read('1 / 1 / 2 / 8 / a 0 / 8')).toThrow("a.rep:5: the op 'a' is cut off");
  });

  test('states its exact peak', () => {
    expect(() => read('1 / 1 / 2 / 9 / a 0 8 / f 0')).toThrow(
      "a.rep:6: the live bytes peak at 8, and the header says 9; correct the header's last number.",
    );
  });

  test('states a peak above 2^53 to the byte', () => {
    const ops = 'a 0 18014398509481985 / f 0';
    expect(read(`0 / 1 / 2 / 18014398509481985 / ${ops}`).summary.peakBytes).toBe(2n ** 54n + 1n);
    expect(() => read(`0 / 1 / 2 / 18014398509481984 / ${ops}`)).toThrow(
      'peak at 18014398509481985',
    );
  });

  test('may realloc a new id, which is a realloc of null', () => {
    expect(read('1 / 1 / 2 / 8 / r 0 8 / f 0').ops).toBe('b0 = realloc null 8; free b0');
  });

  test('may leave blocks and reuse an id once it is freed', () => {
    expect(read('1 / 1 / 3 / 8 / a 0 8 / f 0 / a 0 5').summary).toMatchObject({
      blocksCount: 2,
      leftCount: 1,
      leftBytes: 5,
    });
  });

  test('is not held to a peak that could be a classic weight', () => {
    expect(read('1 / 1 / 2 / 1 / a 0 8 / f 0').summary.peakBytes).toBe(8);
  });
});

describe('a header', () => {
  test('of no op at all is a whole trace', () => {
    expect(read('0 / 0').summary).toMatchObject({ opsCount: 0, peakBytes: 0 });
  });

  test.each([
    ['', 'a.rep:1: the header holds 0 numbers; write heap size, ids, ops and weight (classic), '],
    ['1 / a 0 8', 'a.rep:2: the header holds 1 numbers'],
    ['1 / 2 / 3', 'a.rep:3: the header holds 3 numbers'],
    ['1 2 3 4 5 6', 'a.rep:1: the header holds more than 4 numbers'],
    [
      '20000 / 6 / 12 / 500',
      "a.rep:4: the header '20000 6 12 500' has a weight of 0 to 3 neither first nor last",
    ],
    [
      '1048577 / 1',
      'a.rep:2: the header counts 1048577 ids; heapcheck reads traces of up to 1048576.',
    ],
    ['1 / 18446744073709551616', 'a.rep:2: 18446744073709551616 is too large'],
  ])('of %j is refused with a mend', (trace, message) => {
    expect(() => read(trace)).toThrow(message);
  });
});
