/** What the kernel writes into an address space itself. */
import { expect, test } from 'vitest';
import { makeWorld, outcomeOf, PAGE } from './kernel-world.test-helper.ts';

const BASE = 2 ** 30;

test('words are written past the TLB into pages that get their frames, whatever is active', () => {
  const { kernel, space } = makeWorld();
  const other = kernel.newSpace({ id: 1 });
  other.mmap({ address: BASE, size: 2 * PAGE });
  const { meter } = kernel.mmu;
  const words = Float64Array.of(1, 2 ** 53 - 1, 3);
  expect(other.plant(BASE + PAGE - 8, words)).toBe(true);
  expect([space.isActive, meter.reads, meter.dataWrites, meter.tlbMisses]).toEqual([true, 0, 0, 0]);
  // A page is there from then on, and keeps what it has.
  expect(other.plant(BASE + PAGE, Float64Array.of(5))).toBe(true);
  other.activate();
  const found = [-16, -8, 0, 8, 16].map((at) => kernel.mmu.load64(BASE + PAGE + at));
  expect(found).toEqual([0, 1, 5, 3, 0]);
  kernel.mmu.store8(BASE, 1);
});

test('a page that may only be read is written all the same', () => {
  const { kernel, space } = makeWorld();
  space.mmap({ address: BASE, size: PAGE });
  kernel.mmu.load8(BASE);
  space.protect(BASE, PAGE, 'read');
  expect(space.plant(BASE, Float64Array.of(9))).toBe(true);
  expect([kernel.mmu.load64(BASE), outcomeOf(() => kernel.mmu.store8(BASE, 1))]).toEqual([
    9,
    'read-only',
  ]);
});

test('without a frame it is refused, after the words before', () => {
  // A root, three tables and one page.
  const { kernel, space } = makeWorld({}, { framesCount: 5 });
  space.mmap({ address: BASE, size: 2 * PAGE });
  expect(space.plant(BASE + PAGE - 8, Float64Array.of(7, 8))).toBe(false);
  expect(kernel.mmu.load64(BASE + PAGE - 8)).toBe(7);
  expect(outcomeOf(() => kernel.mmu.load8(BASE + PAGE))).toBe('OutOfFrames');
});
