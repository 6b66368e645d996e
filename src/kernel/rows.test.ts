/**
 * The rows of the note that concern address spaces and what they cost: each holds, and a planted line breaks it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025.
 */
import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { overlaps, type Range } from '../base/range.ts';
import { MIB } from '../base/units.ts';
import type { Mmu } from '../machine/mmu.ts';
import { RIGHTS } from '../machine/page-table-entry.ts';
import { importPatched, type Patch } from '../targets/mutants/import-patched.ts';
import type { AddressSpace } from './address-space.ts';
import * as kernelModule from './kernel.ts';
import { type KernelModule, makeWorld, outcomeOf, PAGE } from './kernel-world.test-helper.ts';

interface Row {
  readonly row: string;
  readonly says: string;
  readonly check: (module: KernelModule) => void;
  /** A changed line with which `check` fails. */
  readonly plant: Patch;
}

const BASE = 2 ** 30;
/** The levels of tables on x86-64. */
const LEVELS = 4;

/** What a check throws when its claim does not hold, and a crash does not. */
const FAILED_CHECK = expect.objectContaining({ name: 'AssertionError' });

/** Reads of memory that a call costs. */
function readsOf({ meter }: Mmu, call: () => void): number {
  const before = meter.reads;
  call();
  return meter.reads - before;
}

/** Maps pages from BASE on and touches each. */
function touched(mmu: Mmu, space: AddressSpace, count: number): number[] {
  space.mmap({ address: BASE, size: count * PAGE });
  const pages = Array.from({ length: count }, (_, page) => BASE + page * PAGE);
  if (!space.isActive) space.activate();
  for (const page of pages) mmu.store8(page, 1);
  return pages;
}

const NO_FLUSH: Patch = {
  module: 'machine/mmu',
  find: 'this.tlb.flushAll();',
  replace: ';',
};

const ROWS: readonly Row[] = [
  {
    row: 'R09',
    says: 'a switch to another address space without ids leaves no entry in the TLB',
    check: (module) => {
      const { kernel, space } = makeWorld({}, {}, module);
      touched(kernel.mmu, space, 8);
      expect(kernel.mmu.tlb.entries()).toHaveLength(8);
      const other = kernel.newSpace({ id: 1 });
      other.activate();
      expect(kernel.mmu.tlb.entries()).toEqual([]);
      // The address is the other's now, who has nothing there.
      expect(outcomeOf(() => kernel.mmu.load8(BASE))).toBe('not-mapped');
    },
    plant: NO_FLUSH,
  },
  {
    row: 'R10',
    says: 'an access to a new page is five memory reads, to a known one 1, to a large page 4',
    check: (module) => {
      const { kernel, space } = makeWorld({}, {}, module);
      const { mmu } = kernel;
      touched(mmu, space, 1);
      space.table.map(4 * MIB, { frame: 1024, size: 2 * MIB, rights: RIGHTS });
      mmu.tlb.flushAll();
      const costs = [BASE, BASE + 8, 4 * MIB, 5 * MIB].map((address) =>
        readsOf(mmu, () => mmu.load8(address)),
      );
      expect(costs).toEqual([1 + LEVELS, 1, LEVELS, 1]);
    },
    plant: {
      module: 'machine/mmu',
      find: 'level <= walk.level',
      replace: 'level < walk.level',
    },
  },
  {
    row: 'R10',
    says: '2048 ints read in order on two pages are 10,240 reads without a TLB, 2,056 with one',
    check: (module) => {
      for (const [ways, expected] of [
        [0, 2048 * (1 + LEVELS)],
        [4, 2046 + 2 * (1 + LEVELS)],
      ] as const) {
        const { kernel, space } = makeWorld({}, { tlb: { ways } }, module);
        touched(kernel.mmu, space, 2);
        kernel.mmu.tlb.flushAll();
        const reads = readsOf(kernel.mmu, () => {
          for (let index = 0; index < 2048; index += 1) kernel.mmu.load32(BASE + index * 4);
        });
        expect(reads).toBe(expected);
      }
    },
    plant: {
      module: 'machine/tlb',
      find: 'if (this.#tags[slot] === tag)',
      replace: 'if (this.#tags[slot] === tag + 1)',
    },
  },
  {
    row: 'R11',
    says: 'after a switch each page that is touched costs L reads more, once',
    check: (module) => {
      for (const count of [1, 7, 64]) {
        const { kernel, space } = makeWorld({}, {}, module);
        const other = kernel.newSpace({ id: 1 });
        const pages = touched(kernel.mmu, space, count);
        const load = (): void => pages.forEach((page) => kernel.mmu.load8(page));
        expect(readsOf(kernel.mmu, load)).toBe(count);
        other.activate();
        space.activate();
        expect(readsOf(kernel.mmu, load)).toBe(count + LEVELS * count);
        expect(readsOf(kernel.mmu, load)).toBe(count);
      }
    },
    plant: NO_FLUSH,
  },
  {
    row: 'R23',
    says: 'sbrk returns the old break, grows in one piece of zeros, asks with 0 and shrinks below 0',
    check: (module) => {
      const { kernel, space } = makeWorld({}, {}, module);
      const { start } = space.breakRange;
      const breaks = [100, PAGE, 0, 3 * PAGE, -2 * PAGE, 0].map((step) => space.sbrk(step));
      expect(breaks).toEqual(
        [0, 100, PAGE + 100, PAGE + 100, 4 * PAGE + 100, 2 * PAGE + 100].map(
          (offset) => start + offset,
        ),
      );
      const all = Array.from({ length: 3 * PAGE }, (_, offset) => kernel.mmu.load8(start + offset));
      expect(all.every((byte) => byte === 0)).toBe(true);
      expect(outcomeOf(() => kernel.mmu.load8(start + 3 * PAGE))).toBe('not-mapped');
      expect(space.areas.all()).toHaveLength(1);
    },
    plant: {
      module: 'kernel/address-space',
      find: "? before : 'ENOMEM'",
      replace: "? this.#break : 'ENOMEM'",
    },
  },
  {
    row: 'R24',
    says: 'mmap returns whole pages apart from all that is mapped, under every placement',
    check: (module) => {
      for (const placement of ['up', 'down', 'gaps', 'random'] as const) {
        const mapRange = { start: BASE, end: BASE + 64 * PAGE };
        const { space } = makeWorld({ placement, mapRange }, {}, module);
        const prng = new Prng(24);
        const mapped: Range[] = [];
        for (let step = 0; step < 300; step += 1) {
          const size = prng.between(1, 3 * PAGE);
          const start = space.mmap({ size });
          if (prng.oneIn(3) && mapped.length > 0) {
            const [gone] = mapped.splice(prng.below(mapped.length), 1);
            space.munmap(gone!.start, gone!.end - gone!.start);
          }
          if (typeof start !== 'number') continue;
          const range = { start, end: start + Math.ceil(size / PAGE) * PAGE };
          expect(start % PAGE).toBe(0);
          expect(mapRange.start <= start && range.end <= mapRange.end).toBe(true);
          expect(mapped.filter((known) => overlaps(known, range))).toEqual([]);
          mapped.push(range);
        }
        expect(space.calls.mmap).toBe(300);
      }
    },
    plant: {
      module: 'kernel/placement',
      find: 'fitting.end - size',
      replace: 'fitting.end - size - 1',
    },
  },
  {
    row: 'R25',
    says: "a page reads as zero at first touch, and what is written is nobody else's to see",
    check: (module) => {
      for (const ids of ['on', 'off'] as const) {
        const { kernel, space } = makeWorld({}, { tlb: { ids } }, module);
        const other = kernel.newSpace({ id: 1 });
        const bytes = Array.from({ length: 3 }, (_, page) => BASE + page * PAGE);
        for (const [mark, own] of [space, other, space, other].entries()) {
          own.activate();
          own.mmap({ address: BASE, size: 3 * PAGE });
          for (const at of bytes) {
            const before = kernel.mmu.load8(at);
            // What it stored itself two rounds ago, or zero.
            expect(before).toBe(mark < 2 ? 0 : mark - 1);
            kernel.mmu.store8(at, mark + 1);
          }
        }
        space.munmap(BASE, 3 * PAGE);
        other.munmap(BASE, 3 * PAGE);
        other.mmap({ address: BASE, size: 3 * PAGE });
        expect(bytes.map((at) => kernel.mmu.load8(at))).toEqual([0, 0, 0]);
      }
    },
    plant: {
      module: 'kernel/frames',
      find: 'if (this.#isSoiled[frame] === 1)',
      replace: 'if (this.#isSoiled[frame] === 2)',
    },
  },
  {
    row: 'R26',
    says: 'mmap(1) gives bytes 0 to 4095, mmap(0) fails, munmap(p, 1) takes the page, an unaligned munmap fails',
    check: (module) => {
      const { kernel, space } = makeWorld({}, {}, module);
      const { mmu } = kernel;
      expect(space.mmap({ size: 0 })).toBe('EINVAL');
      space.mmap({ address: BASE, size: 1 });
      for (const offset of [0, 1, PAGE - 1]) {
        expect(outcomeOf(() => mmu.store8(BASE + offset, 7))).toBe('done');
        expect(mmu.load8(BASE + offset)).toBe(7);
      }
      expect(outcomeOf(() => mmu.load8(BASE + PAGE))).toBe('not-mapped');
      expect(outcomeOf(() => mmu.store16(BASE + PAGE - 1, 1))).toBe('not-mapped');
      expect(space.munmap(BASE + 1, PAGE)).toBe('EINVAL');
      expect(mmu.load8(BASE)).toBe(7);
      expect(space.munmap(BASE, 1)).toBe('done');
      expect(outcomeOf(() => mmu.load8(BASE))).toBe('not-mapped');
      expect(space.areas.mappedSize).toBe(0);
    },
    plant: {
      module: 'kernel/address-space',
      find: 'return { start: address, end: address + roundUp(size, this.#pageSize) }',
      replace: 'return { start: address, end: address + roundDown(size, this.#pageSize) }',
    },
  },
];

describe.each(ROWS.map((row) => [`${row.row} ${row.says}`, row] as const))(
  '%s',
  (_, { check, plant }) => {
    test('holds', () => {
      expect(check(kernelModule)).toBeUndefined();
    });

    test('the planted line breaks it', async () => {
      const planted: KernelModule = Object(await importPatched('kernel/kernel', [plant]));
      expect(() => check(planted)).toThrow(FAILED_CHECK);
    });
  },
);
