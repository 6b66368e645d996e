import { describe, expect, test } from 'vitest';
import { LTRACE } from './ltrace.ts';
import { readAll } from './read.test-helper.ts';

describe('a log', () => {
  test.each([
    [['malloc(24)                       = 0x5581f2c0'], ['b0 = malloc 24']],
    [['malloc(0x18) = 0x10'], ['b0 = malloc 24']],
    [['malloc(4611686018427387904) = 0'], ['b0 = malloc 4611686018427387904', 'free b0']],
    [['[pid 31] calloc(3, 8) = 0x10'], ['b0 = calloc 3 8']],
    [['12:07:31.25 a.out->memalign(64, 100) = 0x10'], ['b0 = aligned 64 100']],
    [['[0x401186] libc.so.6->aligned_alloc(0x40, 128) = 0x10'], ['b0 = aligned 64 128']],
    [['2254 10:05:39.268636 [0x55e7d756d1b0] malloc(24) = 0x10'], ['b0 = malloc 24']],
    [['  0.000150 malloc(24) = 0x10'], ['b0 = malloc 24']],
    [['aligned_alloc(64, 128, 0x55a1e38ce, 0) = 0x10'], ['b0 = aligned 64 128']],
    [
      ['malloc(9) = 0x10', 'realloc(0x10, 0) = 0', 'malloc(8) = 0x10'],
      ['b0 = malloc 9', 'free b0', 'b0 = malloc 8'],
    ],
    [['realloc(nil, 40) = 0x10'], ['b0 = realloc null 40']],
    [['free(nil) = <void>'], ['free null']],
    [
      ['malloc(8) = 0x10', 'realloc(0x10, 80) = 0x20', 'free(0x20) = <void>'],
      ['b0 = malloc 8', 'b0 = realloc b0 80', 'free b0'],
    ],
    [
      [
        '[pid 1] malloc(8 <unfinished ...>',
        '[pid 2] malloc(16) = 0x20',
        '[pid 1] <... malloc resumed> ) = 0x10',
        '[pid 1] free(0x10 <unfinished ...>',
        '[pid 1] <... free resumed> ) = <void>',
      ],
      ['b0 = malloc 16', 'b1 = malloc 8', 'free b1'],
    ],
    [
      ['puts("malloc(3) = 0x1")\t= 16', 'malloc(8) = 0x10', 'posix_memalign(0x7ff, 64, 8) = 0'],
      ['b0 = malloc 8'],
    ],
    [
      [
        'free(0x99) = <void>',
        'malloc(8) = 0x10',
        '@villoc(a,b) = <void>',
        '+++ exited (status 0) +++',
      ],
      ['b0 = malloc 8'],
    ],
  ])('of %j reads as %j', (lines, ops) => {
    expect(readAll(LTRACE, lines).texts).toEqual(ops);
  });

  test('counts the lines of others', () => {
    const { summary } = readAll(LTRACE, ['strlen("a") = 1', 'malloc(8) = 0x10', 'hello']);
    expect(summary).toMatchObject({ opsCount: 1, peakBytes: 8, linesPassedOverCount: 2 });
  });
});

test.each([
  ['malloc(8, 9) = 0x10', "a.log:1: '(8, 9)' holds 2 arguments; malloc has 1."],
  ['calloc(8) = 0x10', "a.log:1: '(8)' holds 1 arguments; calloc has 2."],
  ['malloc(x) = 0x10', "a.log:1: 'x' stands where a number belongs"],
  ['memalign(x, 8) = 0x10', "a.log:1: 'x' stands where a number belongs"],
  ['free(x) = <void>', "a.log:1: 'x' is no address"],
  [
    'malloc(8)',
    "a.log:1: 'malloc(8)' does not say what the call returned; write 'malloc(24) = 0x5581f2c0', or record it again with ltrace -o FILE.",
  ],
  [
    '<... malloc resumed> ) = 0x10',
    'a.log:1: a malloc is resumed that did not begin; leave the line out, or add the one that it ends.',
  ],
  [
    'strlen("a") = 1',
    'a.log:1: the log ends without a call of the allocator; record it again with ltrace',
  ],
])('%j is refused in a sentence', (line, message) => {
  expect(() => readAll(LTRACE, [line])).toThrow(message);
});
