/** Realloc and aligned: blocks that are made to measure. */
import { describe, expect, test } from 'vitest';
import { Heap } from './heap.ts';
import {
  KINDS,
  listed,
  type Listed,
  makeWorld,
  PAGE,
  problemsOf,
  type World,
} from './heap-world.test-helper.ts';
import type { HeapOptions } from './options.ts';

const make = (heap: Partial<HeapOptions>): World => makeWorld({ Heap }, { heap });

const byStart = (a: Listed, b: Listed): number => a.start - b.start;

interface Resized {
  readonly moved: boolean;
  readonly kept: boolean;
  readonly world: World;
}

/** Reallocs a block of `from` bytes between others, of which the right one is free or not. */
function resized(
  options: HeapOptions,
  { from, to, right }: { from: number; to: number; right: 'free' | 'used' },
): Resized {
  const world = make(options);
  const { heap, arena } = world;
  heap.malloc(24);
  const block = heap.malloc(from)!;
  const next = heap.malloc(200)!;
  heap.malloc(24);
  if (right === 'free') heap.free(next);
  for (let at = 0; at < from; at += 1) arena.storeByte(block + at, at % 251);
  const answer = heap.realloc(block, to)!;
  const kept = Array.from({ length: Math.min(from, to) }, (_, at) => arena.loadByte(answer + at));
  expect(heap.usableSize(answer)).toBeGreaterThanOrEqual(to);
  expect(problemsOf(world)).toEqual([]);
  return { moved: answer !== block, kept: kept.every((byte, at) => byte === at % 251), world };
}

describe.each(KINDS)('a heap %s', (_, options) => {
  describe('realloc', () => {
    test.each([
      [104, 104, 'used', 'stays'],
      [104, 8, 'used', 'stays'],
      [104, 96, 'used', 'stays'],
      [104, 8, 'free', 'stays'],
      [104, 0, 'used', 'stays'],
      [104, 105, 'used', 'moves'],
      [104, 300, 'free', 'stays'],
      [104, 200, 'free', 'stays'],
      [104, 320, 'free', 'moves'],
      [104, 5 * PAGE, 'used', 'moves'],
      [5 * PAGE, 104, 'used', 'moves'],
      [5 * PAGE, 5 * PAGE + 8, 'used', 'stays'],
      [5 * PAGE, 6 * PAGE, 'used', 'moves'],
      [6 * PAGE, 5 * PAGE, 'used', 'moves'],
    ] as const)('of %d bytes to %d with a %s neighbour %s', (from, to, right, outcome) => {
      const { moved, kept } = resized(options, { from, to, right });
      expect([moved ? 'moves' : 'stays', kept]).toEqual([outcome, true]);
    });

    test('takes all of a free neighbour when the rest would be too small', () => {
      const { heap } = resized(options, { from: 104, to: 304, right: 'free' }).world;
      expect(heap.counters.splits).toBeGreaterThan(0);
      const to = heap.layout.hasTags ? 312 : 304;
      const tight = resized(options, { from: 104, to, right: 'free' });
      expect(tight.moved).toBe(false);
    });

    test('to a smaller size lists what is left over, if it can be a block', () => {
      for (const more of [8, 16]) {
        const world = make(options);
        const { heap } = world;
        const { extentMin } = heap.layout;
        const size = heap.usableSize(heap.malloc(104)!);
        const block = heap.malloc(size)!;
        heap.malloc(24);
        const listedBefore = listed(world);
        const { splits } = heap.counters;
        const tooLarge = size - extentMin + more;
        expect(heap.realloc(block, tooLarge)).toBe(block);
        expect([heap.usableSize(block), listed(world)]).toEqual([size, listedBefore]);
        expect(heap.realloc(block, size - extentMin)).toBe(block);
        expect(heap.usableSize(block)).toBe(size - extentMin);
        expect(listed(world)).toContainEqual({
          start: block + size - extentMin,
          extent: extentMin,
        });
        expect(heap.counters.splits).toBe(splits + 1);
      }
    });

    test('of a big block to a small one moves, though it would take as many pages', () => {
      const { heap } = make({ ...options, bigThreshold: 2000 });
      const big = heap.malloc(2100)!;
      expect(heap.realloc(big, 100)).not.toBe(big);
      expect(heap.bigMaps.size).toBe(0);
    });

    test('of null is malloc', () => {
      const { heap } = make(options);
      expect(heap.usableSize(heap.realloc(null, 24)!)).toBeGreaterThanOrEqual(24);
    });
  });

  describe('aligned', () => {
    test.each([16, 32, 64, 256, 4096, 8192, 2 ** 16])(
      'at %d bytes is aligned, writable and freed whole',
      (alignment) => {
        const world = make(options);
        const { heap } = world;
        heap.malloc(24);
        const blocks = [1, 100, 3000, 5 * PAGE, 40].map((size) => ({
          size,
          address: heap.aligned(alignment, size)!,
        }));
        for (const { size, address } of blocks) {
          expect(address % alignment).toBe(0);
          expect(heap.usableSize(address)).toBeGreaterThanOrEqual(size);
        }
        expect(problemsOf(world)).toEqual([]);
        for (const { address } of blocks) heap.free(address);
        expect(problemsOf(world)).toEqual([]);
        expect(heap.bigMaps.size).toBe(0);
      },
    );

    test('lists what lies in front of the block', () => {
      const world = make(options);
      const address = world.heap.aligned(512, 8)!;
      expect(listed(world).some(({ start, extent }) => start + extent === address - 8)).toBe(true);
    });

    test('where a block lies there already takes it as it is', () => {
      const world = make(options);
      const first = world.heap.malloc(8)!;
      const pad = 64 - ((first + world.heap.layout.extentFor(8)) % 64);
      world.heap.malloc(pad - 8);
      const listedBefore = listed(world).length;
      expect(world.heap.aligned(64, 8)! % 64).toBe(0);
      expect(listed(world).length).toBeLessThanOrEqual(listedBefore + 1);
      expect(problemsOf(world)).toEqual([]);
    });

    test('takes all of a block that has too little left behind it', () => {
      const { heap } = make(options);
      // The front of 16 or 8 bytes is no block, so a whole alignment more goes there, and what is left behind is none.
      const [before, exact, front, usable] = heap.layout.hasTags
        ? [24, 120, 80, 40]
        : [40, 88, 72, 16];
      heap.malloc(before);
      const block = heap.malloc(exact)!;
      heap.malloc(24);
      heap.free(block);
      const address = heap.aligned(64, 8)!;
      expect([address - block, heap.usableSize(address)]).toEqual([front, usable]);
    });

    test('lies as low as it can in the block that it is cut from, and all around it is listed', () => {
      for (const alignment of [32, 64, 128]) {
        for (let hole = 40; hole < 300; hole += 8) {
          const world = make({ ...options, list: 'address' });
          const { heap } = world;
          const { extentMin, header } = heap.layout;
          heap.malloc(24);
          const freed = heap.malloc(hole)!;
          heap.malloc(24);
          heap.free(freed);
          const before = listed(world);
          const address = heap.aligned(alignment, 40)!;

          const from = before.find(
            ({ start, extent }) => start < address && address < start + extent,
          )!;
          let front = 0;
          while (
            (from.start + front + header) % alignment !== 0 ||
            (front > 0 && front < extentMin)
          )
            front += 8;
          expect(address).toBe(from.start + front + header);
          const extent = heap.layout.extentFor(40);
          const behind = from.extent - front - extent;
          const left = before.filter((block) => block !== from);
          if (front > 0) left.push({ start: from.start, extent: front });
          if (behind >= extentMin)
            left.push({ start: from.start + front + extent, extent: behind });
          expect(listed(world).toSorted(byStart)).toEqual(left.toSorted(byStart));
          expect(heap.usableSize(address)).toBe(
            (behind >= extentMin ? extent : extent + behind) - header,
          );
        }
      }
    });

    test('as all blocks are, takes what malloc would', () => {
      const world = make(options);
      const hole = world.heap.malloc(24)!;
      world.heap.malloc(24);
      world.heap.free(hole);
      const before = listed(world);
      expect(world.heap.aligned(options.alignment, 24)).toBe(hole);
      world.heap.free(hole);
      expect(world.heap.aligned(options.alignment / 2, 24)).toBe(hole);
      world.heap.free(hole);
      expect(listed(world)).toEqual(before);
    });

    test('of a big block knows what it may use, and is made larger only where that is enough', () => {
      const { heap } = make(options);
      const size = 5 * PAGE - 2048;
      const address = heap.aligned(2048, size)!;
      expect(heap.usableSize(address)).toBe(size);
      expect(heap.realloc(address, size)).toBe(address);
      expect(heap.realloc(address, 5 * PAGE - 16)).not.toBe(address);
    });

    test('leaves no gap in front that is too small for a block', () => {
      for (let size = 0; size < 128; size += 8) {
        const world = make(options);
        world.heap.malloc(size);
        expect(world.heap.aligned(64, 8)! % 64).toBe(0);
        expect(world.heap.aligned(32, 8)! % 32).toBe(0);
        expect(problemsOf(world)).toEqual([]);
      }
    });

    test.each([0, 8, 15])(
      'of a big block at more than a page unmaps what it does not need, %d pages on',
      (pages) => {
        const { arena, heap } = make(options);
        if (pages > 0) arena.map(pages * PAGE);
        const address = heap.aligned(2 ** 16, 5 * PAGE)!;
        expect(address % 2 ** 16).toBe(0);
        expect(arena.mappedSize).toBe((pages + 6) * PAGE);
        heap.free(address);
        expect(arena.mappedSize).toBe(pages * PAGE);
      },
    );

    test('of an impossible size is refused', () => {
      expect(make(options).heap.aligned(64, 2 ** 48)).toBeNull();
    });
  });
});
