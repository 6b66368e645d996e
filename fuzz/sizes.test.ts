import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { SIZE_MAX, type Size } from '../src/base/units.ts';
import { HeapView } from './heap-view.ts';
import { SizeSweep } from './size-sweep.ts';
import { SizeSource, type SizeSourceOptions, thresholdsOf } from './sizes.ts';

/** Sizes of many programs, so many of each. */
function sizesOf(programs: number, each: number): readonly (readonly Size[])[] {
  return Array.from({ length: programs }, (_, seed) => {
    const source = new SizeSource(new Prng(seed));
    return Array.from({ length: each }, () => source.draw('malloc'));
  });
}

const PROGRAMS = sizesOf(400, 100);
const ALL = PROGRAMS.flat();

/** The share of sizes for which this holds. */
function share(holds: (size: Size) => boolean): number {
  return ALL.filter(holds).length / ALL.length;
}

/** A size's distance from the nearest power of two. */
function offPower(size: Size): number {
  const exponent = Math.round(Math.log2(Math.max(1, Number(size))));
  return Math.abs(Number(size) - 2 ** exponent);
}

const isExact = (size: Size): boolean =>
  typeof size === 'number' ? Number.isSafeInteger(size) : size >= 2n ** 53n;

describe('a size', () => {
  test('is exact and from 0 to 2^64-1', () => {
    expect(ALL.filter((size) => !isExact(size) || size < 0 || size > SIZE_MAX)).toEqual([]);
  });

  test.each([
    ['0', 0.02, 0.2, (size: Size) => size === 0],
    ['1 to 63', 0.2, 0.5, (size: Size) => size > 0 && size < 64],
    ['64 to 4095', 0.3, 0.6, (size: Size) => size >= 64 && size < 4096],
    ['4096 to 1 MiB', 0.03, 0.2, (size: Size) => size >= 4096 && size <= 2 ** 20],
    ['more than any arena has', 0.01, 0.1, (size: Size) => size > 2 ** 30],
    ['more than a double can hold', 0.003, 0.05, (size: Size) => typeof size === 'bigint'],
    ['near a power of two', 0.4, 0.95, (size: Size) => offPower(size) <= 17],
  ])('is %s in %d to %d of all draws', (_, least, most, holds) => {
    expect(share(holds)).toBeGreaterThan(least);
    expect(share(holds)).toBeLessThan(most);
  });

  test('may be any of those at which a sum of 32 or 64 bits wraps', () => {
    const drawn = new Set(ALL);
    const edges = [
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 36 + 64,
      2n ** 63n,
      2n ** 64n - 9n,
      SIZE_MAX,
    ];
    expect(edges.filter((size) => !drawn.has(size))).toEqual([]);
  });

  test('may be at, just below and just above a page and a threshold', () => {
    const drawn = new Set(ALL);
    for (const power of [4096, 131_072]) {
      const near = [-8, 0, 1, 8].filter((nudge) => drawn.has(power + nudge));
      expect([power, near]).toEqual([power, [-8, 0, 1, 8]]);
    }
  });
});

describe('the sizes of a program', () => {
  test('repeat in three of five: most draws are of a handful; the others sweep', () => {
    const shares = PROGRAMS.map((sizes) => {
      const counts = new Map<Size, number>();
      for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1);
      expect(counts.size).toBeGreaterThan(5);
      const most = [...counts.values()].toSorted((a, b) => b - a).slice(0, 6);
      return most.reduce((sum, count) => sum + count, 0);
    });
    expect(shares.filter((count) => count > 45).length).toBeGreaterThan(200);
    expect(shares.filter((count) => count < 30).length).toBeGreaterThan(120);
  });

  test('are swept evenly below 4096, in all programs together: no number is left out', () => {
    const counts = new Uint32Array(4096);
    for (const size of sizesOf(3000, 100).flat())
      if (typeof size === 'number' && size < 4096) counts[size]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(3);
    // Halves of the range that has no power of two in it are drawn equally often, within a tenth.
    const sum = (start: number, end: number): number =>
      counts.subarray(start, end).reduce((total, count) => total + count, 0);
    expect(sum(2200, 3000) / sum(3000, 3800)).toBeGreaterThan(0.9);
    expect(sum(2200, 3000) / sum(3000, 3800)).toBeLessThan(1.1);
  });

  test('fit what lies between blocks, where the heap is known', () => {
    const heap = new HeapView();
    const grant = (slot: number, address: number): void =>
      heap.note(
        { kind: 'malloc', slot, size: 100_000 },
        { kind: 'granted', address, size: 100_000 },
      );
    grant(0, 0x100_0000);
    grant(1, 0x110_0000);
    const sources = Array.from(
      { length: 60 },
      (_, seed) => new SizeSource(new Prng(seed), { heap }),
    );
    const drawTen = (draw: (source: SizeSource) => Size): readonly Size[] =>
      sources.flatMap((source) => Array.from({ length: 10 }, () => draw(source)));
    const sizes = drawTen((source) => source.draw('malloc'));
    const room = drawTen((source) => source.drawFor(0));
    for (const fit of [0x10_0000, 0x10_0000 - 16]) {
      expect(sizes.filter((size) => size === fit).length).toBeGreaterThan(2);
      expect(room.filter((size) => size === fit).length).toBeGreaterThan(4);
    }
    expect(room.filter((size) => size === 200_000).length).toBeGreaterThan(5);
    const without = new SizeSource(new Prng(1), { heap, without: new Set(['fits'] as const) });
    expect(Array.from({ length: 200 }, () => without.drawFor(0))).not.toContain(0x10_0000);
  });

  test('are all small in some programs, and up to 256 KiB in others', () => {
    const medians = PROGRAMS.map((sizes) => Number(sizes.toSorted((a, b) => (a < b ? -1 : 1))[50]));
    expect(medians.filter((median) => median < 64).length).toBeGreaterThan(70);
    expect(medians.filter((median) => median > 2000).length).toBeGreaterThan(20);
  });

  test('of the same seed are the same, of another seed are not', () => {
    expect(sizesOf(3, 50)).toEqual(PROGRAMS.slice(0, 3).map((sizes) => sizes.slice(0, 50)));
    expect(PROGRAMS[0]).not.toEqual(PROGRAMS[1]);
  });
});

describe('thresholds', () => {
  const target = { name: 'toy', malloc: () => null, free: () => true };

  test('have the largest request, and parts of it, where it is that of a heap', () => {
    const of = thresholdsOf({ ...target, promises: { sizeMax: 20_971_520 } });
    expect(of.promised).toEqual([20_971_520]);
    expect(of.all).toEqual(expect.arrayContaining([20_971_520, 10_485_760, 5_242_880]));
  });

  test('have those that are promised, and twice as much, apart from the others', () => {
    const promises = { returnsFrom: 70_000, recovers: 3000 };
    const { all, promised } = thresholdsOf({ ...target, promises });
    expect([...new Set(promised)].toSorted((a, b) => a - b)).toEqual([3000, 6000, 70_000, 140_000]);
    expect(all).toEqual(expect.arrayContaining([...promised, 4096]));
    expect(thresholdsOf({ ...target, promises: {} }).promised).toEqual([
      4096, 8192, 65_536, 131_072,
    ]);
  });

  test('have no part of the largest request that a type holds', () => {
    for (const sizeMax of [2 ** 31 - 1, 2 ** 32 - 1, SIZE_MAX])
      expect(Math.max(...thresholdsOf({ ...target, promises: { sizeMax } }).all)).toBe(2 ** 21);
  });
});

/** The sizes of a short program. */
function shortSizes(seed: number, options: SizeSourceOptions): readonly Size[] {
  const source = new SizeSource(new Prng(seed), { isShort: true, ...options });
  return Array.from({ length: 24 }, () => source.draw('malloc'));
}

/** Of how many short programs of 300 this holds. */
function shortCount(
  holds: (sizes: readonly Size[]) => boolean,
  options: SizeSourceOptions = {},
): number {
  const programs = Array.from({ length: 300 }, (_, seed) => shortSizes(seed, options));
  return programs.filter(holds).length;
}

/** Whether some size is so near to one that came before, which is near nothing that is usual: it is no chance. */
function hasNear(sizes: readonly Size[], isNear: (off: number) => boolean): boolean {
  return sizes.some((size, index) =>
    sizes.slice(0, index).some((other) => {
      const isOdd = other > 5000 && offPower(other) > 128;
      return isOdd && isNear(Math.abs(Number(size) - Number(other)));
    }),
  );
}

describe('a short program', () => {
  test.each([
    ['again', 40, (off: number) => off === 0],
    ['that may be of the class beside one that it had', 20, (off: number) => off > 0 && off <= 32],
  ])('has sizes %s, if repeats are not left out', (_, least, isNear) => {
    expect(shortCount((sizes) => hasNear(sizes, isNear))).toBeGreaterThan(least);
    const without = new Set(['repeats'] as const);
    expect(shortCount((sizes) => hasNear(sizes, isNear), { without })).toBeLessThan(5);
  });

  test('has sizes at what the target promises', () => {
    const thresholds = { all: [4096], promised: [777_777] };
    const count = shortCount((sizes) => sizes.includes(777_777), { thresholds });
    expect(count).toBeGreaterThan(150);
  });

  test('has sizes that fit between blocks, where the heap is known', () => {
    const heap = new HeapView();
    for (const [slot, address] of [0x100_0000, 0x110_0000].entries())
      heap.note({ kind: 'malloc', slot, size: 8 }, { kind: 'granted', address, size: 8 });
    expect(shortCount((sizes) => sizes.includes(0x10_0000), { heap })).toBeGreaterThan(60);
    expect(shortCount((sizes) => sizes.includes(0x10_0000))).toBe(0);
  });
});

test('a sweep deals each kind of op all sizes below 4096 bytes before one comes again', () => {
  const [sweep, prng] = [new SizeSweep(), new Prng(1)];
  const swept = (kind: 'malloc' | 'calloc', draws: number): ReadonlySet<number> =>
    new Set(Array.from({ length: draws }, () => sweep.draw(prng, kind)));
  const half = swept('malloc', 2048);
  expect(swept('calloc', 4096).size).toBe(4096);
  const all = new Set([...half, ...swept('malloc', 2048)]);
  expect([all.size, Math.min(...all), Math.max(...all)]).toEqual([4096, 0, 4095]);
});
