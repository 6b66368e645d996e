import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { Areas, type Protection } from './areas.ts';

/** Areas from a drawing: a letter a page of 1 byte, `w` read-write, `r` read, `n` none; a dot is a hole. */
function draw(picture: string): Areas {
  const areas = new Areas();
  const protections: Readonly<Record<string, Protection>> = {
    w: 'read-write',
    r: 'read',
    n: 'none',
  };
  for (const [start, letter] of picture.split('').entries()) {
    const protection = protections[letter];
    if (protection !== undefined) areas.insert({ start, end: start + 1 }, protection);
  }
  return areas;
}

/** Each area as `start-end letter`. */
function shown(areas: Areas): string {
  return areas
    .all()
    .map(({ start, end, protection }) => `${start}-${end}${protection.at(protection.length - 1)}`)
    .join(' ');
}

describe('a new area', () => {
  test.each([
    ['ww', '0-2e'],
    ['w.w', '0-1e 2-3e'],
    ['wwrrnw', '0-2e 2-4d 4-5e 5-6e'],
  ])('joins the neighbours that are like it: %s', (picture, areas) => {
    expect(shown(draw(picture))).toBe(areas);
  });

  test('that fills a hole makes one area of three', () => {
    const areas = draw('w.w');
    areas.insert({ start: 1, end: 2 }, 'read-write');
    expect(shown(areas)).toBe('0-3e');
    expect(areas.mappedSize).toBe(3);
  });

  test.each([
    [1, 2],
    [0, 4],
    [2, 4],
    [3, 3],
  ])('is not [%d, %d) where that is empty or taken', (start, end) => {
    const areas = draw('.ww.');
    expect(() => areas.insert({ start, end }, 'read')).toThrow(KitBug);
    expect(shown(areas)).toBe('1-3e');
  });
});

describe('a range that is removed', () => {
  test.each([
    ['wwwww', 1, 3, '0-1e 3-5e'],
    ['wwwww', 0, 5, ''],
    ['wwwww', 0, 1, '1-5e'],
    ['wwwww', 4, 9, '0-4e'],
    ['ww.rr.ww', 1, 7, '0-1e 7-8e'],
    ['ww.rr.ww', 2, 3, '0-2e 3-5d 6-8e'],
    ['..', 0, 2, ''],
  ])('from %s, [%d, %d), leaves %s', (picture, start, end, rest) => {
    const areas = draw(picture);
    areas.remove({ start, end });
    expect(shown(areas)).toBe(rest);
    const size = areas.all().reduce((sum, area) => sum + area.end - area.start, 0);
    expect(areas.mappedSize).toBe(size);
  });

  test('does not change the most that was mapped', () => {
    const areas = draw('www');
    areas.remove({ start: 0, end: 2 });
    areas.insert({ start: 0, end: 1 }, 'read');
    expect([areas.mappedSize, areas.mappedPeak]).toEqual([2, 3]);
  });
});

describe('areas', () => {
  test('know which one an address lies in', () => {
    const areas = draw('.wr.');
    const found = [0, 1, 2, 3, 4].map((address) => areas.at(address)?.protection);
    expect(found).toEqual([undefined, 'read-write', 'read', undefined, undefined]);
  });

  test.each([
    [0, 1, false, false],
    [0, 2, true, false],
    [1, 3, true, true],
    [2, 4, true, false],
    [2, 6, true, false],
    [3, 4, false, false],
    [5, 6, false, false],
  ])('of .wr.w: [%d, %d) is touched: %s, covered: %s', (start, end, touches, cover) => {
    const areas = draw('.wr.w');
    expect([areas.touches({ start, end }), areas.cover({ start, end })]).toEqual([touches, cover]);
  });
});
