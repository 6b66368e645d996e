/** What a heap keeps outside of its arena, captured and brought back. */
import { describe, expect, test } from 'vitest';
import { BINS, makeWorld, PAGE, type World } from './heap-world.test-helper.ts';
import { Heap } from './heap.ts';
import type { HeapOptions } from './options.ts';

const KINDS: readonly Partial<HeapOptions>[] = [
  { list: 'lifo' },
  { list: 'address' },
  { list: 'address-indexed' },
  BINS,
];

/** Blocks of these sizes, of which every other one is freed. @returns The addresses. */
function work({ heap }: World, sizes: readonly number[]): readonly (number | null)[] {
  const blocks = sizes.map((size) => heap.malloc(size));
  for (const [index, block] of blocks.entries()) if (index % 2 === 0) heap.free(block);
  return blocks;
}

const BEFORE = [24, 8, 100, 8, 700, 8, 3000, 8, 40];
const AFTER = [90, 2000, 600, 20, 2900, 100, 16, 5 * PAGE, 33];

describe.each(KINDS)('a heap with %j', (options) => {
  test('comes back to what was captured, and does the same from there as often as it is asked', () => {
    const world = makeWorld({ Heap }, { heap: { bigThreshold: 4 * PAGE, ...options } });
    const { arena, heap } = world;
    const big = heap.malloc(4 * PAGE);
    work(world, BEFORE);
    const [words, registers] = [arena.capture(), heap.capture()];
    expect(registers.bigMaps).toHaveLength(1);
    const first = work(world, AFTER);
    heap.free(big);
    for (let round = 0; round < 2; round += 1) {
      arena.restore(words);
      heap.restore(registers);
      expect(heap.capture()).toEqual(registers);
      expect(work(world, AFTER)).toEqual(first);
    }
  });

  test('comes back to a heap that is as good as new', () => {
    const world = makeWorld({ Heap }, { heap: options });
    const { arena, heap } = world;
    const [words, registers] = [arena.capture(), heap.capture()];
    const first = work(world, BEFORE);
    arena.restore(words);
    heap.restore(registers);
    expect([heap.capture(), work(world, BEFORE)]).toEqual([registers, first]);
  });
});
