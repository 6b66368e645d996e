import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { Prng } from '../base/prng.ts';
import { type Range, overlaps } from '../base/range.ts';
import { GranuleMap } from './granule-map.ts';

/** Claims ranges written `start-end`, releases those written with `!`, and tells which claims were granted. */
function claims(granule: number, script: string): boolean[] {
  const map = new GranuleMap(granule);
  return script.split(' ').flatMap((step) => {
    const [start, end] = step.replace('!', '').split('-').map(Number);
    if (!step.startsWith('!')) return map.claim(start!, end!);
    map.release(start!, end!);
    return [];
  });
}

/** Bytes of a segment with granules of 8, and of the smallest range that is kept in the list. */
const SEGMENT = 2 ** 20;
const HUGE = 2 ** 26;

describe('a range', () => {
  test.each<[string, number, string, boolean[]]>([
    ['that touches another is granted', 8, '0-16 16-32 32-33', [true, true, true]],
    ['that starts inside another is refused', 8, '0-24 16-32', [true, false]],
    ['that ends inside another is refused', 8, '16-32 0-17', [true, false]],
    ['inside another is refused', 8, '0-4096 128-136', [true, false]],
    ['that encloses another is refused', 8, '128-136 0-4096', [true, false]],
    ['of one byte takes its granule', 8, '8-9 8-16', [true, false]],
    ['without alignment is exact to the byte', 1, '1-4 4-7 3-5 7-8', [true, true, false, true]],
    ['of granules of 2 and 4 is too', 2, '2-6 6-8 4-6', [true, true, false]],
    ['over a word of the bitmap is whole', 8, '248-272 256-264 240-248', [true, false, true]],
    [
      'of exactly 32 granules is whole',
      8,
      '8-264 8-16 256-264 264-272',
      [true, false, false, true],
    ],
    ['of 32 at the start of a word too', 8, '0-256 248-256 256-264', [true, false, true]],
    ['that hits the second word only is refused', 8, '256-264 240-264', [true, false]],
    [
      'over the end of a segment is whole',
      8,
      `${SEGMENT - 16}-${SEGMENT + 16} ${SEGMENT + 8}-${SEGMENT + 16} ${SEGMENT - 8}-${SEGMENT} ${SEGMENT + 16}-${SEGMENT + 24}`,
      [true, false, false, true],
    ],
    [
      'of several segments is whole',
      8,
      `0-${3 * SEGMENT} ${2 * SEGMENT}-${2 * SEGMENT + 8}`,
      [true, false],
    ],
    ['that hits a long one at its end is refused', 8, '4096-4104 0-4100', [true, false]],
    ['that was refused takes nothing', 8, '256-264 240-264 240-256', [true, false, true]],
    ['that was refused for its end takes nothing', 8, '4096-4104 0-4100 0-8', [true, false, true]],
    ['that was released is free', 8, '8-64 !8-64 8-64', [true, true]],
    ['over two words that was released is free', 8, '248-272 !248-272 248-272', [true, true]],
    ['of 32 that was released is free', 8, '8-264 !8-264 8-264', [true, true]],
    ['over a long way that was released is free', 8, '8-4096 !8-4096 16-24', [true, true]],
    [
      'released leaves its neighbours',
      8,
      '0-8 8-16 16-24 !8-16 0-8 16-24',
      [true, true, true, false, false],
    ],
  ])('%s', (_, granule, script, granted) => {
    expect(claims(granule, script)).toEqual(granted);
  });
});

describe('a huge range', () => {
  const far = 2 ** 40;
  test.each<[string, string, boolean[]]>([
    [
      'touches others',
      `0-${HUGE} ${HUGE}-${2 * HUGE} ${2 * HUGE}-${2 * HUGE + 8}`,
      [true, true, true],
    ],
    ['is hit by a small one', `0-${far} 4096-4104`, [true, false]],
    ['is hit by a huge one', `0-${far} ${far - 8}-${2 * far}`, [true, false]],
    ['hits a small one', `4096-4104 0-${far}`, [true, false]],
    ['passes by small ones', `4096-4104 8192-${far} ${far}-${far + 8}`, [true, true, true]],
    ['passes by segments of its own', `8-16 !8-16 0-${HUGE}`, [true, true]],
    ['passes by segments far away', `${far}-${far + 8} 0-${HUGE}`, [true, true]],
    [
      'that was released is free',
      `0-${far} ${far}-${2 * far} !0-${far} 0-${far} ${far}-${far + 8}`,
      [true, true, true, false],
    ],
  ])('%s', (_, script, granted) => {
    expect(claims(8, script)).toEqual(granted);
  });
});

describe('clear', () => {
  test('forgets small, long and huge ranges', () => {
    const map = new GranuleMap(8);
    const ranges = [
      [8, 16],
      [4096, 8192],
      [2 ** 40, 2 ** 41],
    ] as const;
    for (const [start, end] of ranges) map.claim(start, end);
    map.clear();
    expect(ranges.map(([start, end]) => map.claim(start, end))).toEqual([true, true, true]);
  });

  test('keeps segments apart that come again in another order', () => {
    const map = new GranuleMap(8);
    map.claim(8, 16);
    map.clear();
    expect([map.claim(SEGMENT + 8, SEGMENT + 16), map.claim(8, 16)]).toEqual([true, true]);
  });

  test('drops segments when there are more than 256', () => {
    const map = new GranuleMap(8);
    for (let segment = 0; segment < 256; segment += 1)
      map.claim(segment * SEGMENT, segment * SEGMENT + 8);
    expect(map.isLarge).toBe(false);
    map.claim(256 * SEGMENT, 256 * SEGMENT + 8);
    expect(map.isLarge).toBe(true);
    map.clear();
    expect(map.isLarge).toBe(false);
    expect(map.claim(256 * SEGMENT, 256 * SEGMENT + 8)).toBe(true);
  });
});

test.each([0, 3, 16])('a granule has no %d bytes', (bytes) => {
  expect(() => new GranuleMap(bytes)).toThrow(new KitBug('a granule has 1, 2, 4 or 8 bytes'));
});

test.each([1, 2, 4, 8])(
  'agrees with a list of ranges over random claims, granule %d',
  (granule) => {
    const prng = new Prng(granule);
    const map = new GranuleMap(granule);
    const ranges: Range[] = [];
    const sizes = [4, 40, 400, 4000, 300_000];
    for (let step = 0; step < 3000; step += 1) {
      if (prng.oneIn(3) && ranges.length > 0) {
        const [range] = ranges.splice(prng.below(ranges.length), 1);
        map.release(range!.start, range!.end);
        continue;
      }
      // Around the end of a segment, whatever the granule.
      const start = 2 ** 17 * granule - 4000 + granule * prng.below(8000 / granule);
      const range = { start, end: start + 1 + prng.below(prng.pick(sizes)) };
      const whole = { start, end: Math.ceil(range.end / granule) * granule };
      const isFree = !ranges.some((other) =>
        overlaps(whole, { start: other.start, end: Math.ceil(other.end / granule) * granule }),
      );
      expect(map.claim(range.start, range.end)).toBe(isFree);
      if (isFree) ranges.push(range);
    }
  },
);
