/**
 * The rows of the note's malloc that concern sizes, headers, fragmentation, merging and big blocks: each holds, and a
 * planted line breaks it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025.
 */
import { expect } from 'vitest';
import { GIB } from '../base/units.ts';
import type { Placement } from './flat-arena.ts';
import {
  BINS,
  churn,
  listed,
  makeWorld,
  MAPS_START,
  PAGE,
  SparseArena,
  type World,
} from './heap-world.test-helper.ts';
import { type Row, testRows } from './rows.test-helper.ts';
import { DEFAULT_OPTIONS, type HeapOptions, LECTURE_NOTE } from './options.ts';

/** The table of Problem 3: 200 times malloc(800), free the first ten, malloc(5000). Source: own model, by hand. */
const PROBLEM_3: readonly {
  readonly growthUnit: number;
  readonly bigThreshold: number;
  readonly placements: readonly Placement[];
  readonly before: number;
  readonly extra: number;
}[] = [
  {
    growthUnit: 4096,
    bigThreshold: 4096,
    placements: ['up', 'down', 'gaps'],
    before: 40,
    extra: 1,
  },
  { growthUnit: 4096, bigThreshold: 2 ** 17, placements: ['up', 'down'], before: 40, extra: 0 },
  { growthUnit: 4096, bigThreshold: 2 ** 17, placements: ['gaps'], before: 40, extra: 1 },
  {
    growthUnit: 2 ** 16,
    bigThreshold: 4096,
    placements: ['up', 'down', 'gaps'],
    before: 3,
    extra: 1,
  },
  {
    growthUnit: 2 ** 16,
    bigThreshold: 2 ** 17,
    placements: ['up', 'down', 'gaps'],
    before: 3,
    extra: 0,
  },
  // A course's K&R allocator: no threshold, on Linux, which places maps downwards.
  { growthUnit: 2 ** 16, bigThreshold: Infinity, placements: ['down'], before: 3, extra: 0 },
];

/** Calls of map and unmap, with their arguments and answers. */
function logMaps({ arena }: World): unknown[][] {
  const calls: unknown[][] = [];
  const map = arena.map.bind(arena);
  const unmap = arena.unmap.bind(arena);
  arena.map = (size) => {
    const start = map(size);
    calls.push(['map', start, size]);
    return start;
  };
  arena.unmap = (start, size) => {
    calls.push(['unmap', start, size]);
    unmap(start, size);
  };
  return calls;
}

function repeated(count: number, extent: number): number[] {
  return Array.from({ length: count }, () => extent);
}

const ROWS: readonly Row[] = [
  {
    row: 'R38',
    says: 'the size stands in the 8 bytes in front of the payload; a header of 4 or 16 moves it',
    check: (module) => {
      const world = makeWorld(module);
      let block = world.arena.bounds.start + 16 * PAGE;
      for (const size of [0, 1, 8, 9, 24, 100, 800]) {
        const extent = Math.max(16, Math.ceil((size + 8) / 8) * 8);
        expect(world.heap.malloc(size)).toBe(block + 8);
        expect(world.arena.load(block)).toBe(extent);
        block += extent;
      }
      const small = makeWorld(module, { heap: { header: 4, alignment: 4 } });
      const start = small.arena.bounds.start + 16 * PAGE;
      expect([small.heap.malloc(12), small.arena.load32(start)]).toEqual([start + 4, 16]);
      const wide = makeWorld(module, { heap: { header: 16 } });
      expect([wide.heap.malloc(16), wide.arena.load(start)]).toEqual([start + 16, 32]);
    },
    plant: {
      module: 'heap/heap',
      find: 'return block + this.layout.header;',
      replace: 'return block + this.layout.word;',
    },
  },
  {
    row: 'R39',
    says: 'free finds the extent in the word at p - 8, and nowhere else',
    check: (module) => {
      const world = makeWorld(module);
      for (const size of [0, 8, 40, 100]) {
        const address = world.heap.malloc(size)!;
        const extent = world.arena.load(address - 8);
        world.heap.malloc(0);
        world.heap.free(address);
        expect(listed(world)).toContainEqual({ start: address - 8, extent });
        world.heap.malloc(size);
      }
      // A word that somebody changed is believed: there is no other record.
      const address = world.heap.malloc(40)!;
      world.heap.malloc(0);
      world.arena.store(address - 8, 32);
      world.heap.free(address);
      expect(listed(world)).toContainEqual({ start: address - 8, extent: 32 });
    },
    plant: {
      module: 'heap/heap',
      find: 'this.#release(block, this.layout.extentIn(tag), tag)',
      replace: 'this.#release(block, this.layout.extentFor(40), tag)',
    },
  },
  {
    row: 'R40',
    says: 'the free list lies in the free blocks: each holds the address of the next, and of the one before',
    check: (module) => {
      for (const links of ['single', 'double'] as const) {
        for (const list of ['lifo', 'address'] as const) {
          const world = makeWorld(module, { heap: { links, list } });
          const cell = links === 'double' ? 24 : 16;
          const freed = (): void => {
            const blocks = listed(world);
            for (const [index, { start, extent }] of blocks.entries()) {
              expect(extent).toBeGreaterThanOrEqual(cell);
              expect(world.arena.load(start)).toBe(extent);
              expect(world.arena.load(start + 8)).toBe(blocks[index + 1]?.start ?? 0);
              if (links === 'single') continue;
              expect(world.arena.load(start + 16)).toBe(blocks[index - 1]?.start ?? 0);
            }
          };
          churn(world, { steps: 200, seed: 40, sizeMax: 300, freed });
        }
      }
    },
    plant: {
      module: 'heap/linked-list',
      find: 'this.#layout.setPrevious(after, block);',
      replace: '{}',
    },
  },
  {
    row: 'R41',
    says: 'the smallest block is one list cell: 16 bytes singly linked, 24 doubly',
    check: (module) => {
      const extents = (links: HeapOptions['links']): number[] =>
        Array.from({ length: 18 }, (_, size) => {
          const world = makeWorld(module, { heap: { links } });
          return world.arena.load(world.heap.malloc(size)! - 8);
        });
      expect(extents('single')).toEqual([...repeated(9, 16), ...repeated(8, 24), 32]);
      expect(extents('double')).toEqual([...repeated(17, 24), 32]);
    },
    plant: { module: 'heap/block', find: '1 + linksCount', replace: '2 + linksCount' },
  },
  {
    row: 'R42',
    says: 'Problem 3 takes as many maps as each line of its table says',
    check: (module) => {
      for (const { placements, before, extra, ...heap } of PROBLEM_3) {
        for (const placement of placements) {
          const world = makeWorld(module, { heap, placement });
          const blocks = Array.from({ length: 200 }, () => world.heap.malloc(800)!);
          const counts = [world.arena.mapsCount];
          for (const block of blocks.slice(0, 10)) world.heap.free(block);
          expect(world.heap.malloc(5000)).not.toBeNull();
          counts.push(world.arena.mapsCount - before);
          expect({ ...heap, placement, counts }).toEqual({
            ...heap,
            placement,
            counts: [before, extra],
          });
        }
      }
    },
    plant: { module: 'heap/heap', find: 'block = left;', replace: 'block = freed;' },
  },
  {
    row: 'R43',
    says: 'after a free no two listed blocks touch, within a map or across maps',
    check: (module) => {
      for (const placement of ['up', 'down', 'gaps'] as const) {
        const world = makeWorld(module, { placement });
        const freed = (): void => {
          const blocks = listed(world);
          const ends = new Set(blocks.map(({ start, extent }) => start + extent));
          expect(blocks.filter(({ start }) => ends.has(start))).toEqual([]);
        };
        churn(world, { steps: 300, seed: 43, sizeMax: 900, freed });
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'const right = this.#freeAt(end);',
      replace: 'const right = 0;',
    },
  },
  {
    row: 'R44',
    says: 'all six free orders of three neighbours give the same list, with one block of all three',
    check: (module) => {
      const orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ] as const;
      for (const heap of [{}, { list: 'lifo' as const }, { links: 'double' as const }, BINS]) {
        const lists = orders.map((order) => {
          const world = makeWorld(module, { heap });
          const blocks = [24, 40, 104].map((size) => world.heap.malloc(size)!);
          world.heap.malloc(8);
          for (const index of order) world.heap.free(blocks[index]!);
          return listed(world);
        });
        const { start } = lists[0]!.find(({ start: at }) => at < MAPS_START + 48)!;
        for (const list of lists) {
          expect(list).toEqual(lists[0]);
          expect(list).toContainEqual({ start, extent: heap === BINS ? 192 : 32 + 48 + 112 });
        }
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'if (left !== 0) {',
      replace: 'if (left !== 0 && right === 0) {',
    },
  },
  {
    row: 'R45',
    says: '10 GB go back when freed, and sizes above 2^32 neither truncate nor wrap',
    check: (module) => {
      const impossible = [2 ** 32 + 64, 2 ** 36 + 64, 2 ** 47, 2 ** 53, Infinity];
      for (const heap of [{}, { bigThreshold: Infinity }, { header: 4, alignment: 4 } as const]) {
        const world = makeWorld(module, { heap });
        const live = world.heap.malloc(24)!;
        const { mappedSize } = world.arena;
        for (const size of impossible) {
          expect([size, world.heap.malloc(size)]).toEqual([size, null]);
          expect([size, world.heap.calloc(size / 16, 16)]).toEqual([size, null]);
          expect([size, world.heap.realloc(live, size)]).toEqual([size, null]);
          expect([size, world.heap.aligned(64, size)]).toEqual([size, null]);
          expect(world.arena.mappedSize).toBe(mappedSize);
        }
      }
      for (const bigThreshold of [PAGE, Infinity]) {
        const arena = new SparseArena();
        const heap = new module.Heap(arena, { ...LECTURE_NOTE, bigThreshold });
        for (const size of [2 ** 32 + 64, 10 * GIB, 2 ** 36 + 64]) {
          const before = arena.mappedSize;
          const address = heap.malloc(size)!;
          expect(heap.usableSize(address)).toBeGreaterThanOrEqual(size);
          expect(arena.mappedSize - before).toBeGreaterThanOrEqual(size);
          heap.free(address);
          if (bigThreshold === PAGE) expect(arena.mappedSize).toBe(before);
        }
        expect(heap.malloc(2 ** 46)).toBeNull();
      }
    },
    plant: {
      module: 'heap/block',
      find: 'roundUp(size + this.header,',
      replace: 'roundUp((size | 0) + this.header,',
    },
  },
  {
    row: 'R46',
    says: 'a big malloc is one map, its block is never listed and never split',
    check: (module) => {
      const world = makeWorld(module);
      const calls = logMaps(world);
      world.heap.malloc(8);
      calls.length = 0;
      const before = listed(world);
      for (const size of [4088, 4089, 5000, 100_000]) {
        const address = world.heap.malloc(size)!;
        expect(calls.splice(0)).toEqual([
          ['map', address - 8, Math.ceil((size + 8) / PAGE) * PAGE],
        ]);
        expect(listed(world)).toEqual(before);
        world.heap.free(address);
        expect(listed(world)).toEqual(before);
        calls.length = 0;
      }
    },
    plant: {
      module: 'heap/heap',
      find: '>= this.options.bigThreshold',
      replace: '>= 2 * this.options.bigThreshold',
    },
  },
  {
    row: 'R47',
    says: 'freeing a big block is one unmap of exactly what was mapped',
    check: (module) => {
      for (const heap of [{}, DEFAULT_OPTIONS]) {
        const world = makeWorld(module, { heap });
        const calls = logMaps(world);
        for (const size of [2 ** 17, 2 ** 17 + 1, 300_000]) {
          world.heap.free(world.heap.malloc(size));
          const [map, unmap, ...more] = calls.splice(0);
          expect(map?.[0]).toBe('map');
          expect(unmap).toEqual(['unmap', map?.[1], map?.[2]]);
          expect(more).toEqual([]);
        }
        expect(world.arena.mappedSize).toBe(0);
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'this.counters.bigFrees += 1;',
      replace: 'this.counters.bigFrees += 1; size -= this.arena.pageSize;',
    },
  },
  {
    row: 'R48',
    says: 'a block has the same class at malloc and at free, around the threshold, with the header or without',
    check: (module) => {
      for (const bigCounts of ['request', 'block'] as const) {
        for (const bigThreshold of [PAGE, 2 ** 17]) {
          const heap = { bigCounts, bigThreshold, growthUnit: 2 ** 18 };
          const world = makeWorld(module, { heap });
          world.heap.free(world.heap.malloc(8));
          const calls = logMaps(world);
          const headers = bigCounts === 'block' ? 8 : 0;
          for (let size = bigThreshold - 40; size <= bigThreshold + 24; size += 1) {
            const counted = headers === 0 ? size : Math.ceil((size + headers) / 8) * 8;
            const isBig = counted >= bigThreshold;
            world.heap.free(world.heap.malloc(size));
            const names = calls.splice(0).map(([name]) => name);
            expect([bigCounts, size, names]).toEqual([
              bigCounts,
              size,
              isBig ? ['map', 'unmap'] : [],
            ]);
          }
        }
      }
    },
    // A known mistake: the threshold is tested with the header at malloc and without it at free.
    plant: {
      module: 'heap/heap',
      find: 'if (this.layout.isBig(tag))',
      replace: 'if (this.layout.extentIn(tag) - this.layout.header > this.options.bigThreshold)',
    },
  },
  {
    row: 'R50',
    says: 'a big block is ceil((n + header) / 4096) pages; malloc(8184) takes 2, malloc(8192) takes 3',
    check: (module) => {
      const pages = (size: number, heap: Partial<HeapOptions> = {}): number => {
        const world = makeWorld(module, { heap });
        world.heap.malloc(size);
        expect(world.arena.mapsCount).toBe(1);
        return world.arena.mappedSize / PAGE;
      };
      expect([8184, 8192].map((size) => pages(size))).toEqual([2, 3]);
      for (const size of [4088, 4089, 8183, 8185, 12_280, 12_281, 2 ** 20]) {
        expect([size, pages(size)]).toEqual([size, Math.ceil((size + 8) / PAGE)]);
      }
      expect(pages(8176, { header: 16 })).toBe(2);
      expect(pages(8177, { header: 16 })).toBe(3);
    },
    plant: {
      module: 'heap/heap',
      find: 'roundUp(offset + size, page)',
      replace: 'roundUp(size, page)',
    },
  },
];

testRows(ROWS);
