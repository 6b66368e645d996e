/**
 * The rows of the note that concern a heap on pages: each holds, and a planted line breaks it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025.
 */
import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { GIB, KIB } from '../base/units.ts';
import { Heap } from '../heap/heap.ts';
import { completeOptions, LECTURE_NOTE } from '../heap/options.ts';
import { costOf, WEIGHTS } from '../kernel/cost.ts';
import { noCalls, type SystemCall } from '../kernel/system-calls.ts';
import { importPatched, type Patch } from './mutants/import-patched.ts';
import * as pagedModule from './paged-arena.ts';
import type { PagedArena } from './paged-arena.ts';

/** The module `targets/paged-arena`, as it is or with a line changed. */
interface PagedModule {
  readonly PagedArena: typeof PagedArena;
}

interface Row {
  readonly row: string;
  readonly says: string;
  readonly check: (module: PagedModule) => void;
  /** A changed line with which `check` fails. */
  readonly plant: Patch;
}

const PAGE = 4096;
const HEAPS = [{}, LECTURE_NOTE, { growth: 'brk' }] as const;
/** On the way to a page: the root and a table of each of the three levels below it. */
const TABLES_TO_A_PAGE = 4;

/** What a check throws when its claim does not hold, and a crash does not. */
const FAILED_CHECK = expect.objectContaining({ name: 'AssertionError' });

/** Everything that an address space takes from its machine. */
function takenBy({ kernel, space }: PagedArena): Readonly<Record<string, number>> {
  return {
    mapped: space.areas.mappedSize,
    frames: kernel.frames.countOf(space.id),
    tables: space.table.tables.size,
  };
}

/** What mapping, touching and unmapping `size` bytes costs, and the part of it that system calls are. */
function touchingCosts(module: PagedModule, size: number): { total: number; share: number } {
  const arena = new module.PagedArena();
  const heap = new Heap(arena, { bigThreshold: 1 });
  const block = heap.malloc(size)!;
  for (let offset = 0; offset < size; offset += 8) arena.store(block + offset, offset);
  heap.free(block);
  const { calls, total } = costOf(arena.kernel.mmu.meter, arena.space.calls);
  return { total, share: calls / total };
}

const ANYWHERE = ['up', 'down', 'gaps'] as const;
/** Problem 3 under every reading: what 200 mallocs of 800 bytes map, and what one of 5000 adds after ten frees. */
const PROBLEM_3 = [
  { growthUnit: PAGE, bigThreshold: PAGE, placements: ANYWHERE, before: 40, extra: 1 },
  {
    growthUnit: PAGE,
    bigThreshold: 128 * KIB,
    placements: ['up', 'down'],
    before: 40,
    extra: 0,
  },
  { growthUnit: PAGE, bigThreshold: 128 * KIB, placements: ['gaps'], before: 40, extra: 1 },
  { growthUnit: 64 * KIB, bigThreshold: PAGE, placements: ANYWHERE, before: 3, extra: 1 },
  { growthUnit: 64 * KIB, bigThreshold: 128 * KIB, placements: ANYWHERE, before: 3, extra: 0 },
  { growthUnit: 64 * KIB, bigThreshold: Infinity, placements: ['down'], before: 3, extra: 0 },
] as const;

const ROWS: readonly Row[] = [
  {
    row: 'R21',
    says: 'a new process has no heap: no area, no frame but its root, and without malloc no system call',
    check: (module) => {
      for (const options of HEAPS) {
        const arena = new module.PagedArena();
        const heap = new Heap(arena, options);
        heap.free(null);
        heap.reset();
        expect(arena.space.areas.all()).toEqual([]);
        expect(takenBy(arena)).toEqual({ mapped: 0, frames: 1, tables: 1 });
        expect(arena.space.calls).toEqual(noCalls());
      }
    },
    plant: {
      module: 'kernel/kernel',
      find: 'this.#spaces.add(space);',
      replace: 'this.#spaces.add(space); space.sbrk(8);',
    },
  },
  {
    row: 'R22',
    says: 'heap pages come by mmap or sbrk alone, and each call is counted',
    check: (module) => {
      for (const options of HEAPS) {
        const arena = new module.PagedArena();
        const heap = new Heap(arena, options);
        const prng = new Prng(22);
        const blocks: number[] = [];
        const { areas, calls } = arena.space;
        for (let step = 0; step < 300; step += 1) {
          const before = { ...calls, size: areas.mappedSize };
          if (prng.oneIn(3)) heap.free(blocks.pop() ?? null);
          else blocks.push(heap.malloc(prng.below(9000))!);
          const grown = areas.mappedSize > before.size;
          const growths = calls.mmap - before.mmap + (calls.brk - before.brk);
          expect(growths).toBe(grown ? 1 : 0);
        }
        const { bigFrees, bigMallocs, growths } = heap.counters;
        const expected: Partial<Record<SystemCall, number>> =
          heap.options.growth === 'brk'
            ? { mmap: bigMallocs, brk: growths }
            : { mmap: bigMallocs + growths };
        expect(calls).toEqual({ ...noCalls(), ...expected, munmap: bigFrees });
      }
    },
    plant: {
      module: 'kernel/address-space',
      find: 'this.calls.mmap += 1;',
      replace: '',
    },
  },
  {
    row: 'R24',
    says: 'the heap grows by mmap unless it is told otherwise',
    check: (module) => {
      expect([completeOptions({}).growth, LECTURE_NOTE.growth]).toEqual(['map', 'map']);
      const arena = new module.PagedArena();
      new Heap(arena).malloc(100);
      expect(arena.space.calls).toEqual({ ...noCalls(), mmap: 1 });
      expect(arena.space.areas.all()[0]?.start).toBe(arena.space.mapRange.start);
    },
    plant: {
      module: 'targets/paged-arena',
      find: 'this.space.mmap({ size })',
      replace: 'this.space.sbrk(size)',
    },
  },
  {
    row: 'R42',
    says: 'Problem 3 on pages takes as many calls of mmap as each line of its table says',
    check: (module) => {
      for (const { before, extra, placements, ...options } of PROBLEM_3) {
        for (const placement of placements) {
          const arena = new module.PagedArena({ placement });
          const heap = new Heap(arena, { ...LECTURE_NOTE, ...options });
          const blocks = Array.from({ length: 200 }, () => heap.malloc(800)!);
          const counts = [arena.space.calls.mmap];
          for (const block of blocks.slice(0, 10)) heap.free(block);
          expect(heap.malloc(5000)).not.toBeNull();
          counts.push(arena.space.calls.mmap - before);
          expect({ ...options, placement, counts }).toEqual({
            ...options,
            placement,
            counts: [before, extra],
          });
        }
      }
    },
    plant: {
      module: 'kernel/placement',
      find: 'start = range.end + margin;',
      replace: 'start = range.end + 4096;',
    },
  },
  {
    row: 'R50',
    says: 'malloc(8184) takes 2 pages of address space and malloc(8192) takes 3',
    check: (module) => {
      const sizes = [8184, 8192].map((size) => {
        const arena = new module.PagedArena();
        new Heap(arena, LECTURE_NOTE).malloc(size);
        return arena.mappedSize;
      });
      expect(sizes).toEqual([2 * PAGE, 3 * PAGE]);
    },
    plant: {
      module: 'kernel/address-space',
      find: 'const range = { start, end: start + roundUp(size, this.#pageSize) };',
      replace: 'const range = { start, end: start + roundUp(size + 1, this.#pageSize) };',
    },
  },
  {
    row: 'R45',
    says: 'malloc of 10 GiB touches 5 frames at most, and free gives back every byte, frame and table',
    check: (module) => {
      for (const options of [{}, LECTURE_NOTE]) {
        const arena = new module.PagedArena({ mapSize: 64 * GIB });
        const heap = new Heap(arena, options);
        const before = takenBy(arena);
        const block = heap.malloc(10 * GIB)!;
        expect(heap.usableSize(block)).toBeGreaterThanOrEqual(10 * GIB);
        expect(takenBy(arena)).toEqual({
          mapped: 10 * GIB + PAGE,
          frames: TABLES_TO_A_PAGE + 1,
          tables: TABLES_TO_A_PAGE,
        });
        // The last byte is there as well.
        arena.storeByte(block + 10 * GIB - 1, 7);
        expect(arena.loadByte(block + 10 * GIB - 1)).toBe(7);
        heap.free(block);
        expect(takenBy(arena)).toEqual(before);
        expect(() => arena.loadByte(block)).toThrow('is not mapped');
      }
    },
    plant: {
      module: 'kernel/address-space',
      find: 'for (const frame of unhooked.frames)',
      replace: 'for (const frame of unhooked.frames.slice(1))',
    },
  },
  {
    row: 'R45',
    says: 'sizes above 2^32 neither truncate nor wrap',
    check: (module) => {
      for (const size of [2 ** 32, 2 ** 32 + 8, 2 ** 36 + 64, 2 ** 40 + 1]) {
        const arena = new module.PagedArena({ mapSize: 2 ** 42 });
        const heap = new Heap(arena);
        const block = heap.malloc(size)!;
        expect(arena.mappedSize).toBeGreaterThanOrEqual(size);
        arena.storeByte(block, 1);
        arena.storeByte(block + size - 1, 2);
        expect([arena.loadByte(block), arena.loadByte(block + size - 1)]).toEqual([1, 2]);
        heap.free(block);
        expect(arena.mappedSize).toBe(0);
        const small = new module.PagedArena({ preset: 'x86-32' });
        expect(new Heap(small).malloc(size)).toBe(null);
        expect(takenBy(small)).toEqual({ mapped: 0, frames: 1, tables: 1 });
      }
    },
    plant: {
      module: 'targets/paged-arena',
      find: 'this.space.mmap({ size })',
      replace: 'this.space.mmap({ size: size % 2 ** 32 })',
    },
  },
  {
    row: 'R49',
    says: "the system calls' share of touching n bytes falls with n, and is below 1 % from 49 pages on",
    check: (module) => {
      const sizes = Array.from({ length: 12 }, (_, exponent) => KIB * 2 ** exponent);
      const shares = sizes.map((size) => touchingCosts(module, size).share);
      for (const [index, share] of shares.entries())
        expect(share).toBeLessThan(shares[index - 1] ?? 1);
      // Two calls are less than a hundredth as soon as the pages, each a fault and 512 stores, are 99 times as much.
      const pagesExpect = Math.ceil((99 * 2 * WEIGHTS.call) / (WEIGHTS.fault + PAGE / 8));
      const counts = Array.from({ length: 60 }, (_, index) => index + 1);
      const count = counts.find(
        (pagesCount) => touchingCosts(module, pagesCount * PAGE - 16).share < 0.01,
      );
      expect([count, pagesExpect]).toEqual([49, 49]);
    },
    plant: {
      module: 'kernel/address-space',
      find: 'this.calls.munmap += 1;',
      replace: '',
    },
  },
];

describe.each(ROWS.map((row) => [`${row.row} ${row.says}`, row] as const))(
  '%s',
  (_, { check, plant }) => {
    test('holds', () => {
      expect(check(pagedModule)).toBeUndefined();
    });

    test('the planted line breaks it', async () => {
      const planted: PagedModule = Object(await importPatched('targets/paged-arena', [plant]));
      expect(() => check(planted)).toThrow(FAILED_CHECK);
    });
  },
);
