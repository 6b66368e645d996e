import { expect, test } from 'vitest';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';
import { PlainMemory } from './process-memory.ts';
import { Process } from './process.ts';

/** A process whose stacks may lie in the pages 10 to 20, and where it places stacks of so many pages. */
function placer() {
  const { kernel, space } = makeWorld();
  const range = { start: 10 * PAGE, end: 20 * PAGE };
  const process = new Process(3, new PlainMemory(kernel.mmu, space), range);
  expect([process.number, process.space]).toEqual([3, space]);
  return {
    process,
    place: (pages: number): number[] | undefined => {
      const stack = process.placeForStack(pages * PAGE, PAGE);
      if (stack === undefined) return undefined;
      process.stacks.push(stack);
      return [stack.start / PAGE, stack.end / PAGE];
    },
  };
}

test('stacks lie one below the other, each above a page that is nobody’s', () => {
  const { place } = placer();
  expect([place(1), place(3), place(2)]).toEqual([
    [19, 20],
    [15, 18],
    [12, 14],
  ]);
  // One page is left, which is the guard of a stack that would have none.
  expect(place(1)).toBeUndefined();
});

test('a stack may fill all of the range but the guard below it', () => {
  expect([placer().place(10), placer().place(9)]).toEqual([undefined, [11, 20]]);
});

test('a stack goes into the highest gap that has room for it and a guard', () => {
  const { place, process } = placer();
  place(2);
  place(1);
  place(1);
  expect(process.stacks.map(({ start }) => start / PAGE)).toEqual([18, 16, 14]);
  process.stacks.splice(0, 1);
  // Two pages and a guard are free above the stack at 16, and two pages and a guard below the one at 14.
  expect([place(3), place(2), place(1)]).toEqual([undefined, [18, 20], [12, 13]]);
});
