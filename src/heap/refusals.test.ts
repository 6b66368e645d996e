import { expect, test } from 'vitest';
import { FlatArena } from './flat-arena.ts';
import { Refusals } from './refusals.ts';

function nextFive(refusals: Refusals): readonly boolean[] {
  return Array.from({ length: 5 }, () => refusals.isNext());
}

test.each([
  [0, 0, [false, false, false, false, false]],
  [1, 1, [false, true, false, false, false]],
  [2, Infinity, [false, false, true, true, true]],
])('from request %d on, %d are refused, and counted', (first, count, expected) => {
  const refusals = new Refusals();
  expect(nextFive(refusals)).not.toContain(true);
  refusals.refuse(first, count);
  expect(nextFive(refusals)).toEqual(expected);
  expect(refusals.refusedCount).toBe(expected.filter(Boolean).length);
});

test('an arena refuses maps and growth of the break, and takes memory back all the same', () => {
  const arena = new FlatArena({ mapSize: 2 ** 16, brkSize: 2 ** 16 });
  const map = arena.map(4096)!;
  arena.brk(64);
  arena.refusals.refuse(0, Infinity);
  expect([arena.map(4096), arena.brk(64)]).toEqual([null, null]);
  arena.unmap(map, 4096);
  expect([arena.brk(0), arena.brk(-64)]).toEqual([2 ** 16 + 64, 2 ** 16 + 64]);
  expect(arena.mappedSize).toBe(0);
  expect(arena.refusals.refusedCount).toBe(2);
});
