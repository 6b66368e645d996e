import { describe, expect, test } from 'vitest';
import { KIB } from '../base/units.ts';
import { FlatArena } from './flat-arena.ts';
import { Heap } from './heap.ts';
import {
  churn,
  KINDS,
  listed,
  type Live,
  makeWorld,
  PAGE,
  problemsOf,
  SparseArena,
  TAGGED,
  UNTAGGED,
  type World,
} from './heap-world.test-helper.ts';
import { LinkedList } from './linked-list.ts';
import { type HeapOptions, LECTURE_NOTE } from './options.ts';
import { SegregatedBins } from './segregated-bins.ts';

const make = (heap: Partial<HeapOptions>): World => makeWorld({ Heap }, { heap });

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

  test('cuts a block where what is left can be one', () => {
    const world = make({ ...options, list: 'address' });
    const { heap } = world;
    const { extentMin, header } = heap.layout;
    const hole = heap.malloc(heap.layout.extentFor(104) + extentMin - header)!;
    heap.malloc(24);
    heap.free(hole);
    expect(heap.malloc(104)).toBe(hole);
    const start = hole - header + heap.layout.extentFor(104);
    expect(listed(world)[0]).toEqual({ start, extent: extentMin });
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

  test.each(KINDS)('%s: a block that lies where another lay', (_, options) => {
    const { heap } = make(options);
    heap.free(heap.malloc(104));
    const first = heap.malloc(104)!;
    expect(heap.counters.reuses).toBe(1);
    const second = heap.malloc(104)!;
    heap.malloc(104);
    expect(heap.counters.reuses).toBe(1);
    for (const block of [first, second]) {
      heap.free(block);
      expect(heap.malloc(104)).toBe(block);
    }
    expect(heap.counters.reuses).toBe(3);
  });
});

test.each(KINDS)('a big block is zero when it is mapped, so calloc leaves it %s', (_, options) => {
  const { heap, arena } = make(options);
  const zeroed: number[] = [];
  arena.zero = (_address, size) => void zeroed.push(size);
  heap.calloc(3, 8);
  heap.calloc(5, PAGE);
  expect(zeroed).toEqual([24]);
});

test('a block of a heap with headers of 4 bytes has 2 GiB at the most', () => {
  const heap = new Heap(new SparseArena(), {
    ...LECTURE_NOTE,
    header: 4,
    growthUnit: 2 ** 31 + 2 ** 20,
  });
  const small = heap.malloc(8)!;
  const sizes = [2 ** 31, 2 ** 31 + 1];
  expect(sizes.map((size) => typeof heap.malloc(size))).toEqual(['number', 'object']);
  expect(sizes.map((size) => typeof heap.aligned(64, size))).toEqual(['number', 'object']);
  const whole = new Heap(new SparseArena(), { ...heap.options, bigThreshold: Infinity });
  const grown = whole.malloc(8)!;
  expect([whole.realloc(grown, 2 ** 31 + 1), whole.realloc(grown, 2 ** 31)]).toEqual([null, grown]);
  expect(heap.realloc(small, 2 ** 31 + 1)).toBeNull();
});

test.each([
  ['bins', SegregatedBins],
  ['lifo', LinkedList],
  ['address', LinkedList],
] as const)('free blocks are kept in %s as they were to be', (list, kind) => {
  expect(make({ ...TAGGED, list }).heap.list).toBeInstanceOf(kind);
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

  test.each(KINDS)('%s takes no page more than the block and the edges need', (_, options) => {
    for (let size = PAGE - 64; size < PAGE + 64; size += 8) {
      const { arena, heap } = make(options);
      heap.malloc(size);
      const edges = heap.layout.hasTags ? 16 : 0;
      const pages = Math.ceil((heap.layout.extentFor(size) + edges) / PAGE);
      expect(arena.mappedSize).toBe(pages * PAGE);
    }
  });

  test('that is refused is not followed by another search', () => {
    const arena = new FlatArena({ mapSize: PAGE, brkSize: PAGE });
    const heap = new Heap(arena, UNTAGGED);
    heap.malloc(8);
    heap.counters.listSteps = 0;
    expect(heap.malloc(PAGE)).toBeNull();
    expect(heap.counters.listSteps).toBe(1);
  });

  test('by brk is one region though maps stay apart', () => {
    const world = make({ ...TAGGED, growth: 'brk', coalescing: 'within-map' });
    for (let count = 0; count < 5; count += 1) world.heap.malloc(2000);
    expect(world.heap.regions.all()).toHaveLength(1);
  });

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

test('an index beside the list spares every step along it', () => {
  const { heap } = make({ ...TAGGED, list: 'address-indexed' });
  const blocks = Array.from({ length: 20 }, () => heap.malloc(40)!);
  for (const block of blocks.filter((_, index) => index % 2 === 0)) heap.free(block);
  expect(heap.malloc(2000)).not.toBeNull();
  expect(heap.counters.listSteps).toBe(0);
});

test('an index beside the list chooses as the naive list does, address for address', () => {
  const indexed = addresses({ ...TAGGED, list: 'address-indexed' });
  expect(indexed).toEqual(addresses({ ...TAGGED, list: 'address' }));
});
