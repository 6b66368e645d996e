import { describe, expect, test } from 'vitest';
import { MTRACE } from './mtrace.ts';
import { readAll } from './read.test-helper.ts';

const AT = '@ ./a.out:(main+0x1d)[0x401186] ';

describe('a log', () => {
  test.each([
    [[`${AT}+ 0x4052a0 0x18`], ['b0 = malloc 24']],
    [['@ [0x401186] + 0x4052a0 0x18'], ['b0 = malloc 24']],
    [['@ a b [x.c]:[0x40] + 0x4052a0 0x18'], ['b0 = malloc 24']],
    [['+ 0x4052a0 0'], ['b0 = malloc 0']],
    [['+ (nil) 0x4000000000000000'], ['b0 = malloc 4611686018427387904', 'free b0']],
    [
      ['+ 0x10 0x8', '- 0x10'],
      ['b0 = malloc 8', 'free b0'],
    ],
    [
      ['+ 0x10 0x8', '< 0x10', '> 0x20 0x50'],
      ['b0 = malloc 8', 'b0 = realloc b0 80'],
    ],
    [
      ['+ 0x10 0x8', '! 0x10 0x50'],
      ['b0 = malloc 8', 'b0 = realloc b0 80'],
    ],
    [['- 0x10', '+ 0x10 0x8'], ['b0 = malloc 8']],
    [['- (nil)', '+ 0x10 0x8'], ['b0 = malloc 8']],
    [['< 0x10', '> 0x20 0x50'], ['b0 = malloc 80']],
  ])('of %j reads as %j', (lines, ops) => {
    expect(readAll(MTRACE, ['= Start', ...lines, '= End']).texts).toEqual(ops);
  });

  test('sums up its blocks, its peak and what was left', () => {
    const lines = [
      '= Start',
      '+ 0x10 0x8',
      '+ 0x20 0x8',
      '- 0x10',
      '= End',
      '= Start',
      '+ 0x10 0x1',
    ];
    expect(readAll(MTRACE, lines).summary).toEqual({
      opsCount: 4,
      blocksCount: 3,
      peakBytes: 16,
      leftCount: 2,
      leftBytes: 9,
      linesPassedOverCount: 3,
    });
  });
});

const CALLS =
  "is no call; write '+ ADDRESS SIZE', '- ADDRESS', '< ADDRESS' and '> ADDRESS SIZE', or '! ADDRESS SIZE'.";

test.each([
  [['= Start', 'hello'], `a.log:2: 'hello' ${CALLS}`],
  [['+ 0x10'], `a.log:1: '+ 0x10' ${CALLS}`],
  [['- 0x10 0x8'], `a.log:1: '- 0x10 0x8' ${CALLS}`],
  [['+ 0x10 24'], `a.log:1: '+ 0x10 24' ${CALLS}`],
  [
    ['+ 0x10 0x10000000000000000'],
    'a.log:1: 0x10000000000000000 is too large; numbers have 64 bits.',
  ],
  [
    ['> 0x10 0x8'],
    "a.log:1: a '>' line has no '<' line in front; write both lines of a realloc, one behind the other.",
  ],
  [
    ['< 0x10', '- 0x10'],
    "a.log:2: a '<' line has no '>' line behind it; write both lines of a realloc, one behind the other.",
  ],
  [
    ['+ 0x10 0x8', '', '+ 0x10 0x8'],
    'a.log:3: 0x10 is returned, but the block of line 1 lies there still; record it again, into a file of its own.',
  ],
  [
    ['= Start', '= End'],
    'a.log:2: the log ends without a call of the allocator; record it again, with a call of mtrace() in the program and MALLOC_TRACE set.',
  ],
])('of %j is refused in a sentence', (lines, message) => {
  expect(() => readAll(MTRACE, lines)).toThrow(message);
});
