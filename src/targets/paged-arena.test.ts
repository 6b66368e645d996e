import { describe, expect, test } from 'vitest';
import { GIB, KIB, MIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import { ArenaFault } from '../heap/flat-arena.ts';
import { completeOptions } from '../heap/options.ts';
import { PageFault } from '../machine/page-fault.ts';
import { PagedArena, placedFor } from './paged-arena.ts';

const PAGE = 4096;

/** Two pages for the break and eight for maps, from 1 GiB on. */
function makeArena(): PagedArena {
  return new PagedArena({ base: GIB, brkSize: 2 * PAGE, mapSize: 8 * PAGE });
}

describe('a paged arena', () => {
  test('keeps words, half words, doubles and bytes as a flat one does', () => {
    const arena = makeArena();
    const start = arena.map(PAGE)!;
    arena.store(start + 8, 2 ** 53 - 1);
    expect([arena.load(start + 8), arena.load32(start + 8), arena.load32(start + 12)]).toEqual([
      2 ** 53 - 1,
      2 ** 32 - 1,
      2 ** 21 - 1,
    ]);
    arena.store32(start + 16, 7);
    arena.storeDouble(start + 27, Math.PI);
    arena.storeByte(start + 40, 200);
    expect([arena.load32(start + 16), arena.loadDouble(start + 27)]).toEqual([7, Math.PI]);
    expect(arena.loadByte(start + 40)).toBe(200);
    arena.copy(start + 100, start + 40, 1);
    arena.zero(start + 40, 1);
    expect([arena.loadByte(start + 100), arena.loadByte(start + 40)]).toEqual([200, 0]);
  });

  test('maps and unmaps whole pages, and refuses when there is no room', () => {
    const arena = makeArena();
    expect([arena.map(8 * PAGE), arena.map(PAGE)]).toEqual([GIB + 2 * PAGE, null]);
    arena.unmap(GIB + 3 * PAGE, PAGE);
    expect([arena.mappedSize, arena.map(PAGE)]).toEqual([7 * PAGE, GIB + 3 * PAGE]);
  });

  test('moves the break in its range', () => {
    const arena = makeArena();
    expect([arena.brk(2 * PAGE), arena.brk(PAGE), arena.brk(0)]).toEqual([
      GIB,
      null,
      GIB + 2 * PAGE,
    ]);
  });

  test.each([0, 100, PAGE + 1])('faults on a map of %d bytes', (size) => {
    expect(() => makeArena().map(size)).toThrow(
      new ArenaFault(`map of ${size} bytes: no whole pages`),
    );
  });

  test.each([
    [2 * PAGE, 0],
    [2 * PAGE, 100],
    [2 * PAGE + 8, PAGE],
    [2 * PAGE, 3 * PAGE],
    [0, PAGE],
  ])('faults on an unmap at offset %d of %d bytes', (offset, size) => {
    const arena = makeArena();
    arena.map(2 * PAGE);
    expect(() => arena.unmap(GIB + offset, size)).toThrow(ArenaFault);
    expect(arena.mappedSize).toBe(2 * PAGE);
  });

  test('faults as the machine does where nothing is mapped', () => {
    expect(() => makeArena().load(GIB)).toThrow(PageFault);
  });

  test.each([
    ['x86-64', 0x5555 * 2 ** 32 + GIB, 32 * MIB],
    ['x86-32', GIB, 32 * MIB],
    ['toy', 64, 16 * KIB - 64],
  ] as const)('lies on %s where its addresses allow', (preset, start, size) => {
    expect(new PagedArena({ preset }).bounds).toEqual({ start, end: start + size });
  });

  test('has a frame for every page and every table, up to 128 MiB', () => {
    const { kernel, space, bounds } = new PagedArena({ mapSize: 16 * MIB, frames: 'on-map' });
    expect(space.mmap({ size: 16 * MIB })).toBe(bounds.end - 16 * MIB);
    expect(space.sbrk(16 * MIB)).toBe(bounds.start);
    expect(kernel.frames.freeCount).toBeGreaterThanOrEqual(0);
    const large = new PagedArena({ mapSize: 64 * GIB });
    expect(large.kernel.frames.totalCount * PAGE).toBe(128 * MIB);
    expect(new PagedArena({ framesCount: 9 }).kernel.frames.totalCount).toBe(9);
  });

  test.each([
    [{ base: 0 }, 'breakRange: got'],
    [{ base: GIB + 1 }, 'breakRange: got'],
    [{ mapSize: 100 }, 'mapRange: got'],
    [{ mapSize: 2 ** 47 }, 'mapRange: got'],
  ])('is not made with %o', (options, message) => {
    expect(() => new PagedArena(options)).toThrow(UsageError);
    expect(() => new PagedArena(options)).toThrow(message);
  });
});

test.each([
  [{}, { base: 0x5555 * 2 ** 32 + GIB, brkSize: 0 }],
  [{ header: 4 }, { base: GIB, brkSize: 0 }],
  [{ growth: 'brk' }, { base: 0x5555 * 2 ** 32 + GIB, brkSize: 16 * MIB }],
] as const)('a heap with %o gets %o', (heap, options) => {
  expect(placedFor(completeOptions(heap), {})).toEqual(options);
  expect(placedFor(completeOptions(heap), { base: PAGE, brkSize: PAGE, preset: 'toy' })).toEqual({
    base: PAGE,
    brkSize: PAGE,
    preset: 'toy',
  });
});
