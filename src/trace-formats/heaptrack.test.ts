import { describe, expect, test } from 'vitest';
import { HEAPTRACK } from './heaptrack.ts';
import { readAll } from './read.test-helper.ts';

const HEAD = [
  'v 10300 3',
  'x 5 a.out',
  'X a.out',
  'I 1000 3e8',
  '# a comment',
  'm 5 a.out 0 0 1000',
];

describe('a recording', () => {
  test.each([
    [['+ 18 2 55a7c8e812a0'], ['b0 = malloc 24']],
    [['+ ffffffffffffffff 2 0'], ['b0 = malloc 18446744073709551615', 'free b0']],
    [
      ['+ 18 2 10', 'c 1f', '- 10', 'R 3e8'],
      ['b0 = malloc 24', 'free b0'],
    ],
    [['- 10', '+ 18 2 10'], ['b0 = malloc 24']],
  ])('of %j reads as %j', (lines, ops) => {
    expect(readAll(HEAPTRACK, [...HEAD, ...lines]).texts).toEqual(ops);
  });

  test('sums up its blocks and its peak', () => {
    const { summary } = readAll(HEAPTRACK, [...HEAD, '+ 18 2 10', '+ 8 2 20', '- 10', '']);
    expect(summary).toEqual({
      opsCount: 3,
      blocksCount: 2,
      peakBytes: 32,
      leftCount: 1,
      leftBytes: 8,
      linesPassedOverCount: HEAD.length + 1,
    });
  });
});

const CALLS = "is no call; write '+ SIZE TRACE ADDRESS' or '- ADDRESS'.";
const INTERPRETED =
  "a.log:1: this is what heaptrack's interpreter made of a recording, which names no blocks; record it with heaptrack --raw.";

test.each([
  ['a 18 2', INTERPRETED],
  ['+ 0', INTERPRETED],
  ['+ 18 2', `a.log:1: '+ 18 2' ${CALLS}`],
  ['- 10 10', `a.log:1: '- 10 10' ${CALLS}`],
  ['hello', `a.log:1: 'hello' ${CALLS}`],
  ['+ x 2 10', "a.log:1: 'x' is no size; write hexadecimal digits, 16 at most."],
  ['- x', "a.log:1: '0xx' is no address; an address is 0x and up to 13 hexadecimal digits."],
  [
    'v 10300 3',
    'a.log:1: the log ends without a call of the allocator; record it again with heaptrack --raw.',
  ],
])('%j is refused in a sentence', (line, message) => {
  expect(() => readAll(HEAPTRACK, [line])).toThrow(message);
});
