import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { MIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import { PRESETS } from './geometry.ts';
import type { Meter } from './meter.ts';
import { DIRTY, RIGHTS, USER, WRITABLE } from './page-table-entry.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { TableLayout } from './table-layout.ts';
import { Tlb, type TlbOptions } from './tlb.ts';

const PAGE = 4096;
const LAST = 3;
const LARGE = 2;
const ENTRY = { level: LAST, base: 0, rights: RIGHTS, dirty: 0 };

function tlbOf(options: Partial<TlbOptions>): { tlb: Tlb; meter: Meter } {
  const memory = new PhysicalMemory({ frameSize: PAGE, framesCount: 1 });
  const layout = new TableLayout(PRESETS['x86-64'], memory);
  const tlb = new Tlb(options, { layout, watcher: undefined });
  return { tlb, meter: tlb.meter };
}

/** Looks each page up, and inserts those that are missing, as an MMU does. @returns The misses, as a string of h and m. */
function run(tlb: Tlb, pages: readonly number[]): string {
  return pages
    .map((page) => {
      if (tlb.find(page * PAGE) >= 0) return 'h';
      tlb.insert(page * PAGE, { ...ENTRY, base: page * PAGE });
      return 'm';
    })
    .join('');
}

function pagesIn(tlb: Tlb): readonly number[] {
  return tlb
    .entries()
    .map(({ address }) => address / PAGE)
    .toSorted((a, b) => a - b);
}

describe('golden', () => {
  // Source: Belady, Nelson, Shedler, "An anomaly in space-time characteristics", CACM 1969.
  test.each([
    [3, 9],
    [4, 10],
  ])("Belady's string misses a FIFO TLB of %i entries %i times", (ways, misses) => {
    const { meter, tlb } = tlbOf({ sets: 1, ways, policy: 'fifo' });
    run(tlb, [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5]);
    expect(meter).toMatchObject({
      tlbMisses: misses,
      tlbHits: 12 - misses,
      tlbEvictions: misses - ways,
    });
  });

  // Source: arithmetic. A hit on page 1 makes page 2 the one unused for longest.
  test('LRU evicts what was unused for longest, FIFO what came first', () => {
    const string = [1, 2, 1, 3, 1];
    expect(run(tlbOf({ sets: 1, ways: 2, policy: 'lru' }).tlb, string)).toBe('mmhmh');
    expect(run(tlbOf({ sets: 1, ways: 2, policy: 'fifo' }).tlb, string)).toBe('mmhmm');
  });
});

describe('a TLB', () => {
  test('keeps a page in the set that its number names (T15)', () => {
    const { tlb } = tlbOf({ sets: 3, ways: 2 });
    expect(run(tlb, [0, 3, 1, 6])).toBe('mmmm');
    expect(tlb.entries().map(({ address, set, way }) => [address / PAGE, set, way])).toEqual([
      [6, 0, 0],
      [3, 0, 1],
      [1, 1, 0],
    ]);
  });

  test('fills an empty way before it evicts', () => {
    const { meter, tlb } = tlbOf({ sets: 1, ways: 3 });
    run(tlb, [1, 2, 3]);
    tlb.flushPage(2 * PAGE);
    run(tlb, [4]);
    expect(pagesIn(tlb)).toEqual([1, 3, 4]);
    expect(meter.tlbEvictions).toBe(0);
  });

  test('with random replacement evicts the same pages for the same seed', () => {
    const string = Array.from({ length: 60 }, (_, index) => (index * 7) % 11);
    const options = { sets: 1, ways: 4, policy: 'random' } as const;
    const runs = [1, 1, 2].map((seed) => run(tlbOf({ ...options, seed }).tlb, string));
    expect(runs[0]).toBe(runs[1]);
    expect(runs[0]).not.toBe(runs[2]);
  });

  test('without entries misses always and keeps nothing', () => {
    const { tlb } = tlbOf({ ways: 0 });
    expect(run(tlb, [1, 1])).toBe('mm');
    expect(tlb.insert(0, ENTRY)).toBe(-1);
    expect(tlb.entries()).toEqual([]);
  });

  test('has one entry for a large page, which every page in it hits', () => {
    const { tlb } = tlbOf({ sets: 4, ways: 1 });
    tlb.insert(6 * MIB, { ...ENTRY, level: LARGE, base: 2 * MIB });
    const slot = tlb.find(7 * MIB + 5);
    expect(tlb.physicalAt(slot, 7 * MIB + 5)).toBe(3 * MIB + 5);
    expect(tlb.find(8 * MIB)).toBe(-1);
    expect(tlb.entries()).toMatchObject([
      { address: 6 * MIB, size: 2 * MIB, set: 3, level: LARGE, space: 0 },
    ]);
    tlb.flushPage(7 * MIB);
    expect(tlb.entries()).toEqual([]);
  });

  test('replaces in its place what it knows of a page', () => {
    const { tlb } = tlbOf({ sets: 1, ways: 2, policy: 'fifo' });
    run(tlb, [1, 2]);
    const change = { ...ENTRY, base: 9 * PAGE, dirty: DIRTY, rights: WRITABLE };
    expect(tlb.insert(PAGE, change, tlb.find(PAGE))).toBe(0);
    expect(tlb.flagsAt(0)).toBe(WRITABLE | DIRTY);
    expect(tlb.entries()[0]).toMatchObject({
      base: 9 * PAGE,
      rights: WRITABLE,
      dirty: DIRTY,
      insertedAt: 1,
    });
    run(tlb, [3]);
    expect(pagesIn(tlb)).toEqual([2, 3]);
  });

  test('with ids hits only entries of the space in use (T8)', () => {
    const { tlb } = tlbOf({ sets: 1, ways: 4, ids: 'on' });
    run(tlb, [1]);
    tlb.useSpace(4095);
    expect(run(tlb, [1, 1, 2])).toBe('mhm');
    expect(tlb.entries().map(({ address, space }) => [space, address / PAGE])).toEqual([
      [0, 1],
      [4095, 1],
      [4095, 2],
    ]);
    tlb.useSpace(0);
    expect(run(tlb, [1])).toBe('h');
  });

  test('flushes a page of one space, one space, or all, and counts each flush', () => {
    const { meter, tlb } = tlbOf({ sets: 1, ways: 8, ids: 'on' });
    run(tlb, [1, 2]);
    tlb.useSpace(1);
    run(tlb, [1, 2]);
    tlb.flushPage(PAGE + 5, 0);
    tlb.flushPage(9 * PAGE);
    expect(tlb.entries()).toHaveLength(3);
    tlb.flushSpace(1);
    expect(tlb.entries()).toMatchObject([{ space: 0, address: 2 * PAGE }]);
    tlb.flushAll();
    expect(tlb.entries()).toEqual([]);
    expect(meter.tlbFlushes).toBe(4);
  });

  test('flushes a space in every set and way', () => {
    const { tlb } = tlbOf({ sets: 3, ways: 2, ids: 'on' });
    run(tlb, [0, 1, 2]);
    tlb.useSpace(1);
    run(tlb, [0, 1, 2]);
    tlb.flushSpace(1);
    expect(tlb.entries().map(({ space, address }) => [space, address / PAGE])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
    ]);
  });

  test.each([-1, 4096, 0.5])('has no address space %d', (space) => {
    expect(() => tlbOf({}).tlb.useSpace(space)).toThrow(KitBug);
  });

  test.each([{ sets: 0 }, { sets: 1.5 }, { ways: -1 }, { ways: 0.5 }])(
    'is refused with %j',
    (options) => {
      expect(() => tlbOf(options)).toThrow(UsageError);
    },
  );
});

describe('a shortcut', () => {
  const start = 5 * PAGE;

  function shortcuts(
    options: Partial<TlbOptions>,
    flags: { rights: number; dirty: number },
  ): readonly number[] {
    const { tlb } = tlbOf(options);
    const slot = tlb.insert(start, { ...ENTRY, ...flags, base: 7 * PAGE });
    tlb.shorten(start, slot, 7 * PAGE);
    return [tlb.shortcuts.load(start, 4), tlb.shortcuts.store(start, 4)];
  }

  test.each([
    [
      'loads and stores where the page is dirty',
      { rights: RIGHTS, dirty: DIRTY },
      [7 * PAGE, 7 * PAGE],
    ],
    ['loads only where it is clean', { rights: RIGHTS, dirty: 0 }, [7 * PAGE, -1]],
    ['loads only where it is read-only', { rights: USER, dirty: DIRTY }, [7 * PAGE, -1]],
    ['does nothing for a page of the kernel', { rights: WRITABLE, dirty: DIRTY }, [-1, -1]],
  ])('%s', (_, flags, bases) => {
    expect(shortcuts({}, flags)).toEqual(bases);
  });

  test('is not taken where it is switched off', () => {
    expect(shortcuts({ shortcuts: 'off' }, { rights: RIGHTS, dirty: DIRTY })).toEqual([-1, -1]);
  });

  test('leads to the bytes of its page, and to none of another', () => {
    const { tlb } = tlbOf({});
    tlb.shorten(start, tlb.insert(start, ENTRY), 7 * PAGE);
    const found = [-1, 0, 8, PAGE - 4, PAGE - 3, PAGE, 256 * PAGE, -256 * PAGE].map((offset) =>
      tlb.shortcuts.load(start + offset, 4),
    );
    expect(found).toEqual([-1, 7 * PAGE, 7 * PAGE + 8, 8 * PAGE - 4, -1, -1, -1, -1]);
  });

  test('ends with its entry: evicted, flushed, or in another space', () => {
    const ends: ((tlb: Tlb) => void)[] = [
      (tlb) => tlb.insert(9 * PAGE, ENTRY),
      (tlb) => tlb.flushPage(start),
      (tlb) => tlb.flushSpace(0),
      (tlb) => tlb.flushAll(),
      (tlb) => tlb.useSpace(1),
    ];
    for (const end of ends) {
      const { tlb } = tlbOf({ sets: 1, ways: 1 });
      tlb.shorten(start, tlb.insert(start, ENTRY), 0);
      expect(tlb.shortcuts.load(start, 4)).toBe(0);
      end(tlb);
      expect(tlb.shortcuts.load(start, 4)).toBe(-1);
    }
  });

  test('of each page of a large one ends with its entry, and no other does', () => {
    const { tlb } = tlbOf({ sets: 1, ways: 3 });
    run(tlb, [1024]);
    const slot = tlb.insert(0, { ...ENTRY, level: LARGE });
    for (const page of [1, 2, 255]) tlb.shorten(page * PAGE, slot, page * PAGE);
    tlb.shorten(512 * PAGE, tlb.insert(512 * PAGE, ENTRY), 0);
    tlb.flushPage(100 * PAGE);
    const found = [1, 2, 255, 512].map((page) => tlb.shortcuts.load(page * PAGE, 4));
    expect(found).toEqual([-1, -1, -1, 0]);
  });

  test('stays when a page goes that would have had the same line', () => {
    const { tlb } = tlbOf({});
    run(tlb, [0, 256]);
    tlb.shorten(256 * PAGE, tlb.find(256 * PAGE), 7 * PAGE);
    tlb.flushPage(0);
    expect(tlb.shortcuts.load(256 * PAGE, 4)).toBe(7 * PAGE);
  });

  test('to a large page goes, and no time of use with it', () => {
    const { tlb } = tlbOf({ sets: 1, ways: 4 });
    tlb.insert(4 * MIB, { ...ENTRY, level: LARGE });
    run(tlb, [1, 2, 3]);
    // Times of use stand behind the lines, and this one is what a line says that leads to the first slot.
    while (tlb.clock < 1024) tlb.find(3 * PAGE);
    tlb.flushPage(4 * MIB);
    run(tlb, [5, 6]);
    expect(pagesIn(tlb)).toEqual([2, 3, 5, 6]);
  });

  test('is not lost to that of another page', () => {
    const { tlb } = tlbOf({});
    const pages = Array.from({ length: 64 }, (_, page) => page * PAGE);
    for (const page of pages) tlb.shorten(page, tlb.insert(page, ENTRY), page);
    expect(pages.map((page) => tlb.shortcuts.load(page, 4))).toEqual(pages);
  });

  test('keeps the order of use that a search keeps', () => {
    const { tlb } = tlbOf({ sets: 1, ways: 2 });
    tlb.shorten(PAGE, tlb.insert(PAGE, ENTRY), 0);
    tlb.shortcuts.load(PAGE, 4);
    run(tlb, [2]);
    tlb.shortcuts.load(PAGE, 4);
    run(tlb, [3]);
    expect(pagesIn(tlb)).toEqual([1, 3]);
  });
});
