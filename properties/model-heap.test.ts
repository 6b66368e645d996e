import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KIB } from '../src/base/units.ts';
import { FlatArena } from '../src/heap/flat-arena.ts';
import { Heap } from '../src/heap/heap.ts';
import type { HeapOptions } from '../src/heap/options.ts';
import { listedBlocks } from '../src/heap/walk.ts';
import type { BlockOp, Op } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { programs } from './arbitraries.ts';
import { ModelHeap } from './model-heap.ts';
import { sizesFor } from './sizes.ts';

const MEMORY = { base: 0x1_0000, mapSize: 160 * KIB, brkSize: 128 * KIB, pageSize: 4096 };
const BIG = { bigThreshold: 12 * KIB, growthUnit: 8 * KIB };

type Allocator = Pick<Heap, 'malloc' | 'calloc' | 'aligned' | 'realloc' | 'free'>;

const TARGET = referenceTarget({ heap: BIG, arena: MEMORY })();

/** Programs for small heaps: growth, refusals, and big blocks at any alignment, within a few ops. */
const PROGRAMS = fc.oneof(
  programs({
    weights: { malloc: 8, free: 7, calloc: 1, realloc: 4, aligned: 2, nulls: 1 },
    sizes: sizesFor(TARGET, { small: 8, nearPowers: 4, medium: 3, large: 1, huge: 1 }),
    slotsCount: 12,
    opsMax: 120,
  }),
  programs({
    weights: { malloc: 4, free: 7, realloc: 5, aligned: 7 },
    sizes: sizesFor(TARGET, { thresholds: 4, filling: 4, small: 1, large: 1 }),
    slotsCount: 8,
    opsMax: 80,
  }),
);

/** One op on one allocator. @returns Where the block of its slot now lies. */
function send(allocator: Allocator, op: Op, source: number | null): number | null {
  switch (op.kind) {
    case 'malloc':
      return allocator.malloc(Number(op.size));
    case 'calloc':
      return allocator.calloc(Number(op.count), Number(op.size));
    case 'aligned':
      return allocator.aligned(op.alignment, Number(op.size));
    case 'realloc':
      return allocator.realloc(source, Number(op.size));
    default:
      allocator.free(source);
      return null;
  }
}

/** Drives two allocators in lockstep; both must put every block at the same place, and `compare` must hold after each op. */
function expectSame(a: Allocator, b: Allocator, program: Program, compare: () => void): void {
  const blocks = new Map<number, number>();
  for (const op of program as readonly BlockOp[]) {
    const from = op.kind === 'realloc' ? op.source : op.kind === 'free' ? op.slot : null;
    const into = op.kind === 'free' ? null : op.slot;
    const source = from === null ? null : blocks.get(from);
    if (source === undefined || (into !== null && into !== from && blocks.has(into))) continue;
    const answerA = send(a, op, source);
    const answerB = send(b, op, source);
    expect({ op, address: answerB }).toEqual({ op, address: answerA });
    if (from !== null && (answerA !== null || op.kind === 'free')) blocks.delete(from);
    if (into !== null && answerA !== null) blocks.set(into, answerA);
    compare();
  }
}

function heapWith(options: Partial<HeapOptions>): {
  readonly heap: Heap;
  readonly arena: FlatArena;
} {
  const arena = new FlatArena(MEMORY);
  return { arena, heap: new Heap(arena, { ...BIG, ...options }) };
}

function countersOf({ counters }: Pick<Heap, 'counters'> | ModelHeap): readonly number[] {
  const { splits, mergesLeft, mergesRight, mergesBoth, growths } = counters;
  return [splits, mergesLeft, mergesRight, mergesBoth, growths];
}

/** Every list and fit, each with every way to store and to grow. */
const COMBINATIONS: readonly Partial<HeapOptions>[] = (['address', 'lifo'] as const).flatMap(
  (list) =>
    (['first', 'next', 'best', 'worst'] as const).flatMap(
      (fit): readonly Partial<HeapOptions>[] => [
        { list, fit, tags: 'none', links: 'single', header: 8, alignment: 8, bigCounts: 'block' },
        { list, fit, tags: 'none', links: 'double', header: 4, alignment: 4, growth: 'brk' },
        { list, fit, tags: 'boundary', links: 'single', header: 16, alignment: 16 },
        { list, fit, tags: 'boundary', links: 'double', header: 8, alignment: 64, growth: 'brk' },
        { list, fit, tags: 'none', links: 'single', alignment: 8, coalescing: 'within-map' },
        { list, fit, tags: 'boundary', coalescing: 'within-map', bigThreshold: Infinity },
      ],
    ),
);

describe('the heap does as the model says, op for op, R31 R34 R37 R43 H4 F1 F7', () => {
  test.each(COMBINATIONS.map((options) => [Object.values(options).join(' '), options] as const))(
    '%s',
    (_, options) => {
      const property = fc.property(PROGRAMS, (program) => {
        const { heap, arena } = heapWith(options);
        const model = new ModelHeap(MEMORY, { ...BIG, ...options });
        expectSame(model, heap, program, () => {
          expect(listedBlocks(heap)).toEqual(model.gaps.map(({ start }) => start));
          expect(countersOf(heap)).toEqual(countersOf(model));
          expect(arena.mappedSize).toBe(model.mappedSize);
        });
      });
      fc.assert(property, { seed: 0x0de1, numRuns: 40 });
    },
  );
});

describe('two heaps that differ in what must not show choose alike', () => {
  test.each([
    ['an index beside the list', { list: 'address' }, { list: 'address-indexed' }],
    [
      'an index beside a list without tags',
      { list: 'address', tags: 'none', links: 'single' },
      { list: 'address-indexed', tags: 'none', links: 'single' },
    ],
    [
      'links to both sides, where the smallest block holds either',
      { list: 'lifo', alignment: 32, links: 'single' },
      { list: 'lifo', alignment: 32, links: 'double' },
    ],
    [
      'boundary tags, where the smallest block holds them',
      { list: 'address', fit: 'best', alignment: 32, tags: 'none' },
      { list: 'address', fit: 'best', alignment: 32, tags: 'boundary' },
    ],
  ] as const)('%s', (_, optionsA, optionsB) => {
    const property = fc.property(PROGRAMS, (program) => {
      const { heap: heapA } = heapWith(optionsA);
      const { heap: heapB } = heapWith(optionsB);
      expectSame(heapA, heapB, program, () => {
        expect(listedBlocks(heapB)).toEqual(listedBlocks(heapA));
        expect(countersOf(heapB)).toEqual(countersOf(heapA));
      });
    });
    fc.assert(property, { seed: 0xd1ff, numRuns: 150 });
  });
});

/** Every order in which three blocks can be freed. */
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
const STORED: readonly Partial<HeapOptions>[] = [
  { list: 'address', tags: 'none', links: 'single' },
  { list: 'address' },
  { list: 'address-indexed' },
  { list: 'lifo' },
  { list: 'bins' },
];

test.each(STORED.map((options) => [Object.values(options).join(' '), options] as const))(
  'R44 all six free orders of three neighbours give the same list (%s)',
  (_, options) => {
    const lists = ORDERS.map((order) => {
      const { heap } = heapWith(options);
      const blocks = [40, 24, 100].map((size) => heap.malloc(size)!);
      const guard = heap.malloc(8)!;
      for (const index of order) heap.free(blocks[index]!);
      const list = listedBlocks(heap);
      expect(list.map((block) => heap.layout.extentOf(block))).toContain(guard - blocks[0]!);
      return list.toSorted((a, b) => a - b);
    });
    expect(new Set(lists.map(String)).size).toBe(1);
  },
);
