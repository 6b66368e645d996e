import { expect, test } from 'vitest';
import type { LessonCase } from './lesson.ts';
import { lessons } from './lessons.ts';

const ALL = lessons();

function casesOf(row: string): readonly LessonCase[] {
  return ALL.find((lesson) => lesson.row === row)!.cases;
}

function columnOf(row: string, column: string): readonly (string | number | undefined)[] {
  return casesOf(row).map((each) => each[column]);
}

test('each claim is one row, with the same columns in each case', () => {
  expect(ALL.map(({ row }) => row)).toEqual([
    'R10',
    'R11',
    'R13 R14',
    'R19',
    'R20',
    'R28',
    'R30',
    'R49',
  ]);
  for (const { cases } of ALL) {
    const columns = cases.map((each) => Object.keys(each).join());
    expect(new Set(columns).size).toBe(1);
  }
});

// Source: the lecture note, "five memory reads"; arithmetic, 2048 · 5 and 2046 + 2 · 5.
test('R10 a miss with 4 levels is 5 reads, with 2 it is 3, on a large leaf 4, a hit 1', () => {
  expect(columnOf('R10', 'reads')).toEqual([5, 3, 4, 1, 10_240, 2_056]);
  expect(columnOf('R10', 'expected')).toEqual(columnOf('R10', 'reads'));
});

test('R11 a switch costs 4 reads a page once, unless the TLB is too small or has ids', () => {
  expect(columnOf('R11', 'extraReads')).toEqual([4, 32, 256, 260, 0]);
  expect(columnOf('R11', 'expected')).toEqual(columnOf('R11', 'extraReads'));
  // The 65th page shares a set of 4 ways with four others, and each of the five pushes out the next.
  expect(columnOf('R11', 'extraReadsOfSecondTouch')).toEqual([0, 0, 0, 4 * 5, 0]);
});

/*
 * By hand, 204,800 reads of data and 4 for each miss. Flushed, each of 100 slices misses its W pages once. With ids each
 * process misses its W once, as long as 2 W are at most 12 a set; 1024 pages of each are 16 in each set, of which the
 * one used last leaves 4 to the other, and those go before they are asked for. Threads miss W once.
 */
test('R13 R14 threads set no root, flush nothing and read least; ids help while both fit', () => {
  expect(columnOf('R13 R14', 'pages')).toEqual([8, 8, 8, 64, 64, 64, 1024, 1024, 1024]);
  const reads = [
    [208_000, 204_864, 204_832],
    [230_400, 205_312, 205_056],
    [614_400, 614_400, 208_896],
  ].flat();
  expect(columnOf('R13 R14', 'reads')).toEqual(reads);
  expect(columnOf('R13 R14', 'expected')).toEqual(reads);
  // The first root is set before the first slice, and the last one after the last.
  expect(columnOf('R13 R14', 'rootsSet')).toEqual([101, 101, 1, 101, 101, 1, 101, 101, 1]);
  expect(columnOf('R13 R14', 'flushes')).toEqual([101, 0, 1, 101, 0, 1, 101, 0, 1]);
});

/*
 * By hand: a wait that blocks costs a call of 25, an interrupt of 25 and two switches of 100; of processes without ids
 * each of the two then walks for its 4 pages, 32 reads. One that spins costs its length.
 */
test('R19 blocking loses two switches and what belongs to them, spinning the whole wait', () => {
  expect(columnOf('R19', 'lostBySpinning')).toEqual(columnOf('R19', 'wait'));
  const lost = [282, 282, 282, 282, 250, 250, 250, 250, 250, 250, 250, 250];
  expect(columnOf('R19', 'lostByBlocking')).toEqual(lost);
  expect(columnOf('R19', 'expected')).toEqual(lost);
  expect(ALL.find(({ row }) => row === 'R19')?.says).toContain(
    'from 283 (processes), 251 (processes, ids), 251 (threads) ticks on',
  );
});

test('R20 a switch of 1 us loses 1 % of a core at 10,000 a second, and all of it at 1,000,000', () => {
  expect(columnOf('R20', 'switchesPerSecond')).toEqual([10_000, 100_000, 500_000, 1_000_000]);
  expect(columnOf('R20', 'lostPercent')).toEqual([1, 10, 50, 100]);
  expect(columnOf('R20', 'expected')).toEqual([1, 10, 50, 100]);
});

test('R28 small mallocs make as few system calls as their cells allow', () => {
  for (const { atMost, systemCalls } of casesOf('R28')) {
    expect(systemCalls).toBeGreaterThan(0);
    expect(systemCalls).toBeLessThanOrEqual(Number(atMost));
  }
  // 8 bytes are 256 cells a page; 100 are cells of 112 (8-aligned) and 112 (16-aligned); 800 are 808 and 816.
  expect(columnOf('R28', 'cell')).toEqual([16, 112, 808, 32, 112, 816]);
  expect(columnOf('R28', 'atMost')).toEqual([5, 29, 201, 2, 3, 14]);
});

test('R30 a steady loop makes no further calls, one past the threshold two a round', () => {
  expect(columnOf('R30', 'furtherCalls')).toEqual([0, 0, 2000]);
  expect(columnOf('R30', 'expected')).toEqual([0, 0, 2000]);
});

test('R49 the share of the calls falls, below 1 % from 49 pages on', () => {
  expect(columnOf('R49', 'pages')).toEqual([1, 4, 16, 48, 49, 256]);
  const shares = columnOf('R49', 'sharePercent').map(Number);
  for (const [index, share] of shares.entries())
    expect(share).toBeLessThan(shares[index - 1] ?? 100);
  expect(shares[3]).toBeGreaterThanOrEqual(1);
  expect(shares[4]).toBeLessThan(1);
});
