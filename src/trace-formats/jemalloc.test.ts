import { expect, test } from 'vitest';
import { JEMALLOC } from './jemalloc.ts';
import { readAll } from './read.test-helper.ts';

const HEAD = 'shard_ind,operation,size_or_alloc_index,nsecs,is_frequent';

test('rows allocate and free by the number of the row that allocated', () => {
  const rows = [
    '0,0,16384,1000,0',
    '1,0,4096,2000,1',
    '0,1,0,3000,0',
    '',
    '0,0,8192,4000,0',
    '0,1,1,5000,0',
  ];
  const { texts, summary } = readAll(JEMALLOC, [HEAD, ...rows]);
  expect(texts).toEqual([
    'b0 = malloc 16384',
    'b1 = malloc 4096',
    'free b0',
    'b0 = malloc 8192',
    'free b1',
  ]);
  expect(summary).toEqual({
    opsCount: 5,
    blocksCount: 3,
    peakBytes: 20_480,
    leftCount: 1,
    leftBytes: 8192,
    linesPassedOverCount: 2,
  });
});

test('columns are told by their names', () => {
  expect(readAll(JEMALLOC, ['size_or_alloc_index,operation', '4096,0']).texts).toEqual([
    'b0 = malloc 4096',
  ]);
});

test.each([
  [
    [HEAD, '0,2,4096,0,0'],
    "a.log:2: '0,2,4096,0,0' is no row; write 5 cells, with operation 0 (allocate) or 1 (free).",
  ],
  [
    [HEAD, '0,0,4096'],
    "a.log:2: '0,0,4096' is no row; write 5 cells, with operation 0 (allocate) or 1 (free).",
  ],
  [[HEAD, '0,0,x,0,0'], "a.log:2: 'x' stands where a number belongs"],
  [
    [HEAD, '0,1,0,0,0'],
    'a.log:2: block 0 is freed, but 0 allocating lines stand above; name a block by the number of its allocating line, counted from 0.',
  ],
  [
    ['size_or_alloc_index'],
    `a.log:1: the first line names no column 'operation'; write '${HEAD}'.`,
  ],
])('%j is refused in a sentence', (lines, message) => {
  expect(() => readAll(JEMALLOC, lines)).toThrow(message);
});
