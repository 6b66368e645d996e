import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { FlatArena } from '../heap/flat-arena.ts';
import { Buddy } from './buddy.ts';

const POOL = 4096;

function makeBuddy(): { readonly arena: FlatArena; readonly buddy: Buddy } {
  const arena = new FlatArena({ base: POOL, mapSize: POOL, brkSize: 0 });
  return { arena, buddy: new Buddy(arena, POOL) };
}

/** Order and use of all blocks: `5u 5f 6f`. */
function picture(buddy: Buddy): string {
  return buddy
    .blocks()
    .map(({ order, isUsed }) => `${order}${isUsed ? 'u' : 'f'}`)
    .join(' ');
}

describe('the buddy allocator', () => {
  // Wilson, "Free Space and GC", slides: size classes of powers of two from 32.
  test.each([
    [0, 32],
    [4, 32],
    [32, 32],
    [33, 64],
    [45, 64],
    [145, 256],
    [4096, 4096],
  ])('malloc(%i) has %i bytes', (size, usable) => {
    const { buddy } = makeBuddy();
    expect(buddy.usableSize(buddy.malloc(size)!)).toBe(usable);
  });

  test('splits the pool down to the order of the request, and merges all of it again', () => {
    const { buddy } = makeBuddy();
    const block = buddy.malloc(500);
    expect(picture(buddy)).toBe('9u 9f 10f 11f');
    expect(buddy.free(block)).toBe(true);
    expect(picture(buddy)).toBe('12f');
  });

  test('merges buddies only, not neighbours', () => {
    const { buddy } = makeBuddy();
    const blocks = [1, 2, 3, 4].map(() => buddy.malloc(1024));
    buddy.free(blocks[1]!);
    buddy.free(blocks[2]!);
    expect(picture(buddy)).toBe('10u 10f 10f 10u');
    buddy.free(blocks[0]!);
    expect(picture(buddy)).toBe('11f 10f 10u');
  });

  test('takes a block out of the middle of its list', () => {
    const { buddy } = makeBuddy();
    const blocks = Array.from({ length: 8 }, () => buddy.malloc(512));
    for (const index of [0, 2, 4]) buddy.free(blocks[index]!);
    buddy.free(blocks[3]!);
    expect(picture(buddy)).toBe('9f 9u 10f 9f 9u 9u 9u');
    expect(buddy.listed().map(({ start, order }) => [start - POOL, order])).toEqual([
      [2048, 9],
      [0, 9],
      [1024, 10],
    ]);
  });

  test('refuses what the pool has not, and changes nothing', () => {
    const { buddy } = makeBuddy();
    const block = buddy.malloc(2049);
    for (const size of [4097, 2 ** 32, 2 ** 64]) expect(buddy.malloc(size)).toBeNull();
    expect(buddy.malloc(1)).toBeNull();
    expect(buddy.realloc(block, 5000)).toBeNull();
    expect(buddy.calloc(2 ** 32, 2 ** 32)).toBeNull();
    expect(picture(buddy)).toBe('12u');
  });

  test('refuses a second free, and an address inside a block or outside the pool', () => {
    const { buddy } = makeBuddy();
    const block = buddy.malloc(64)!;
    expect(
      [block + 1, block + 32, 0, 2 * POOL, block + 2 ** 32].map((each) => buddy.free(each)),
    ).toEqual([false, false, false, false, false]);
    expect([buddy.free(null), buddy.free(block), buddy.free(block)]).toEqual([true, true, false]);
  });

  test('realloc shrinks in place, gives the halves back, and moves to grow', () => {
    const { arena, buddy } = makeBuddy();
    const block = buddy.realloc(null, 1000)!;
    arena.store(block, 7);
    expect(buddy.realloc(block, 200)).toBe(block);
    expect(picture(buddy)).toBe('8u 8f 9f 10f 11f');
    const moved = buddy.realloc(block, 600)!;
    expect([moved - block, arena.load(moved)]).toEqual([1024, 7]);
    expect(picture(buddy)).toBe('10f 10u 11f');
  });

  test('calloc zeroes what was used before', () => {
    const { arena, buddy } = makeBuddy();
    const block = buddy.malloc(64)!;
    arena.store(block + 56, 1);
    buddy.free(block);
    expect([buddy.calloc(8, 8), arena.load(block + 56)]).toEqual([block, 0]);
  });

  test('an aligned block is as large as its alignment, so it lies on a multiple', () => {
    const { buddy } = makeBuddy();
    buddy.malloc(1);
    expect(buddy.aligned(1024, 40)! % 1024).toBe(0);
    expect(buddy.aligned(8192, 1)).toBeNull();
  });

  test('reset gives the whole pool back', () => {
    const { arena, buddy } = makeBuddy();
    arena.store(buddy.malloc(1)!, 7);
    buddy.reset();
    expect([buddy.malloc(POOL), arena.load(POOL)]).toEqual([POOL, 0]);
  });

  test('a list that is a ring is followed to a limit', () => {
    const { arena, buddy } = makeBuddy();
    arena.store(POOL, POOL);
    expect(buddy.listed()).toHaveLength(POOL / 32 + 1);
  });

  test('its pool lies at a multiple of its size', () => {
    const arena = new FlatArena({ base: POOL, mapSize: 2 * POOL, brkSize: 0 });
    expect(() => new Buddy(arena, 2 * POOL)).toThrow(KitBug);
    expect(() => new Buddy(arena, 4 * POOL)).toThrow(KitBug);
  });
});
