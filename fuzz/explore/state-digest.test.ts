import { describe, expect, test } from 'vitest';
import { DigestTable } from './digest-table.ts';
import { StateDigest } from './state-digest.ts';

/** The digest of some numbers, then some memory. */
function digestOf(numbers: readonly number[], words: readonly number[] = [], start = 0): string {
  const digest = new StateDigest();
  digest.clear();
  for (const value of numbers) digest.number(value);
  const memory = new Int32Array(start + words.length + (words.length % 2));
  memory.set(words, start);
  digest.words(memory, 0, memory.length);
  digest.finish();
  return `${digest.low} ${digest.high}`;
}

describe('a digest', () => {
  test('of the same is the same, whatever was told before', () => {
    expect(digestOf([1, 2], [3])).toBe(digestOf([1, 2], [3]));
  });

  test.each([
    ['order', digestOf([1, 2]), digestOf([2, 1])],
    ['the high half of a number', digestOf([2 ** 40]), digestOf([2 ** 41])],
    ['zeros at the end', digestOf([1]), digestOf([1, 0])],
    ['the place of a word', digestOf([], [0, 5]), digestOf([], [5, 0])],
    ['the stride of a word', digestOf([], [5], 0), digestOf([], [5], 8)],
    [
      'the last word',
      digestOf([], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
      digestOf([], [1, 2, 3, 4, 5, 6, 7, 8, 8]),
    ],
  ])('tells %s', (_, a, b) => {
    expect(a).not.toBe(b);
  });

  test('takes strides of zeros and memory that is not there for the same', () => {
    expect(
      digestOf(
        [1],
        Array.from({ length: 16 }, () => 0),
      ),
    ).toBe(digestOf([1]));
  });

  test('has few bits in common with that of a neighbour', () => {
    const all = Array.from({ length: 2000 }, (_, value) => digestOf([value]));
    for (const lane of [0, 1]) {
      const lanes = new Set(all.map((digest) => Number(digest.split(' ')[lane])));
      expect(lanes.size).toBe(2000);
      const low = [...lanes].filter((value) => value % 2 === 0).length;
      expect(Math.abs(low - 1000)).toBeLessThan(150);
    }
  });
});

describe('a table of digests', () => {
  test('finds what was added by its number, also after it grew, and nothing else', () => {
    const table = new DigestTable();
    for (let number = 0; number < 10_000; number += 1) table.add(number % 100, number);
    expect(table.size).toBe(10_000);
    expect([table.find(7, 7), table.find(99, 9999), table.find(7, 8)]).toEqual([7, 9999, -1]);
  });

  test('forgets what it is told to', () => {
    const table = new DigestTable();
    for (let number = 0; number < 5000; number += 1) table.add(number, 1);
    table.truncate(100);
    expect([table.find(99, 1), table.find(100, 1), table.size]).toEqual([99, -1, 100]);
    const again = new DigestTable(table.low, table.high);
    expect(again.find(99, 1)).toBe(99);
  });
});
