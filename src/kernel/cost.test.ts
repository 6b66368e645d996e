import { expect, test } from 'vitest';
import { costOf } from './cost.ts';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';

test('a cost is what was counted, times what one of each costs', () => {
  const { kernel, space } = makeWorld();
  const start = Number(space.mmap({ size: 2 * PAGE }));
  for (const page of [0, 1]) kernel.mmu.store8(start + page * PAGE, 1);
  kernel.mmu.load8(start);
  space.sbrk(PAGE);
  const { meter } = kernel.mmu;
  // Two stores and a load; each store faults and walks again; the first walk ends at the empty root.
  expect(meter.translationReads).toEqual([4, 3, 3, 3]);
  // The marks of four levels and of one more leaf.
  expect(meter.translationWrites).toBe(5);
  expect(costOf(meter, space.calls, { access: 1, fault: 100, call: 1000 })).toEqual({
    accesses: 3 + 13 + 5,
    faults: 200,
    calls: 2000,
    total: 2221,
  });
  expect(costOf(meter, space.calls)).toEqual({
    accesses: 21,
    faults: 1000,
    calls: 500,
    total: 1521,
  });
});
