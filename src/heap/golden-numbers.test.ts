/** Figures that others published or worked out by hand; those that belong to a row of the note stand with the rows. */
import { describe, expect, test } from 'vitest';
import * as heapModule from './heap.ts';
import { listed, makeWorld, PAGE, type World } from './heap-world.test-helper.ts';

/** Free space as the slides count it: a node of 8 bytes is not free. */
function free(world: World): number[] {
  return listed(world).map(({ extent }) => extent - 8);
}

describe('golden numbers', () => {
  /** Source: C. Wilson, "Free Space and GC", lecture slides. */
  test('a 4096-byte heap with a 4-byte header and three malloc(100), by Wilson', () => {
    const heap = { header: 4, alignment: 4, bigThreshold: Infinity } as const;
    const world = makeWorld(heapModule, { heap });
    world.heap.free(world.heap.malloc(1));
    const spaces = [free(world)];
    const blocks = [1, 2, 3].map(() => {
      const block = world.heap.malloc(100);
      spaces.push(free(world));
      return block;
    });
    expect(spaces).toEqual([[4088], [3984], [3880], [3776]]);
    const guard = world.heap.malloc(100);
    const [a, b, c] = blocks;
    world.heap.free(a!);
    world.heap.free(c!);
    expect(free(world).slice(0, 2)).toEqual([96, 96]);
    world.heap.free(b!);
    expect(free(world)[0]).toBe(304);
    world.heap.free(guard);
    expect(free(world)).toEqual([4088]);

    const two = makeWorld(heapModule, { heap });
    const [first, second] = [two.heap.malloc(100), two.heap.malloc(100)];
    two.heap.malloc(100);
    two.heap.free(first);
    two.heap.free(second);
    expect(free(two)[0]).toBe(200);
  });

  /** Source: N. Tuck, an allocator assignment of 2018, tests 03 and 04. */
  test.each([
    [10, 1],
    [200, 2],
  ])(
    '%d list cells of 16 bytes take %d pages and leave one list entry, by Tuck',
    (count, pages) => {
      const world = makeWorld(heapModule);
      const cells = Array.from({ length: count }, () => world.heap.malloc(16)!);
      expect(world.arena).toMatchObject({ mapsCount: pages, mappedSize: pages * PAGE });
      for (const cell of cells) world.heap.free(cell);
      expect(listed(world).map(({ extent }) => extent)).toEqual([pages * PAGE]);
    },
  );
});
