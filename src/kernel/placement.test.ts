import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { Prng } from '../base/prng.ts';
import type { Range } from '../base/range.ts';
import { findPlace, type Placement } from './placement.ts';

/** Finds a place for `size` pages of 1 byte in a drawing: `x` is taken, a dot is not; `[` and `]` are the bounds. */
function place(picture: string, size: number, placement: Placement, seed = 0): number | null {
  const pages = picture.replaceAll(/[[\]]/g, '');
  const taken = pages
    .split('')
    .map((letter, start): Range | undefined =>
      letter === 'x' ? { start, end: start + 1 } : undefined,
    )
    .filter((range) => range !== undefined);
  const within = { start: picture.indexOf('['), end: picture.indexOf(']') - 1 };
  return findPlace({ size, pageSize: 1, placement, within, taken, prng: new Prng(seed) });
}

describe('the next area goes', () => {
  test.each([
    ['[......]', 2, 0, 4, 0],
    ['[xx..x.]', 2, 2, 2, null],
    ['[xx...x]', 1, 2, 4, 3],
    ['[x.x...]', 2, 3, 4, 4],
    ['[x.x..x]', 3, null, null, null],
    ['x[x..x]x', 2, 2, 2, null],
    ['xx[....]xx', 4, 2, 2, 2],
    ['x.[....]x.', 4, 2, 2, 2],
    ['[xxx]', 1, null, null, null],
  ])(
    'in %s with %d pages: up to %o, down to %o, with gaps to %o',
    (picture, size, up, down, gaps) => {
      expect(place(picture, size, 'up')).toBe(up);
      expect(place(picture, size, 'down')).toBe(down);
      expect(place(picture, size, 'gaps')).toBe(gaps);
    },
  );

  test('at random to any place that there is, and to no other', () => {
    const picture = '[x..x...x.]';
    const places = Array.from({ length: 200 }, (_, seed) => place(picture, 2, 'random', seed));
    expect(new Set(places)).toEqual(new Set([1, 4, 5]));
    expect(place(picture, 4, 'random')).toBe(null);
  });

  test('at random to the same place for the same seed, in 2^47 bytes too', () => {
    const within = { start: 2 ** 20, end: 2 ** 47 };
    const seeds = [1, 1, 2];
    const [a, b, c] = seeds.map((seed) =>
      findPlace({
        size: 4096,
        pageSize: 4096,
        placement: 'random',
        within,
        taken: [],
        prng: new Prng(seed),
      }),
    );
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(Number(a) % 4096).toBe(0);
  });

  test('nowhere for a placement that there is not', () => {
    const placement = Object('sideways');
    expect(() => place('[..]', 1, placement)).toThrow(new KitBug('no case is left for sideways'));
  });
});
