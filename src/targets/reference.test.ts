import { describe, expect, test } from 'vitest';
import { UsageError } from '../base/usage-error.ts';
import type { AllocatorTarget } from '../check/target.ts';
import { type HeapOptions, PRESETS } from '../heap/options.ts';
import { referenceTarget } from './reference.ts';

const MIB = 2 ** 20;
const ARENA = { mapSize: 4 * MIB };

const NO_TAGS = { tags: 'none', list: 'address' } as const;

/** Option sets that differ in all that promises are made of. */
const SETS: readonly (readonly [string, Partial<HeapOptions>])[] = [
  ['the default', PRESETS.default],
  ['the lecture note', PRESETS['lecture-note']],
  ['the lecture note with a larger growth', { ...PRESETS['lecture-note'], bigThreshold: 131_072 }],
  ['the lecture note, doubly linked', { ...PRESETS['lecture-note'], links: 'double' }],
  ['headers of 4 bytes', { header: 4, alignment: 8 }],
  ['headers of 4 bytes without tags', { ...NO_TAGS, header: 4, alignment: 4, links: 'single' }],
  ['headers of 16 bytes', { header: 16 }],
  ['headers of 16 bytes, 8-aligned', { ...NO_TAGS, header: 16, alignment: 8 }],
  ['64-aligned', { alignment: 64 }],
  ['page-aligned', { alignment: 4096, growthUnit: 262_144, bigThreshold: Infinity }],
  ['a threshold for the block', { bigCounts: 'block' }],
  ['a threshold for the block that no extent meets', { bigCounts: 'block', bigThreshold: 5001 }],
  ['a small odd threshold', { bigThreshold: 3001 }],
  ['a threshold of 1', { bigThreshold: 1 }],
  ['no threshold', { bigThreshold: Infinity, growthUnit: 1 }],
  ['growth by brk', { growth: 'brk', list: 'lifo', fit: 'best' }],
  ['growth by a page and a byte', { growthUnit: 4097, fit: 'worst', list: 'address' }],
  ['a small growth', { growthUnit: 100, coalescing: 'within-map' }],
];

function make(heap: Partial<HeapOptions>): AllocatorTarget {
  return referenceTarget({ heap, arena: ARENA })();
}

/** Bytes by which a free of a fresh block of this size lowers the footprint. */
function returned(target: AllocatorTarget, size: number): number {
  const address = target.malloc(size)!;
  const before = target.footprint!();
  target.free(address);
  return before - target.footprint!();
}

/** How many bytes a block of this size has beyond it. */
function slackOf(target: AllocatorTarget, size: number): number {
  const address = target.malloc(size)!;
  const slack = target.usableSize!(address) - size;
  target.free(address);
  return slack;
}

const SIZES = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 250, 1000, 2040];

/** What a target answers to a fixed row of requests and frees. */
const someCalls = (target: AllocatorTarget): unknown[] => {
  const first = [...SIZES, 200_000].map((size) => target.malloc(size));
  for (const address of first.filter((_address, index) => index % 2 === 0)) target.free(address);
  return [...first, ...SIZES.map((size) => target.aligned!(64, size))];
};

describe.each(SETS)('with %s', (_, heap) => {
  const { promises } = make(heap);
  const { returnsFrom, slack, alignment } = promises;

  test('every address is a multiple of the promised alignment, and of no larger one', () => {
    const target = make(heap);
    const addresses = [...SIZES, 3000, 200_000].map((size) => target.malloc(size)!);
    expect(addresses.filter((address) => address % alignment! !== 0)).toEqual([]);
    expect(addresses.some((address) => address % (2 * alignment!) !== 0)).toBe(true);
  });

  test('a request of 0 bytes returns a block of its own', () => {
    const target = make(heap);
    const addresses = [target.malloc(0), target.malloc(0), target.calloc!(0, 8)];
    expect(new Set(addresses).size).toBe(3);
    expect(addresses).not.toContain(null);
    expect(promises.zeroSize).toBe('block');
  });

  test('a realloc to 0 bytes keeps a block', () => {
    const target = make(heap);
    const address = target.realloc!(target.malloc(100), 0);
    expect(target.usableSize!(address!)).toBeGreaterThanOrEqual(0);
    expect(promises.reallocZero).toBe('resizes');
  });

  test('no block below returnsFrom has more slack than promised', () => {
    const small = SIZES.filter((size) => size < (returnsFrom ?? Infinity));
    const target = make(heap);
    // A hole of each size is served with each smaller one, so that remainders stay inside.
    for (const hole of small) {
      for (const size of small.filter((smaller) => smaller <= hole)) {
        const address = target.malloc(hole);
        const fence = target.malloc(1);
        target.free(address);
        expect([hole, size, slackOf(target, size) <= slack!]).toEqual([hole, size, true]);
        target.free(fence);
      }
    }
  });

  test('the same calls get the same addresses, on a fresh heap and after a reset', () => {
    const target = make(heap);
    const addresses = someCalls(target);
    target.reset!();
    expect(someCalls(target)).toEqual(addresses);
    expect(someCalls(make(heap))).toEqual(addresses);
    expect(promises.repeats).toBe(true);
  });

  test('every size that there is can be asked for, and the impossible ones are refused', () => {
    const target = make(heap);
    const sizes = [2 ** 31, 2 ** 32 + 64, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n];
    expect(sizes.map((size) => target.malloc(size))).toEqual(sizes.map(() => null));
    expect(target.calloc!(2n ** 64n - 1n, 2n ** 64n - 1n)).toBeNull();
    expect(target.aligned!(4096, 2n ** 64n - 1n)).toBeNull();
    const address = target.malloc(24);
    expect(target.realloc!(address, 2n ** 64n - 1n)).toBeNull();
    expect(promises.sizeMax).toBe(2n ** 64n - 1n);
  });

  test('invariants hold, and the footprint is what blocks lie in', () => {
    const target = make(heap);
    for (const size of [24, 200_000, 1000]) target.malloc(size);
    const state = target.invariants!.read();
    expect(target.invariants!.rules.map((rule) => rule.check(state))).toEqual(
      target.invariants!.rules.map(() => undefined),
    );
    const walked = [...target.walk!()].map(({ start, end }) => end - start);
    const bytes = walked.reduce((sum, extent) => sum + extent, 0);
    const edges = target.footprint!() - bytes;
    expect(edges).toBeGreaterThanOrEqual(0);
    expect(edges).toBeLessThan(4 * 4096);
  });
});

/** The sets whose targets make a promise. */
function promising(promise: 'returnsFrom' | 'recovers'): typeof SETS {
  return SETS.filter(([, heap]) => make(heap).promises[promise] !== undefined);
}

describe('big blocks go back to the system from returnsFrom on, and from no smaller size', () => {
  test.each(promising('returnsFrom'))('with %s', (_, heap) => {
    const target = make(heap);
    const size = target.promises.returnsFrom!;
    expect(returned(target, size)).toBeGreaterThanOrEqual(size);
    expect(returned(target, size - 1)).toBe(0);
    for (const more of [1, 7, 8, 9, 4096]) {
      expect(returned(target, size + more)).toBeGreaterThanOrEqual(size + more);
    }
  });

  test('is promised by all but those without a threshold, which keep what they have', () => {
    const silent = SETS.filter((set) => !promising('returnsFrom').includes(set));
    expect(silent.map(([, { bigThreshold }]) => bigThreshold)).toEqual([Infinity, Infinity]);
    expect(silent.map(([, heap]) => returned(make(heap), MIB))).toEqual([0, 0]);
  });
});

describe('what was freed serves a block of recovers bytes without further growth', () => {
  test.each(promising('recovers'))('with %s', (_, heap) => {
    const target = make(heap);
    const { recovers, returnsFrom = Infinity } = target.promises;
    expect(recovers).toBeLessThan(returnsFrom);
    const kept = [24, 100, 1000, 8, 2000].map((size) => target.malloc(size)!);
    for (const index of [1, 3, 0, 4, 2]) target.free(kept[index]!);
    const before = target.footprint!();
    expect(target.malloc(recovers!)).not.toBeNull();
    expect(target.footprint!()).toBe(before);
  });

  test('is promised by all that grow by less than their threshold', () => {
    const silent = SETS.filter((set) => !promising('recovers').includes(set));
    const areShort = silent.map(([, heap]) => {
      const { growthUnit, bigThreshold, alignment } = { ...PRESETS.default, ...heap };
      return Math.ceil(growthUnit / 4096) * 4096 > bigThreshold - 2 * alignment;
    });
    expect(silent.length).toBeGreaterThan(2);
    expect(areShort).toEqual(silent.map(() => true));
  });
});

describe('the smallest request that goes back to the system', () => {
  test.each([
    ['the default', {}, 131_072],
    ['the lecture note', PRESETS['lecture-note'], 4081],
    ['a threshold for 16-aligned blocks', { bigCounts: 'block' as const }, 131_049],
  ])('with %s is %d', (_, heap, size) => {
    expect(make(heap).promises.returnsFrom).toBe(size);
  });
});

test('slack comes to a rounded size and a remainder that is too small for a block', () => {
  const target = make({ list: 'lifo' });
  const hole = target.malloc(40)!;
  target.malloc(1);
  target.free(hole);
  expect([slackOf(target, 1), slackOf(target, 0)]).toEqual([39, 40]);
  expect(target.promises.slack).toBe(48);
});

describe('events', () => {
  test('count what the heap does, and requests at the threshold', () => {
    const target = make({});
    const addresses = [131_071, 131_072, 131_073, 131_070, 131_074].map((size) =>
      target.malloc(size),
    );
    for (const address of addresses) target.free(address);
    expect(target.events!()).toMatchObject({
      bigBelowThreshold: 1,
      bigAtThreshold: 1,
      bigAboveThreshold: 1,
      bigMallocs: 3,
      bigFrees: 3,
      growths: 2,
    });
  });

  test('are no bytes', () => {
    expect(Object.keys(make({}).events!())).not.toContain('arenaBytes');
  });
});

/** Bytes in which blocks may lie. */
const sizeOf = (heap: Partial<HeapOptions>): number => {
  const { start, end } = referenceTarget({ heap })().bounds!;
  return end - start;
};

describe('a target', () => {
  test('is named reference, or as it is told', () => {
    expect(make({}).name).toBe('reference');
    expect(referenceTarget({ name: 'other', arena: ARENA })().name).toBe('other');
  });

  test('has 16 MiB, and as much for the break where it grows by it', () => {
    expect([sizeOf({}), sizeOf({ growth: 'brk' })]).toEqual([16 * MIB, 32 * MIB]);
  });

  test('frees null, and copies what a moved block holds', () => {
    const target = make({});
    expect(target.free(null)).toBeUndefined();
    const address = target.malloc(24)!;
    target.malloc(1);
    target.memory!.storeByte(address + 23, 7);
    const moved = target.realloc!(address, 5000)!;
    expect(moved).not.toBe(address);
    expect(target.memory!.loadByte(moved + 23)).toBe(7);
  });

  test('of options that do not go together is refused before it is made', () => {
    expect(() => referenceTarget({ heap: { alignment: 12 } })).toThrow(UsageError);
  });

  test('with headers of 4 bytes is refused above 4 GiB, and made below', () => {
    const heap: Partial<HeapOptions> = { ...PRESETS['lecture-note'], header: 4 };
    const base = 2 ** 32 - 2 ** 20;
    const at = (mapSize: number) => referenceTarget({ heap, arena: { base, mapSize, brkSize: 0 } });
    expect(at(2 ** 20)().malloc(24)).not.toBeNull();
    expect(at(2 ** 20 + 4096)).toThrow(
      new UsageError(
        'heap: header is 4, and the memory ends at 0x0001_0000_1000, which no 4 bytes hold; pass header 8, or memory below 0x0001_0000_0000.',
      ),
    );
  });
});
