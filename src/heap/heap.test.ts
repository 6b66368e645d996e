import { describe, expect, test } from 'vitest';
import { KIB } from '../base/units.ts';
import { FlatArena } from './flat-arena.ts';
import { Heap } from './heap.ts';
import { churn, listed, type Live, makeWorld, PAGE, type World } from './heap-world.test-helper.ts';
import { HEAP_INVARIANTS, heapState } from './invariants.ts';
import { DEFAULT_OPTIONS, type HeapOptions, LECTURE_NOTE } from './options.ts';

const TAGGED: HeapOptions = { ...DEFAULT_OPTIONS, growthUnit: PAGE, bigThreshold: 4 * PAGE };
const UNTAGGED: HeapOptions = { ...LECTURE_NOTE, bigThreshold: 4 * PAGE };

/** Both ways to keep blocks; what a heap owes its caller is the same. */
const KINDS: readonly [string, HeapOptions][] = [
  ['with tags', TAGGED],
  ['without tags', UNTAGGED],
];

const make = (heap: Partial<HeapOptions>): World => makeWorld({ Heap }, { heap });

/** What the invariants say. */
function problemsOf({ heap }: World): string[] {
  const state = heapState(heap);
  return HEAP_INVARIANTS.flatMap(({ check }) => check(state) ?? []);
}

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

/** Where a random program's blocks lie. */
function addresses(options: Partial<HeapOptions>): number[] {
  const all: number[] = [];
  const made = ({ address }: Live): number => all.push(address);
  churn(make(options), { steps: 2000, seed: 11, sizeMax: 900, made });
  return all;
}

describe.each(KINDS)('a heap %s', (_, options) => {
  test('does nothing when null is freed', () => {
    const world = make(options);
    world.heap.free(null);
    expect(world.arena.mappedSize).toBe(0);
  });

  test('gives malloc(0) a block of its own', () => {
    const { heap } = make(options);
    expect(heap.malloc(0)).not.toBe(heap.malloc(0));
  });

  test('refuses what the arena has no room for, small or big, and counts it', () => {
    const arena = new FlatArena({ mapSize: 2 * PAGE, brkSize: PAGE });
    const heap = new Heap(arena, { ...options, growthUnit: 2 * PAGE });
    expect([heap.malloc(5 * PAGE), heap.malloc(3 * PAGE), heap.aligned(64, 3 * PAGE)]).toEqual([
      null,
      null,
      null,
    ]);
    expect([heap.calloc(3, PAGE), heap.realloc(null, 3 * PAGE)]).toEqual([null, null]);
    expect(heap.counters.refusals).toBe(5);
    expect(arena.mappedSize).toBe(0);
    const live = heap.malloc(8)!;
    expect(heap.realloc(live, 3 * PAGE)).toBeNull();
    expect(heap.usableSize(live)).toBeGreaterThanOrEqual(8);
  });

  describe('calloc', () => {
    test.each([64, 5 * PAGE])('zeroes %d bytes that were used before', (size) => {
      const { heap, arena } = make(options);
      const dirty = heap.malloc(size)!;
      for (let at = dirty; at < dirty + size; at += 8) arena.store(at, 2 ** 53 - 1);
      heap.free(dirty);
      const block = heap.calloc(size / 8, 8)!;
      for (let at = block; at < block + size; at += 8) expect(arena.load(at)).toBe(0);
    });
  });

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

    test('leaves no gap in front that is too small for a block', () => {
      for (let size = 0; size < 128; size += 8) {
        const world = make(options);
        world.heap.malloc(size);
        expect(world.heap.aligned(64, 8)! % 64).toBe(0);
        expect(world.heap.aligned(32, 8)! % 32).toBe(0);
        expect(problemsOf(world)).toEqual([]);
      }
    });

    test('of a big block at more than a page unmaps what it does not need', () => {
      const world = make(options);
      const address = world.heap.aligned(2 ** 16, 5 * PAGE)!;
      expect(address % 2 ** 16).toBe(0);
      expect(world.arena.mappedSize).toBe(6 * PAGE);
      world.heap.free(address);
      expect(world.arena.mappedSize).toBe(0);
    });

    test('of an impossible size is refused', () => {
      expect(make(options).heap.aligned(64, 2 ** 48)).toBeNull();
    });
  });

  test('reset gives all memory back, live or not, and the next program finds a fresh heap', () => {
    for (const growth of ['map', 'brk'] as const) {
      const world = make({ ...options, growth });
      const first = world.heap.malloc(100);
      world.heap.malloc(3 * PAGE);
      world.heap.malloc(5 * PAGE);
      world.heap.reset();
      expect(world.arena.mappedSize).toBe(0);
      expect(listed(world)).toEqual([]);
      expect(world.heap.malloc(100)).toBe(first);
      expect(problemsOf(world)).toEqual([]);
    }
  });
});

describe('what happens is counted', () => {
  test.each(KINDS)('%s: splits, merges at each side, growths, big blocks, reuses', (_, options) => {
    const { heap } = make(options);
    const [a, b, c, d] = [1, 2, 3, 4].map(() => heap.malloc(104)!);
    expect(heap.counters).toMatchObject({ growths: 1, splits: 4, reuses: 0 });
    heap.free(b!);
    heap.free(a!);
    expect(heap.counters).toMatchObject({ mergesRight: 1, mergesLeft: 0, mergesBoth: 0 });
    const again = heap.malloc(216)!;
    expect(heap.counters.reuses).toBe(1);
    heap.free(again);
    heap.free(c!);
    expect(heap.counters.mergesLeft).toBe(1);
    heap.free(d!);
    expect(heap.counters.mergesBoth).toBe(1);
    heap.free(heap.malloc(5 * PAGE));
    expect(heap.counters).toMatchObject({ bigMallocs: 1, bigFrees: 1, growths: 1 });
  });
});

describe('growth', () => {
  test.each(['map', 'brk'] as const)(
    'by %s takes whole units, and neighbours become one region',
    (growth) => {
      const world = make({ ...TAGGED, growth });
      for (let count = 0; count < 5; count += 1) world.heap.malloc(2000);
      expect(world.heap.regions.all()).toHaveLength(1);
      expect(world.arena.mapsCount).toBe(growth === 'map' ? 3 : 0);
      expect(world.arena.mappedSize).toBe(3 * PAGE);
      expect(problemsOf(world)).toEqual([]);
    },
  );

  test('within maps only keeps regions and their blocks apart', () => {
    for (const options of [TAGGED, UNTAGGED]) {
      const world = make({ ...options, coalescing: 'within-map' });
      const blocks = Array.from({ length: 4 }, () => world.heap.malloc(3000)!);
      expect(world.heap.regions.all()).toHaveLength(4);
      for (const block of blocks) world.heap.free(block);
      expect(listed(world)).toHaveLength(4);
      expect(problemsOf(world)).toEqual([]);
    }
  });

  test('downwards joins the region above', () => {
    for (const heap of [TAGGED, UNTAGGED]) {
      const world = makeWorld({ Heap }, { heap, placement: 'down' });
      const blocks = Array.from({ length: 4 }, () => world.heap.malloc(3000)!);
      expect(world.heap.regions.all()).toHaveLength(1);
      for (const block of blocks) world.heap.free(block);
      expect(listed(world)).toHaveLength(1);
      expect(problemsOf(world)).toEqual([]);
    }
  });

  test('between two regions joins both', () => {
    for (const heap of [TAGGED, UNTAGGED]) {
      const world = make(heap);
      const blocks = [1, 2].map(() => world.heap.malloc(3000)!);
      const big = world.heap.malloc(4 * PAGE)!;
      blocks.push(...[1, 2].map(() => world.heap.malloc(3000)!));
      expect(world.heap.regions.all()).toHaveLength(2);
      world.heap.free(big);
      while (blocks.length < 20 && world.heap.regions.all().length > 1)
        blocks.push(world.heap.malloc(3000)!);
      expect(world.heap.regions.all()).toHaveLength(1);
      expect(problemsOf(world)).toEqual([]);
      for (const block of blocks) world.heap.free(block);
      expect(listed(world)).toHaveLength(1);
    }
  });

  test('finds room for the tallest alignment', () => {
    const world = make({ ...TAGGED, alignment: 4096 });
    const blocks = [1, 5000, 8].map((size) => world.heap.malloc(size)!);
    expect(blocks.map((block) => block % 4096)).toEqual([0, 0, 0]);
    expect(problemsOf(world)).toEqual([]);
  });
});

const COMBINATIONS = (['none', 'boundary'] as const)
  .flatMap((tags) =>
    (['lifo', 'address', 'address-indexed', 'bins'] as const).flatMap((list) =>
      (['single', 'double'] as const).flatMap((links) =>
        (['first', 'next', 'best', 'worst'] as const).map((fit) => ({ tags, list, links, fit })),
      ),
    ),
  )
  .filter(({ tags, list, links, fit }) =>
    list === 'bins'
      ? tags === 'boundary' && links === 'double' && fit === 'first'
      : list !== 'address-indexed' || fit === 'first',
  );

describe('every invariant is kept through random programs', () => {
  test.each(COMBINATIONS)('with $tags tags, list $list, $links links, $fit fit', (options) => {
    const shapes: readonly Partial<HeapOptions>[] = [
      { header: 4, growth: 'brk' },
      { header: 8, coalescing: 'within-map' },
      { header: 16, alignment: 32, growthUnit: 8 * KIB },
    ];
    for (const shape of shapes) {
      const world = make({
        alignment: 8,
        bigThreshold: 2000,
        bigCounts: 'request',
        ...shape,
        ...options,
      });
      let step = 0;
      const problems: string[] = [];
      const look = (): void => {
        step += 1;
        if (step % 8 === 0) problems.push(...problemsOf(world));
      };
      const live = churn(world, { steps: 200, seed: 7, sizeMax: 2100, made: look, freed: look });
      for (const { address } of live) world.heap.free(address);
      expect([...problems, ...problemsOf(world)]).toEqual([]);
    }
  });
});

test('an index beside the list chooses as the naive list does, address for address', () => {
  const indexed = addresses({ ...TAGGED, list: 'address-indexed' });
  expect(indexed).toEqual(addresses({ ...TAGGED, list: 'address' }));
});
