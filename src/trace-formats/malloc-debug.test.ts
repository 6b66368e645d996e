import { describe, expect, test } from 'vitest';
import { MALLOC_DEBUG } from './malloc-debug.ts';
import { readAll } from './read.test-helper.ts';

describe('a recording', () => {
  test.each([
    [['186: malloc 0x10 20'], ['b0 = malloc 20']],
    [['186: malloc 0x10 20 1000 1020'], ['b0 = malloc 20']],
    [['186: malloc 0x0 20'], ['b0 = malloc 20', 'free b0']],
    [['186: calloc 0x10 3 8'], ['b0 = calloc 3 8']],
    [['186: memalign 0x10 16 104'], ['b0 = aligned 16 104']],
    [['186: memalign 0x10 24 104 5 6'], ['b0 = aligned 32 104']],
    [
      ['1: malloc 0x10 8', '2: free 0x10 7 8'],
      ['b0 = malloc 8', 'free b0'],
    ],
    [['1: free 0x0'], ['free null']],
    [
      ['1: malloc 0x10 8', '1: realloc 0x20 0x10 12'],
      ['b0 = malloc 8', 'b0 = realloc b0 12'],
    ],
    [['1: realloc 0x20 0x0 12'], ['b0 = realloc null 12']],
    [
      ['1: malloc 0x10 8', '1: realloc 0x0 0x10 12'],
      ['b0 = malloc 8', 'b0 = realloc b0 12'],
    ],
    [
      ['1: malloc 0x10 8', '1: realloc 0x0 0x10 0'],
      ['b0 = malloc 8', 'free b0'],
    ],
    [
      ['1: malloc 0xb400007cb2c89010 8', '1: free 0xb400007cb2c89010'],
      ['b0 = malloc 8', 'free b0'],
    ],
    [['1: malloc 0x10 8', '1: thread_done 0x0', '2: thread_done 0x0 99', ''], ['b0 = malloc 8']],
  ])('of %j reads as %j', (lines, ops) => {
    expect(readAll(MALLOC_DEBUG, lines).texts).toEqual(ops);
  });

  test('passes over what it knows nothing of, and counts it', () => {
    const { summary } = readAll(MALLOC_DEBUG, [
      '1: malloc 0x10 8',
      '2: free 0x20',
      '2: thread_done 0x0',
    ]);
    expect(summary).toMatchObject({ opsCount: 1, leftCount: 1, linesPassedOverCount: 2 });
  });
});

const CALLS =
  "is no call; write 'TID: malloc 0xP SIZE', 'calloc 0xP COUNT SIZE', 'realloc 0xNEW 0xOLD SIZE', 'memalign 0xP ALIGNMENT SIZE', 'free 0xP' or 'thread_done 0x0', with both times or none.";

test.each([
  ['malloc 0x10 20', `a.log:1: 'malloc 0x10 20' ${CALLS}`],
  ['1: mmap 0x10 20', `a.log:1: '1: mmap 0x10 20' ${CALLS}`],
  ['1: malloc 0x10', `a.log:1: '1: malloc 0x10' ${CALLS}`],
  ['1: malloc 0x10 20 1000', `a.log:1: '1: malloc 0x10 20 1000' ${CALLS}`],
  ['1: malloc 0x10 20 1000 x', `a.log:1: '1: malloc 0x10 20 1000 x' ${CALLS}`],
  [
    '1: malloc 10 20',
    "a.log:1: '10' is no address; an address is 0x and up to 13 hexadecimal digits.",
  ],
  [
    '1: malloc 0x10 x',
    "a.log:1: 'x' stands where a number belongs; write a whole number in decimal digits.",
  ],
  [
    '1: thread_done 0x0',
    "a.log:1: the log ends without a call of the allocator; record it again with the malloc_debug option 'record_allocs'.",
  ],
])('%j is refused in a sentence', (line, message) => {
  expect(() => readAll(MALLOC_DEBUG, [line])).toThrow(message);
});
