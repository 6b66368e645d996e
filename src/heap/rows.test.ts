/**
 * The rows of the note's malloc that concern its free list: each holds, and a planted line breaks it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025.
 */
import { expect } from 'vitest';
import {
  BINS,
  churn,
  listed,
  type Listed,
  type Live,
  makeWorld,
  MAPS_START,
  PAGE,
  type World,
} from './heap-world.test-helper.ts';
import { type Row, testRows } from './rows.test-helper.ts';
import { OWN_BIN_STEPS } from './segregated-bins.ts';

/** The used and free bytes of a block without tags. */
function spanOf({ heap, arena }: World, { address }: Live): Listed {
  const start = address - heap.layout.header;
  return { start, extent: arena.load(start) };
}

/** Mapped bytes that no live block covers, as one list by address: maps touch, and no block is big. */
function gapsOf(world: World, start: number, all: readonly Live[]): Listed[] {
  const gaps: Listed[] = [];
  let at = start;
  const spans = all.map((live) => spanOf(world, live)).toSorted((a, b) => a.start - b.start);
  for (const span of [...spans, { start: start + world.arena.mappedSize, extent: 0 }]) {
    if (span.start !== at) gaps.push({ start: at, extent: span.start - at });
    at = span.start + span.extent;
  }
  return gaps;
}

/** What the test writes into a block. */
function byteOf({ address }: Live): number {
  return (address / 8) % 251;
}

const ROWS: readonly Row[] = [
  {
    row: 'R27',
    says: 'a page holds floor(4096 / max(16, n + 8)) blocks of n bytes; 170 of malloc(16), 16 bytes left',
    check: (module) => {
      for (const size of [0, 8, 16, 24, 56, 120, 248, 504, 1016, 2040]) {
        const world = makeWorld(module);
        let count = 0;
        while (world.heap.malloc(size) !== null && world.arena.mapsCount === 1) count += 1;
        expect([size, count]).toEqual([size, Math.floor(PAGE / Math.max(16, size + 8))]);
      }
      const world = makeWorld(module);
      for (let count = 0; count < 170; count += 1) world.heap.malloc(16);
      expect(world.arena.mapsCount).toBe(1);
      expect(listed(world)).toEqual([{ start: MAPS_START + 170 * 24, extent: 16 }]);
    },
    plant: {
      module: 'heap/block',
      find: 'roundUp(size + this.header,',
      replace: 'roundUp(size + 2 * this.header,',
    },
  },
  {
    row: 'R28',
    says: 'N small mallocs take ceil(N / floor(growth / cell)) + 1 system calls at most, and list steps are counted',
    check: (module) => {
      for (const size of [0, 1, 24, 100, 800]) {
        for (const growthUnit of [PAGE, 16 * PAGE]) {
          const world = makeWorld(module, { heap: { growthUnit } });
          for (let count = 0; count < 500; count += 1) world.heap.malloc(size);
          const cell = Math.max(16, Math.ceil((size + 8) / 8) * 8);
          const limit = Math.ceil(500 / Math.floor(growthUnit / cell)) + 1;
          expect(world.arena.mapsCount).toBeLessThanOrEqual(limit);
        }
      }
      const world = makeWorld(module);
      const blocks = Array.from({ length: 100 }, () => world.heap.malloc(16)!);
      for (let index = 0; index < 100; index += 2) world.heap.free(blocks[index]!);
      const stepsBefore = world.heap.counters.listSteps;
      const length = listed(world).length;
      world.heap.malloc(100);
      const steps = world.heap.counters.listSteps - stepsBefore;
      expect(length).toBe(51);
      // The search, the way to the block's predecessor, and to the place of the remainder.
      expect(steps).toBeGreaterThanOrEqual(50);
      expect(steps).toBeLessThanOrEqual(3 * length);
    },
    plant: {
      module: 'heap/heap',
      find: 'Math.max(extent + overhead, growthUnit)',
      replace: 'Math.max(extent + overhead, 1)',
    },
  },
  {
    row: 'R29',
    says: 'free takes an address alone and releases exactly what malloc reserved',
    check: (module) => {
      for (let size = 0; size <= 200; size += 1) {
        const world = makeWorld(module);
        const address = world.heap.malloc(size)!;
        const end = world.heap.malloc(0)! - 8;
        const start = address - 8;
        world.heap.free(address);
        expect(listed(world)[0]).toEqual({ start, extent: end - start });
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'this.#release(block, this.layout.extentIn(tag), tag)',
      replace: 'this.#release(block, this.layout.extentIn(tag) - 8, tag)',
    },
  },
  {
    row: 'R30',
    says: 'a steady loop of small mallocs and frees makes no further system calls',
    check: (module) => {
      for (const heap of [{}, BINS]) {
        const world = makeWorld(module, { heap });
        for (let round = 0; round < 40; round += 1) {
          const blocks = [3, 40, 200, 801].map((size) => world.heap.malloc(size)!);
          for (const block of [1, 3, 0, 2]) world.heap.free(blocks[block]!);
          expect(world.arena).toMatchObject({ mapsCount: 1, unmapsCount: 0 });
        }
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'list.remove(right);',
      replace: 'list.remove(right); return;',
    },
  },
  {
    row: 'R31',
    says: 'the free list equals the set of free gaps, location and size',
    check: (module) => {
      const world = makeWorld(module);
      const agree = (_: Live, all: readonly Live[]): void => {
        expect(listed(world)).toEqual(gapsOf(world, MAPS_START, all));
      };
      churn(world, { steps: 300, seed: 31, sizeMax: 900, made: agree, freed: agree });
    },
    plant: {
      module: 'heap/linked-list',
      find: 'setNext(block, after);',
      replace: 'setNext(block, 0);',
    },
  },
  {
    row: 'R32',
    says: 'map is called only when no listed block is large enough, for every fit and list order',
    check: (module) => {
      for (const list of ['lifo', 'address', 'address-indexed'] as const) {
        for (const fit of ['first', 'next', 'best', 'worst'] as const) {
          if (list === 'address-indexed' && fit !== 'first') continue;
          const world = makeWorld(module, { heap: { list, fit } });
          let before = { mapsCount: 0, extents: [] as number[] };
          const look = (): void => {
            const extents = listed(world).map(({ extent }) => extent);
            before = { mapsCount: world.arena.mapsCount, extents };
          };
          const made = (live: Live): void => {
            const needed = Math.max(16, Math.ceil((live.size + 8) / 8) * 8);
            const fits = before.extents.some((extent) => extent >= needed);
            expect(world.arena.mapsCount - before.mapsCount).toBe(fits ? 0 : 1);
            expect(spanOf(world, live).extent).toBeGreaterThanOrEqual(live.size + 8);
            look();
          };
          churn(world, { steps: 300, seed: 32, sizeMax: 900, made, freed: look });
          // The last 16 bytes of a page serve a request of exactly 16.
          const full = makeWorld(module, { heap: { list, fit } });
          full.heap.malloc(PAGE - 16 - 8);
          full.heap.malloc(8);
          expect(full.arena.mapsCount).toBe(1);
        }
      }
    },
    plant: {
      module: 'heap/linked-list',
      find: 'if (this.#layout.extentOf(block) >= extent)',
      replace: 'if (this.#layout.extentOf(block) > extent)',
    },
  },
  {
    row: 'R32',
    says: 'bins look at the first blocks of the own bin, then at larger bins, before map is called',
    check: (module) => {
      const world = makeWorld(module, { heap: BINS });
      // Blocks of one bin, each between two used ones, and one of a larger bin.
      const extents = [656, ...Array.from({ length: OWN_BIN_STEPS - 1 }, () => 640), 1024];
      const blocks = extents.map((extent) => {
        const block = world.heap.malloc(extent - 8)!;
        world.heap.malloc(8);
        return block;
      });
      const [rest] = listed(world);
      world.heap.malloc(rest!.extent - 8);
      // Newest first: the 656 lies as deep in its bin as the bound allows.
      for (const block of blocks) world.heap.free(block);
      const mapsCount = world.arena.mapsCount;
      expect(world.heap.malloc(656 - 8)).toBe(blocks[0]);
      expect(world.heap.malloc(656 - 8)).toBe(blocks.at(-1));
      expect(world.arena.mapsCount).toBe(mapsCount);
    },
    plant: {
      module: 'heap/segregated-bins',
      find: 'step < OWN_BIN_STEPS',
      replace: 'step < OWN_BIN_STEPS - 1',
    },
  },
  {
    row: 'R33',
    says: 'new memory is one map of whole pages, and what is left over goes to the list',
    check: (module) => {
      for (const size of [0, 1, 16, 4071, 4072, 4073, 4088, 4089, 8184, 100_000]) {
        const world = makeWorld(module, { heap: { bigThreshold: Infinity } });
        const address = world.heap.malloc(size)!;
        const { extent } = spanOf(world, { address, size });
        const { mappedSize } = world.arena;
        expect(world.arena.mapsCount).toBe(1);
        expect(mappedSize).toBe(Math.ceil(extent / PAGE) * PAGE);
        const rest = { start: MAPS_START + extent, extent: mappedSize - extent };
        expect(listed(world)).toEqual(rest.extent === 0 ? [] : [rest]);
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'this.arena.map(size)',
      replace: 'this.arena.map(size + this.arena.pageSize)',
    },
  },
  {
    row: 'R34',
    says: 'a remainder of one cell or more is listed, a smaller one stays in the block and its header counts it',
    check: (module) => {
      for (const rest of [0, 8, 16, 24, 32]) {
        const world = makeWorld(module);
        const hole = world.heap.malloc(200 - 8)!;
        world.heap.malloc(PAGE - 200 - 16);
        world.heap.free(hole);
        const address = world.heap.malloc(200 - rest - 8)!;
        expect(address).toBe(hole);
        const isListed = rest >= 16;
        const extent = isListed ? 200 - rest : 200;
        expect(world.arena.load(address - 8)).toBe(extent);
        const remainder = { start: address - 8 + extent, extent: rest };
        expect(listed(world).filter(({ start }) => start < hole + 200)).toEqual(
          isListed ? [remainder] : [],
        );
        world.heap.free(address);
        expect(listed(world)[0]).toEqual({ start: hole - 8, extent: 200 });
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'markUsed(block, found, previousUsed)',
      replace: 'markUsed(block, found - 8, previousUsed)',
    },
  },
  {
    row: 'R35',
    says: 'the size field stays as it was from malloc to free, but for the bits about neighbours',
    check: (module) => {
      for (const heap of [{}, { ...BINS, list: 'lifo' as const }, BINS]) {
        const world = makeWorld(module, { heap });
        const mask = world.heap.layout.hasTags ? 8 : 1;
        const extents = new Map<number, number>();
        const extentAt = ({ address }: Live): number =>
          Math.floor(world.arena.load(address - 8) / mask) * mask;
        churn(world, {
          steps: 300,
          seed: 35,
          sizeMax: 900,
          made: (live) => extents.set(live.address, extentAt(live)),
          freeing: (live) => expect(extentAt(live)).toBe(extents.get(live.address)),
        });
      }
    },
    plant: {
      module: 'heap/heap',
      find: 'next - PREVIOUS_USED',
      replace: 'next - 16',
    },
  },
  {
    row: 'R36',
    says: 'payloads are disjoint from each other and from all metadata, writable, and kept until free',
    check: (module) => {
      const world = makeWorld(module);
      const { arena } = world;
      const fill = ({ address, size }: Live, byte: number): void => {
        for (let at = address; at < address + size; at += 1) arena.storeByte(at, byte);
      };
      const made = (live: Live, all: readonly Live[]): void => {
        fill(live, byteOf(live));
        // With its header each block is apart from the others, and from the free blocks that hold the list.
        const used = all.map(({ address, size }) => [address - 8, address + size] as const);
        const free = listed(world).map(({ start, extent }) => [start, start + extent] as const);
        const sorted = [...used, ...free].toSorted(([a], [b]) => a - b);
        for (const [index, [start]] of sorted.entries()) {
          if (index > 0) expect(start).toBeGreaterThanOrEqual(sorted[index - 1]![1]);
        }
      };
      const freeing = (live: Live): void => {
        for (let at = live.address; at < live.address + live.size; at += 1) {
          if (arena.loadByte(at) !== byteOf(live)) expect.fail(`byte ${at - live.address} changed`);
        }
        fill(live, 255);
      };
      churn(world, { steps: 300, seed: 36, sizeMax: 900, made, freeing });
    },
    plant: {
      module: 'heap/block',
      find: 'roundUp(size + this.header,',
      replace: 'roundUp(size,',
    },
  },
  {
    row: 'R37',
    says: "a freed block's bytes are covered by exactly one listed block, or unmapped",
    check: (module) => {
      const world = makeWorld(module);
      const { arena } = world;
      let span: Listed = { start: 0, extent: 0 };
      let unmapsCount = 0;
      const freeing = (live: Live): void => {
        span = spanOf(world, live);
        unmapsCount = arena.unmapsCount;
      };
      const freed = (): void => {
        const covering = listed(world).filter(
          ({ start, extent }) => start <= span.start && span.start + span.extent <= start + extent,
        );
        expect(covering.length + arena.unmapsCount - unmapsCount).toBe(1);
      };
      churn(world, { steps: 300, seed: 37, sizeMax: 900, freeing, freed });
      churn(world, { steps: 100, seed: 37, sizeMax: 9000, freeing, freed });
    },
    plant: {
      module: 'heap/heap',
      find: 'list.remove(left);',
      replace: 'list.remove(left); return;',
    },
  },
];

testRows(ROWS);
