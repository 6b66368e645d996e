import { describe, expect, test } from 'vitest';
import { MIB } from '../base/units.ts';
import { FlatArena } from '../heap/flat-arena.ts';
import { Slabs } from './slab.ts';

function makeSlabs(mapSize = MIB): { readonly arena: FlatArena; readonly slabs: Slabs } {
  const arena = new FlatArena({ mapSize, brkSize: 0 });
  return { arena, slabs: new Slabs(arena) };
}

describe('the slab allocator', () => {
  test.each([
    [0, 16],
    [16, 16],
    [17, 32],
    [129, 192],
    [1024, 1024],
    [1025, 4096],
    [4097, 8192],
  ])('malloc(%i) has %i bytes', (size, usable) => {
    const { slabs } = makeSlabs();
    expect(slabs.usableSize(slabs.malloc(size)!)).toBe(usable);
  });

  test('floor(4096 / cell) blocks share a page, and the next one maps another', () => {
    const { arena, slabs } = makeSlabs();
    for (let count = 0; count < 5; count += 1) slabs.malloc(768);
    expect(arena.mappedSize).toBe(4096);
    slabs.malloc(768);
    expect(arena.mappedSize).toBe(8192);
  });

  test('an empty slab is kept while it is the only one with room', () => {
    const { arena, slabs } = makeSlabs();
    const blocks = Array.from({ length: 8 }, () => slabs.malloc(1024)!);
    for (const block of blocks.slice(0, 4)) slabs.free(block);
    expect(arena.mappedSize).toBe(8192);
    for (const block of blocks.slice(4)) slabs.free(block);
    expect(arena.mappedSize).toBe(4096);
    expect(slabs.malloc(1024)).toBe(blocks[0]! + 3072);
  });

  test('a full slab that gets room is used before a new one', () => {
    const { slabs } = makeSlabs();
    const blocks = Array.from({ length: 4 }, () => slabs.malloc(1024)!);
    slabs.free(blocks[1]!);
    expect(slabs.malloc(1024)).toBe(blocks[1]);
  });

  test('refuses a second free, an address inside a block, and one of nobody', () => {
    const { slabs } = makeSlabs();
    const small = slabs.malloc(100)!;
    const big = slabs.malloc(5000)!;
    expect(
      [small + 1, small + 112, big + 1, big + 4096, 5].map((each) => slabs.free(each)),
    ).toEqual([false, false, false, false, false]);
    expect([small, big, null].map((each) => slabs.free(each))).toEqual([true, true, true]);
    expect([small, big].map((each) => slabs.free(each))).toEqual([false, false]);
  });

  test('big blocks give their pages back when they are freed or shrunk', () => {
    const { arena, slabs } = makeSlabs();
    const big = slabs.malloc(20_000)!;
    expect(arena.mappedSize).toBe(20_480);
    expect(slabs.realloc(big, 5000)).toBe(big);
    expect(slabs.realloc(big, 4500)).toBe(big);
    expect(arena.mappedSize).toBe(8192);
    slabs.free(big);
    expect(arena.mappedSize).toBe(0);
  });

  test('realloc to 0 bytes frees', () => {
    const { slabs } = makeSlabs();
    const [cell, big] = [slabs.malloc(100)!, slabs.malloc(6000)!];
    expect([slabs.realloc(cell, 0), slabs.realloc(big, 0)]).toEqual([null, null]);
    expect([slabs.free(cell), slabs.free(big)]).toEqual([false, false]);
    expect(slabs.malloc(0)).not.toBe(null);
  });

  test('realloc stays in its cell or moves its contents', () => {
    const { arena, slabs } = makeSlabs();
    const block = slabs.realloc(null, 100)!;
    arena.store(block + 8, 77);
    expect(slabs.realloc(block, 112)).toBe(block);
    const big = slabs.realloc(block, 6000)!;
    expect(arena.load(big + 8)).toBe(77);
    expect(slabs.realloc(big, 20_000)! - big).toBe(8192);
  });

  test('a big block that shrinks below a page moves into a cell', () => {
    const { arena, slabs } = makeSlabs();
    const big = slabs.malloc(6000)!;
    arena.store(big, 5);
    const cell = slabs.realloc(big, 24)!;
    expect([arena.load(cell), slabs.usableSize(cell)]).toEqual([5, 32]);
  });

  test('calloc zeroes a cell that was used before, and what is mapped comes zero', () => {
    const { arena, slabs } = makeSlabs();
    for (const size of [64, 4096]) {
      const block = slabs.malloc(size)!;
      arena.store(block + 8, 1);
      slabs.free(block);
      expect([slabs.calloc(size / 8, 8), arena.load(block + 8)]).toEqual([block, 0]);
    }
    expect(slabs.calloc(2 ** 40, 2 ** 40)).toBeNull();
  });

  test.each([
    [32, 40, 64],
    [1024, 0, 1024],
    [4096, 0, 4096],
    [8192, 1, 4096],
    [65_536, 5000, 8192],
  ])('aligned(%i, %i) lies on a multiple and has %i bytes', (alignment, size, usable) => {
    const { arena, slabs } = makeSlabs();
    slabs.malloc(1);
    slabs.malloc(2000);
    const before = arena.mappedSize;
    const block = slabs.aligned(alignment, size)!;
    expect([block % alignment, slabs.usableSize(block)]).toEqual([0, usable]);
    expect(arena.mappedSize - before).toBe(Math.max(4096, usable));
  });

  test('refuses what the arena has not', () => {
    const { arena, slabs } = makeSlabs(8192);
    const blocks = [slabs.malloc(1), slabs.malloc(2000)!];
    expect(slabs.malloc(100)).toBeNull();
    expect([2 ** 20, 2 ** 64].map((size) => slabs.malloc(size))).toEqual([null, null]);
    expect([2 ** 20, 2 ** 64].map((size) => slabs.aligned(8192, size))).toEqual([null, null]);
    expect(slabs.realloc(blocks[1]!, 100)).toBeNull();
    expect(arena.mappedSize).toBe(8192);
  });

  test('an aligned map that lies right gives back nothing in front', () => {
    const arena = new FlatArena({ base: 65_536, mapSize: MIB, brkSize: 0 });
    expect(new Slabs(arena).aligned(16_384, 1)).toBe(65_536);
    expect(arena.mappedSize).toBe(4096);
  });

  test('reset gives everything back', () => {
    const { arena, slabs } = makeSlabs();
    const first = slabs.malloc(1);
    slabs.malloc(9000);
    slabs.reset();
    expect(arena.mappedSize).toBe(0);
    expect(slabs.malloc(1)).toBe(first);
  });
});
