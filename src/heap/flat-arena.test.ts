import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { MIB } from '../base/units.ts';
import { ArenaFault, FlatArena, type Placement } from './flat-arena.ts';

const PAGE = 4096;

/** Two pages for the break and eight for maps, from 0x1_0000 on. */
function makeArena(placement: Placement = 'up'): FlatArena {
  return new FlatArena({ mapSize: 8 * PAGE, brkSize: 2 * PAGE, placement });
}

describe('an arena', () => {
  test('lies where it was put, with room for the break in front', () => {
    const options = { base: 0x4_0000, pageSize: 64, mapSize: 128, brkSize: 64 };
    const arena = new FlatArena(options);
    expect(arena.bounds).toEqual({ start: 0x4_0000, end: 0x4_00c0 });
    expect([arena.brk(0), arena.map(64)]).toEqual([0x4_0000, 0x4_0040]);
  });

  test('has 64 MiB for maps and 16 for the break unless told otherwise', () => {
    expect(new FlatArena().bounds).toEqual({ start: 0x1_0000, end: 0x1_0000 + 80 * 2 ** 20 });
  });

  test.each([
    [{ base: 4097 }, 'an arena is made of whole pages'],
    [{ mapSize: 100 }, 'an arena is made of whole pages'],
    [{ brkSize: 100 }, 'an arena is made of whole pages'],
    [{ base: 0 }, 'address 0 is null'],
  ])('is not made of %j', (options, belief) => {
    expect(() => new FlatArena(options)).toThrow(new KitBug(belief));
  });
});

describe('memory', () => {
  test.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1])(
    'keeps the word %d, little-endian',
    (value) => {
      const arena = makeArena();
      const { start } = arena.bounds;
      for (const around of [2 ** 53 - 1, 0]) {
        for (const offset of [0, 8, 16]) arena.store(start + offset, around);
        arena.store(start + 8, value);
        expect(arena.load(start + 8)).toBe(value);
        expect([arena.load(start), arena.load(start + 16)]).toEqual([around, around]);
      }
      expect(arena.load32(start + 8)).toBe(value % 2 ** 32);
      expect(arena.load32(start + 12)).toBe(Math.floor(value / 2 ** 32));
      expect(arena.loadByte(start + 8)).toBe(value % 256);
    },
  );

  test('keeps doubles and bytes at any address', () => {
    const arena = makeArena();
    const { start } = arena.bounds;
    arena.storeDouble(start + 3, Math.PI);
    arena.storeByte(start + 11, 200);
    expect(arena.loadDouble(start + 3)).toBe(Math.PI);
    expect(arena.loadByte(start + 11)).toBe(200);
  });

  test('is copied from one place to another', () => {
    const arena = makeArena();
    const { start } = arena.bounds;
    for (let index = 0; index < 9; index += 1) arena.storeByte(start + index, index + 1);
    arena.copy(start + 101, start, 9);
    arena.copy(start + 101, start, 0);
    const copied = Array.from({ length: 10 }, (_, index) => arena.loadByte(start + 101 + index));
    expect(copied).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
  });

  test('is zeroed up to the end of a range and not past it', () => {
    const arena = makeArena();
    const { start } = arena.bounds;
    arena.store(start, 2 ** 53 - 1);
    arena.zero(start + 1, 4);
    expect(arena.load32(start)).toBe(255);
    expect(arena.loadByte(start + 5)).toBe(255);
  });

  const { start, end } = makeArena().bounds;
  test.each<[string, (arena: FlatArena) => unknown, string]>([
    ['load', (arena) => arena.load(start - 8), '8 bytes at 0x0000_fff8'],
    ['load', (arena) => arena.load(end - 4), '8 bytes at 0x0001_9ffc'],
    ['load of no number', (arena) => arena.load(NaN), '8 bytes at'],
    ['store', (arena) => arena.store(start - 8, 1), '8 bytes at 0x0000_fff8'],
    ['store', (arena) => arena.store(end - 4, 1), '8 bytes at 0x0001_9ffc'],
    ['load32', (arena) => arena.load32(start - 4), '4 bytes at 0x0000_fffc'],
    ['load32', (arena) => arena.load32(end), '4 bytes at 0x0001_a000'],
    ['store32', (arena) => arena.store32(start - 4, 1), '4 bytes at 0x0000_fffc'],
    ['store32', (arena) => arena.store32(end, 1), '4 bytes at 0x0001_a000'],
    ['copy to', (arena) => arena.copy(start - 1, start, 1), '1 bytes at 0x0000_ffff'],
    ['copy from', (arena) => arena.copy(start, end - 1, 2), '2 bytes at 0x0001_9fff'],
    ['zero', (arena) => arena.zero(end - 1, 2), '2 bytes at 0x0001_9fff'],
  ])('outside the arena is a fault: %s', (_, act, message) => {
    expect(() => act(makeArena())).toThrow(ArenaFault);
    expect(() => act(makeArena())).toThrow(message);
  });

  // Words are found by an index of 32 bits, which would wrap.
  test.each([-(2 ** 34), -(2 ** 32), 2 ** 32, 2 ** 34])(
    'is not to be had %d bytes away from it',
    (offset) => {
      const arena = new FlatArena({ base: 2 ** 40, mapSize: PAGE, brkSize: PAGE });
      const far = arena.bounds.start + offset;
      arena.store(arena.bounds.start, 7);
      expect(() => arena.load(far)).toThrow(ArenaFault);
      expect(() => arena.store(far, 8)).toThrow(ArenaFault);
      expect(arena.load(arena.bounds.start)).toBe(7);
    },
  );

  test('of a fault names both ranges', () => {
    const message = '8 bytes at 0x0001_a000 lie outside [0x0001_0000, 0x0001_a000)';
    expect(() => makeArena().load(end)).toThrow(new ArenaFault(message));
    expect(new ArenaFault('').name).toBe('ArenaFault');
  });
});

describe('fresh pages read as zero', () => {
  const soils: readonly [string, (arena: FlatArena, page: number) => void][] = [
    ['a word', (arena, page) => arena.store(page + 8, 1)],
    ['half a word', (arena, page) => arena.store32(page + 8, 1)],
    ['a byte', (arena, page) => arena.storeByte(page + 9, 1)],
    ['a double across two pages', (arena, page) => arena.storeDouble(page + PAGE - 4, Math.PI)],
    ['a copy across two pages', (arena, page) => arena.copy(page + PAGE - 4, page + 2 * PAGE, 8)],
  ];

  test.each(soils)('after %s was written there and they were unmapped', (_, soil) => {
    const arena = makeArena();
    const page = arena.map(3 * PAGE)!;
    arena.store(page + 2 * PAGE, 2 ** 53 - 1);
    soil(arena, page);
    arena.unmap(page, 3 * PAGE);
    expect(arena.map(3 * PAGE)).toBe(page);
    for (let at = page; at < page + 3 * PAGE; at += 8) expect(arena.load(at)).toBe(0);
  });

  test('where pages are small, and their neighbours keep what they hold', () => {
    const arena = new FlatArena({ pageSize: 64, mapSize: 2 ** 14, brkSize: 64 });
    const page = arena.map(2 ** 14)!;
    for (let at = page; at < page + 2 ** 14; at += 8) arena.store(at, at);
    const kept = [page, page + 128, page + 2 ** 13 + 64];
    arena.unmap(page + 64, 64);
    arena.unmap(page + 192, 2 ** 13 - 128);
    expect([arena.map(64), arena.map(2 ** 13 - 128)]).toEqual([page + 64, page + 192]);
    for (let at = page + 192; at < page + 192 + 2 ** 13 - 128; at += 8)
      expect(arena.load(at)).toBe(0);
    expect(arena.load(page + 64)).toBe(0);
    expect(kept.map((at) => arena.load(at))).toEqual(kept);
    const last = page + 2 ** 14 - 64;
    arena.unmap(last, 64);
    expect([arena.map(64), arena.load(last)]).toEqual([last, 0]);
  });

  test('where several of them share 4 KiB, in whatever order they come back', () => {
    const arena = new FlatArena({ pageSize: 64, mapSize: 2 ** 14, brkSize: 64 });
    const page = arena.map(2 ** 14)!;
    for (let at = page; at < page + 2 ** 14; at += 8) arena.store(at, at);
    const piece = arena.bounds.start + PAGE;
    // At the start of the piece, at its end, and beside these.
    for (const at of [0, 64, PAGE - 64, PAGE - 128].map((offset) => piece + offset)) {
      arena.unmap(at, 64);
      expect(arena.map(64)).toBe(at);
      for (let word = at; word < at + 64; word += 8) expect(arena.load(word)).toBe(0);
    }
  });

  test('below a break that went back and forth', () => {
    const arena = makeArena();
    const before = arena.brk(PAGE)!;
    arena.store(before, 7);
    arena.brk(-PAGE);
    arena.brk(PAGE);
    expect(arena.load(before)).toBe(0);
  });

  test('and pages that stayed mapped keep what they hold', () => {
    const arena = makeArena();
    const page = arena.map(PAGE)!;
    arena.store(page, 7);
    arena.map(PAGE);
    expect(arena.load(page)).toBe(7);
  });
});

describe('map', () => {
  /** Maps and unmaps by counts of pages: `2` maps two, `-1@3` unmaps one at the third page of the map area. */
  function places(placement: Placement, script: string): (number | null)[] {
    const arena = makeArena(placement);
    const first = arena.bounds.start + 2 * PAGE;
    return script.split(' ').flatMap((step) => {
      const [count, at] = step.split('@').map(Number);
      if (at !== undefined) return arena.unmap(first + at * PAGE, -count! * PAGE) ?? [];
      const start = arena.map(count! * PAGE);
      return start === null ? null : (start - first) / PAGE;
    });
  }

  test.each<[Placement, string, (number | null)[]]>([
    ['up', '1 2 1', [0, 1, 3]],
    ['down', '1 2 1', [7, 5, 4]],
    ['gaps', '1 2 1', [0, 2, 5]],
    ['up', '8', [0]],
    ['up', '9', [null]],
    ['down', '9', [null]],
    ['up', '7 2 1', [0, null, 7]],
    ['down', '7 2 1', [1, null, 0]],
    ['gaps', '2 2 2 1', [0, 3, 6, null]],
    ['up', '2 2 2 -2@2 1 1 3', [0, 2, 4, 2, 3, null]],
    ['down', '2 2 2 -2@4 1 1 3', [6, 4, 2, 5, 4, null]],
    ['gaps', '1 1 1 -1@2 1', [0, 2, 4, 2]],
    ['up', '3 -1@1 2 1', [0, 3, 1]],
  ])('placed %s: %s', (placement, script, pages) => {
    expect(places(placement, script)).toEqual(pages);
  });

  test.each([0, -PAGE, 1, PAGE + 1, NaN])('of %d bytes is a fault', (size) => {
    const message = `map of ${size} bytes: no whole pages`;
    expect(() => makeArena().map(size)).toThrow(new ArenaFault(message));
  });

  test('counts what it maps, and nothing when it refuses', () => {
    const arena = makeArena();
    arena.map(2 * PAGE);
    arena.map(64 * PAGE);
    expect(arena).toMatchObject({ mapsCount: 1, unmapsCount: 0, mappedSize: 2 * PAGE });
  });
});

describe('unmap', () => {
  test('takes the pages asked for, from any maps that touch, and leaves the rest', () => {
    const arena = makeArena();
    const first = arena.map(2 * PAGE)!;
    arena.map(2 * PAGE);
    arena.unmap(first + PAGE, 2 * PAGE);
    expect(arena).toMatchObject({ mapsCount: 2, unmapsCount: 1, mappedSize: 2 * PAGE });
    arena.unmap(first, PAGE);
    arena.unmap(first + 3 * PAGE, PAGE);
    expect(arena.mappedSize).toBe(0);
  });

  test('takes a map that was put in front of another with it', () => {
    const arena = makeArena();
    const first = arena.map(2 * PAGE)!;
    arena.map(2 * PAGE);
    arena.unmap(first, 2 * PAGE);
    expect(arena.map(2 * PAGE)).toBe(first);
    arena.unmap(first, 4 * PAGE);
    expect(arena.mappedSize).toBe(0);
  });

  test.each([
    ['pages never mapped', 4 * PAGE, PAGE],
    ['pages in front of a map', -PAGE, PAGE],
    ['more than is mapped', 0, 3 * PAGE],
    ['half a page', 0, PAGE / 2],
    ['an unaligned address', 8, PAGE],
    ['nothing', 0, 0],
  ])('of %s is a fault', (_, offset, size) => {
    const arena = makeArena();
    const first = arena.map(2 * PAGE)!;
    expect(() => arena.unmap(first + offset, size)).toThrow(ArenaFault);
    expect(() => arena.unmap(first + offset, size)).toThrow(
      /^unmap of \d+ bytes at .*: not mapped$/,
    );
    expect(arena.mappedSize).toBe(2 * PAGE);
  });

  test('happens once', () => {
    const arena = makeArena();
    const first = arena.map(PAGE)!;
    arena.unmap(first, PAGE);
    expect(() => arena.unmap(first, PAGE)).toThrow(ArenaFault);
  });
});

describe('memory that nobody has mapped yet', () => {
  const FAR = 8 * MIB;

  test.each([
    ['a word', 'load', 'store'],
    ['half a word', 'load32', 'store32'],
    ['a double', 'loadDouble', 'storeDouble'],
    ['a byte', 'loadByte', 'storeByte'],
  ] as const)('reads as zero and keeps %s, as do those before it', (_, load, store) => {
    const arena = new FlatArena();
    const { start } = arena.bounds;
    arena[store](start, 1);
    expect(arena[load](start + FAR)).toBe(0);
    arena[store](start + FAR, 2);
    arena[store](start + 2 * FAR, 3);
    expect([0, FAR, 2 * FAR].map((offset) => arena[load](start + offset))).toEqual([1, 2, 3]);
  });

  test('keeps each word at which it grows', () => {
    const arena = new FlatArena();
    const { start } = arena.bounds;
    const ends = Array.from({ length: 5 }, (_, doublings) => start + 2 ** (18 + doublings));
    for (const end of ends) {
      arena.store(end - 8, end - 8);
      arena.store(end, end);
    }
    expect(ends.map((end) => [arena.load(end - 8), arena.load(end)])).toEqual(
      ends.map((end) => [end - 8, end]),
    );
  });

  test('has a last word like any other', () => {
    const arena = makeArena();
    const last = arena.bounds.end - 8;
    arena.store(last, 2 ** 53 - 1);
    expect(arena.load(last)).toBe(2 ** 53 - 1);
    arena.store32(last + 4, 1);
    expect(arena.load32(last + 4)).toBe(1);
    arena.copy(last - 8, last, 8);
    arena.zero(last, 8);
    expect([arena.load(last - 8), arena.load(last)]).toEqual([2 ** 33 - 1, 0]);
  });

  test.each([{}, { mapSize: PAGE, brkSize: PAGE }])(
    'ends where the arena of %j does',
    (options) => {
      const arena = new FlatArena(options);
      const { end } = arena.bounds;
      arena.storeByte(end - 1, 5);
      expect(arena.loadByte(end - 1)).toBe(5);
      expect(() => arena.loadByte(end)).toThrow(RangeError);
      expect(() => arena.storeDouble(end - 7, 1)).toThrow(RangeError);
    },
  );

  test('is copied like any other', () => {
    const arena = new FlatArena();
    const { start } = arena.bounds;
    arena.store(start, 1);
    arena.copy(start + FAR, start, 8);
    expect(arena.load(start + FAR)).toBe(1);
    arena.copy(start, start + 2 * FAR, 8);
    expect(arena.load(start)).toBe(0);
  });
});

describe('the break', () => {
  test('moves up to the end of its room and back to its start', () => {
    const arena = makeArena();
    const { start } = arena.bounds;
    expect([0, PAGE, PAGE, PAGE, -3 * PAGE, 0].map((increment) => arena.brk(increment))).toEqual([
      start,
      start,
      start + PAGE,
      null,
      null,
      start + 2 * PAGE,
    ]);
    expect(arena.mappedSize).toBe(2 * PAGE);
    arena.brk(-2 * PAGE);
    expect(arena.mappedSize).toBe(0);
  });
});

test('reset forgets maps, break and counts', () => {
  const arena = makeArena();
  arena.store(arena.map(PAGE)!, 7);
  arena.brk(PAGE);
  arena.reset();
  expect(arena).toMatchObject({ mapsCount: 0, unmapsCount: 0, mappedSize: 0 });
  expect(arena.load(arena.map(PAGE)!)).toBe(0);
});

test('each piece that was written to is visited once, by rising address', () => {
  const arena = new FlatArena();
  const start = arena.map(16 * 1024)!;
  for (const piece of [8, 0, 3, 4]) arena.storeByte(start + piece * 1024, 1);
  const visited: number[] = [];
  arena.eachWritten((_, first) => visited.push((first * 4) / 1024));
  expect(visited.map((piece) => piece - visited[0]!)).toEqual([0, 3, 4, 8]);
});

describe('a captured arena', () => {
  test('comes back as it was, whatever was mapped and written since', () => {
    const arena = new FlatArena({ mapSize: 1024 * 1024, brkSize: 64 * 1024 });
    const first = arena.map(8192)!;
    arena.store(first + 16, 7);
    arena.brk(4096);
    arena.storeByte(first + 5000, 9);
    const state = arena.capture();
    arena.store(first + 16, 8);
    const second = arena.map(512 * 1024)!;
    arena.store(second + 500 * 1024, 5);
    arena.unmap(first, 4096);
    arena.brk(4096);
    arena.restore(state);
    expect(arena.capture()).toEqual(state);
    expect([arena.load(first + 16), arena.loadByte(first + 5000)]).toEqual([7, 9]);
    expect(arena.load(second + 500 * 1024)).toBe(0);
    expect(arena.mappedSize).toBe(8192 + 4096);
    expect(arena.map(4096)).toBe(first + 8192);
    arena.restore(state);
    expect(arena.capture()).toEqual(state);
  });

  test('is no larger than what was written to', () => {
    const arena = new FlatArena();
    const start = arena.map(64 * 4096)!;
    expect(arena.capture().pieces).toEqual([]);
    arena.storeByte(start + 10 * 4096, 1);
    arena.storeByte(start + 20 * 4096, 1);
    const before = arena.capture();
    expect(before.pieces.length).toBe(2);
    arena.storeByte(start + 15 * 4096, 1);
    arena.restore(before);
    expect(arena.capture()).toEqual(before);
    expect(arena.loadByte(start + 15 * 4096)).toBe(0);
  });

  test('of small pages has pieces that end with its memory', () => {
    const arena = new FlatArena({ pageSize: 64, mapSize: 6400, brkSize: 0 });
    const start = arena.map(6400)!;
    arena.storeByte(start + 6399, 1);
    const state = arena.capture();
    arena.storeByte(start + 6399, 2);
    arena.restore(state);
    expect(arena.loadByte(start + 6399)).toBe(1);
  });
});
