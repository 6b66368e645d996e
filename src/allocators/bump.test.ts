import { describe, expect, test } from 'vitest';
import { KIB } from '../base/units.ts';
import { FlatArena } from '../heap/flat-arena.ts';
import { Bump } from './bump.ts';

function makeBump(): { readonly arena: FlatArena; readonly bump: Bump } {
  const arena = new FlatArena({ mapSize: 0, brkSize: 128 * KIB });
  return { arena, bump: new Bump(arena) };
}

describe('the bump allocator', () => {
  test('cuts blocks off one after the other, each with 8 bytes in front', () => {
    const { bump } = makeBump();
    const addresses = [1, 8, 0, 9].map((size) => bump.malloc(size)!);
    expect(addresses.map((address) => address - addresses[0]!)).toEqual([0, 16, 32, 48]);
    expect(addresses.map((address) => bump.usableSize(address))).toEqual([8, 8, 8, 16]);
  });

  test('uses nothing again until the last live block is freed', () => {
    const { bump } = makeBump();
    const [a, b, c] = [bump.malloc(8), bump.malloc(8), bump.malloc(8)];
    bump.free(a);
    bump.free(b);
    expect(bump.malloc(8)! - c!).toBe(16);
    expect(bump.free(null)).toBe(true);
    bump.free(c);
    bump.free(c! + 16);
    expect(bump.malloc(8)).toBe(a);
  });

  test('the newest block alone is given back, once', () => {
    const { bump } = makeBump();
    const [a, b, c] = [bump.malloc(8)!, bump.malloc(8), bump.malloc(8)];
    bump.free(c);
    bump.free(b);
    expect(bump.malloc(8)).toBe(c);
    expect(bump.view()).toMatchObject({ liveCount: 2, last: { address: c, size: 8 } });
    expect(bump.view().pointer - a).toBe(40);
  });

  test('the newest block grows and shrinks in place, another moves to grow', () => {
    const { arena, bump } = makeBump();
    const a = bump.realloc(null, 16)!;
    arena.store(a + 8, 9);
    expect([bump.realloc(a, 100), bump.realloc(a, 16)]).toEqual([a, a]);
    const b = bump.malloc(8)!;
    expect(b - a).toBe(24);
    expect([bump.realloc(a, 10), bump.usableSize(a)]).toEqual([a, 16]);
    expect([bump.realloc(a, 3), bump.usableSize(a)]).toEqual([a, 8]);
    arena.store(a, 4);
    const moved = bump.realloc(a, 40)!;
    expect([moved - b, arena.load(moved)]).toEqual([16, 4]);
  });

  test('grows by 64 KiB, and a refusal changes nothing', () => {
    const { arena, bump } = makeBump();
    const a = bump.malloc(8)!;
    expect(arena.mappedSize).toBe(64 * KIB);
    bump.malloc(64 * KIB);
    expect(arena.mappedSize).toBe(128 * KIB);
    for (const size of [64 * KIB, 2 ** 64]) {
      expect(bump.malloc(size)).toBeNull();
      expect(bump.calloc(1, size)).toBeNull();
      expect(bump.realloc(a, size)).toBeNull();
    }
    expect(bump.view().liveCount).toBe(2);
  });

  test('a block that moves goes to a multiple of what its address was one of', () => {
    const { bump } = makeBump();
    const a = bump.aligned(1024, 8)!;
    bump.malloc(8);
    const b = bump.malloc(8)!;
    bump.malloc(8);
    expect(bump.realloc(a, 16)).toBe(a + 1024);
    expect(bump.realloc(b, 16)).toBe(a + 1024 + 32);
  });

  test('calloc zeroes what was used before', () => {
    const { arena, bump } = makeBump();
    const a = bump.malloc(64)!;
    arena.store(a + 56, 1);
    bump.free(a);
    expect([bump.calloc(8, 8), arena.load(a + 56)]).toEqual([a, 0]);
  });

  test('a block of 0 bytes does not lie at the very end of the memory', () => {
    const { bump } = makeBump();
    bump.malloc(64 * KIB - 16);
    expect(bump.aligned(64 * KIB, 0)).toBe(128 * KIB);
    expect(bump.aligned(64 * KIB, 0)).toBeNull();
  });

  test('an aligned block lies on a multiple', () => {
    const { bump } = makeBump();
    bump.malloc(1);
    expect(bump.aligned(4096, 1)! % 4096).toBe(0);
    expect(bump.aligned(1, 1)! % 8).toBe(0);
  });

  test('reset moves the break back', () => {
    const { arena, bump } = makeBump();
    const a = bump.malloc(9);
    bump.reset();
    expect([arena.mappedSize, bump.view().last]).toEqual([0, undefined]);
    expect(bump.malloc(9)).toBe(a);
  });
});
