import { describe, expect, test } from 'vitest';
import { GIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import { PRESETS } from '../machine/geometry.ts';
import type { Placement } from './placement.ts';
import { areasOf, makeWorld, outcomeOf, PAGE, type World } from './kernel-world.test-helper.ts';

const BASE = 2 ** 30;
/** Room for 8 pages that go anywhere, behind 4 for the break. */
const SMALL = {
  breakRange: { start: BASE - 4 * PAGE, end: BASE },
  mapRange: { start: BASE, end: BASE + 8 * PAGE },
  placement: 'up',
} as const;

function framesInUse({ kernel }: World): number {
  return kernel.frames.totalCount - kernel.frames.freeCount;
}

/** What loads of the first bytes of some pages come to. */
function loads({ kernel }: World, pages: readonly number[]): (number | string)[] {
  return pages.map((page) => outcomeOf(() => kernel.mmu.load8(BASE + page * PAGE)));
}

describe('mmap', () => {
  test('maps whole pages that read as zero, and takes frames when they are touched', () => {
    const world = makeWorld(SMALL);
    expect(world.space.mmap({ size: PAGE + 1 })).toBe(BASE);
    expect(areasOf(world, BASE)).toEqual(['0+2 read-write']);
    expect(framesInUse(world)).toBe(1);
    expect(loads(world, [0, 1, 2])).toEqual([0, 0, 'not-mapped']);
    // The root, a table of each of the three levels below, and two pages.
    expect(framesInUse(world)).toBe(6);
    expect(world.kernel.mmu.meter.faults['not-mapped']).toBe(3);
  });

  test.each<[Placement, readonly number[]]>([
    ['up', [0, 2, 3]],
    ['down', [6, 5, 2]],
    ['gaps', [0, 3, 5]],
  ])('places areas %s', (placement, pages) => {
    const { space } = makeWorld({ ...SMALL, placement });
    const sizes = [2, 1, 3];
    expect(sizes.map((count) => space.mmap({ size: count * PAGE }))).toEqual(
      pages.map((page) => BASE + page * PAGE),
    );
  });

  test('places areas at random, the same for the same seed', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => {
      const { space } = makeWorld({ placement: 'random', seed });
      return Array.from({ length: 5 }, () => space.mmap({ size: PAGE }));
    });
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  test('goes down from the last address unless told otherwise', () => {
    expect(makeWorld().space.mmap({ size: 1 })).toBe(2 ** 47 - PAGE);
  });

  test('maps where it is told, outside of the range for areas that go anywhere too', () => {
    const { space } = makeWorld(SMALL);
    for (const address of [PAGE, BASE + 3 * PAGE, 2 ** 47 - PAGE])
      expect(space.mmap({ address, size: PAGE })).toBe(address);
  });

  test.each([
    ['no bytes', { size: 0 }, 'EINVAL'],
    ['address 0', { address: 0, size: 1 }, 'EINVAL'],
    ['an address inside a page', { address: BASE + 8, size: 1 }, 'EINVAL'],
    ['a taken page', { address: BASE, size: 1 }, 'EEXIST'],
    ['a range that ends on a taken page', { address: BASE - PAGE, size: PAGE + 1 }, 'EEXIST'],
    ['a range past the last address', { address: 2 ** 47 - PAGE, size: PAGE + 1 }, 'ENOMEM'],
    ['more than the range for areas has', { size: 8 * PAGE }, 'ENOMEM'],
    ['more than there are addresses', { size: 2 ** 47 + 1 }, 'ENOMEM'],
    ['all that a number can say', { size: 2 ** 53 - 1 }, 'ENOMEM'],
  ])('refuses %s, changes nothing and counts the call', (_, request, refusal) => {
    const world = makeWorld(SMALL);
    world.space.mmap({ size: 1 });
    expect(world.space.mmap(request)).toBe(refusal);
    expect(areasOf(world, BASE)).toEqual(['0+1 read-write']);
    expect(world.space.calls.mmap).toBe(2);
  });

  test.each([
    [{ size: -1 }, 'size: got -1; pass a whole number from 0 to 9007199254740991.'],
    [{ size: Number.NaN }, 'size: got NaN; pass a whole number from 0 to 9007199254740991.'],
    [
      { address: 0.5, size: 1 },
      'address: got 0.5; pass a whole number from 0 to 9007199254740991.',
    ],
  ])('is not asked for %o', (request, message) => {
    expect(() => makeWorld().space.mmap(request)).toThrow(new UsageError(message));
  });

  test('maps 10 GiB for the price of no frame', () => {
    const world = makeWorld();
    expect(world.space.mmap({ size: 10 * GIB })).toBe(2 ** 47 - 10 * GIB);
    expect([world.space.areas.mappedSize, framesInUse(world)]).toEqual([10 * GIB, 1]);
  });
});

describe('with frames on map', () => {
  test('every page has its frame at once', () => {
    const world = makeWorld({ ...SMALL, frames: 'on-map' });
    world.space.mmap({ size: 3 * PAGE });
    expect(framesInUse(world)).toBe(1 + 3 + 3);
    expect(loads(world, [0, 1, 2])).toEqual([0, 0, 0]);
    expect(world.kernel.mmu.meter.faults['not-mapped']).toBe(0);
  });

  test.each([1, 2, 3, 4, 5, 6])('a map that gets only %d frames changes nothing', (count) => {
    const world = makeWorld({ ...SMALL, frames: 'on-map' }, { framesCount: count });
    expect(world.space.mmap({ size: 3 * PAGE })).toBe('ENOMEM');
    expect(world.space.sbrk(3 * PAGE)).toBe('ENOMEM');
    expect(areasOf(world, BASE)).toEqual([]);
    expect([world.space.breakAddress, framesInUse(world)]).toEqual([BASE - 4 * PAGE, 1]);
    expect(world.space.areas.mappedPeak).toBe(0);
  });
});

describe('munmap', () => {
  test('removes exactly its pages, and gives their frames and tables back', () => {
    const world = makeWorld(SMALL);
    world.space.mmap({ size: 5 * PAGE });
    loads(world, [0, 1, 2, 3, 4]);
    expect(world.space.munmap(BASE + PAGE, 2 * PAGE - 1)).toBe('done');
    expect(areasOf(world, BASE)).toEqual(['0+1 read-write', '3+2 read-write']);
    expect(loads(world, [0, 1, 2, 3])).toEqual([0, 'not-mapped', 'not-mapped', 0]);
    expect(framesInUse(world)).toBe(4 + 3);
    expect(world.space.munmap(BASE - PAGE, 100 * PAGE)).toBe('done');
    expect([framesInUse(world), world.space.areas.mappedSize]).toEqual([1, 0]);
  });

  test('keeps what lies beside its pages', () => {
    const world = makeWorld(SMALL);
    const { mmu } = world.kernel;
    world.space.mmap({ size: 3 * PAGE });
    for (const page of [0, 1, 2]) mmu.store8(BASE + page * PAGE, page + 7);
    world.space.munmap(BASE + PAGE, 1);
    world.space.mmap({ address: BASE + PAGE, size: 1 });
    expect(loads(world, [0, 1, 2])).toEqual([7, 0, 9]);
  });

  test('of what is not mapped does nothing', () => {
    const world = makeWorld(SMALL);
    expect(world.space.munmap(BASE, PAGE)).toBe('done');
    expect(world.kernel.mmu.meter.tlbFlushes).toBe(1);
  });

  test.each([
    ['no bytes', BASE, 0],
    ['an address inside a page', BASE + 1, PAGE],
    ['a range past the last address', 2 ** 47 - PAGE, PAGE + 1],
  ])('refuses %s, and changes nothing', (_, address, size) => {
    const world = makeWorld(SMALL);
    world.space.mmap({ size: PAGE });
    expect(world.space.munmap(address, size)).toBe('EINVAL');
    expect(areasOf(world, BASE)).toEqual(['0+1 read-write']);
  });

  test.each([
    [33, 'on', 33],
    [33, 'off', 33],
    [34, 'on', 1],
    [34, 'off', 1],
  ] as const)('of %d touched pages, ids %s, flushes %d times', (count, ids, flushesCount) => {
    const { kernel, space } = makeWorld({}, { tlb: { ids } });
    const start = Number(space.mmap({ size: count * PAGE }));
    for (let page = 0; page < count; page += 1) kernel.mmu.load8(start + page * PAGE);
    const before = kernel.mmu.meter.tlbFlushes;
    space.munmap(start, count * PAGE);
    expect(kernel.mmu.meter.tlbFlushes - before).toBe(flushesCount);
    expect(kernel.mmu.tlb.entries()).toEqual([]);
  });

  test.each([
    ['on', 1],
    ['off', 0],
  ] as const)('in an address space that is not active, ids %s, flushes %d times', (ids, count) => {
    const { kernel, space } = makeWorld({}, { tlb: { ids } });
    const start = Number(space.mmap({ size: PAGE }));
    kernel.mmu.store8(start, 1);
    const other = kernel.newSpace({ id: 1 });
    other.activate();
    other.mmap({ address: start, size: PAGE });
    kernel.mmu.store8(start, 2);
    const before = kernel.mmu.meter.tlbFlushes;
    space.munmap(start, PAGE);
    expect(kernel.mmu.meter.tlbFlushes - before).toBe(count);
    expect(kernel.mmu.load8(start)).toBe(2);
  });
});

describe('protect', () => {
  test('splits areas, and what it forbids faults at once', () => {
    const world = makeWorld(SMALL);
    const { mmu } = world.kernel;
    world.space.mmap({ size: 3 * PAGE });
    for (const page of [0, 1, 2]) mmu.store8(BASE + page * PAGE, page + 7);
    expect(world.space.protect(BASE + PAGE, 1, 'read')).toBe('done');
    expect(world.space.protect(BASE + 2 * PAGE, 1, 'none')).toBe('done');
    expect(areasOf(world, BASE)).toEqual(['0+1 read-write', '1+1 read', '2+1 none']);
    expect(loads(world, [0, 1, 2])).toEqual([7, 8, 'kernel-only']);
    expect(outcomeOf(() => mmu.store8(BASE + PAGE, 1))).toBe('read-only');
    expect(world.space.protect(BASE, 3 * PAGE, 'read-write')).toBe('done');
    expect(areasOf(world, BASE)).toEqual(['0+3 read-write']);
    expect(outcomeOf(() => mmu.store8(BASE + PAGE, 1))).toBe('done');
    expect(loads(world, [0, 1, 2])).toEqual([7, 1, 9]);
  });

  test('is asked before a page gets its frame', () => {
    const world = makeWorld(SMALL);
    const { mmu } = world.kernel;
    world.space.mmap({ size: PAGE, protection: 'none' });
    world.space.mmap({ size: PAGE, protection: 'read' });
    expect(loads(world, [0])).toEqual(['not-mapped']);
    expect(outcomeOf(() => mmu.store8(BASE + PAGE, 1))).toBe('not-mapped');
    expect(framesInUse(world)).toBe(1);
    expect(loads(world, [1])).toEqual([0]);
    expect(outcomeOf(() => mmu.store8(BASE + PAGE, 1))).toBe('read-only');
  });

  test.each([
    ['no bytes', BASE, 0, 'EINVAL'],
    ['an address inside a page', BASE + 1, PAGE, 'EINVAL'],
    ['a page that is not mapped', BASE + PAGE, 2 * PAGE, 'ENOMEM'],
    ['a hole', BASE, 4 * PAGE, 'ENOMEM'],
  ])('refuses %s, and changes nothing', (_, address, size, refusal) => {
    const world = makeWorld({ ...SMALL, placement: 'gaps' });
    world.space.mmap({ size: 2 * PAGE });
    world.space.mmap({ size: PAGE });
    expect(world.space.protect(address, size, 'read')).toBe(refusal);
    expect(areasOf(world, BASE)).toEqual(['0+2 read-write', '3+1 read-write']);
    expect(world.space.calls.mprotect).toBe(1);
  });
});

describe('the break', () => {
  const START = BASE - 4 * PAGE;

  test('moves by bytes, and maps whole pages', () => {
    const world = makeWorld(SMALL);
    const { space } = world;
    expect(space.sbrk(0)).toBe(START);
    expect(space.calls.brk).toBe(0);
    expect([space.sbrk(10), space.sbrk(PAGE - 10)]).toEqual([START, START + 10]);
    expect(areasOf(world, START)).toEqual(['0+1 read-write']);
    expect(space.brk(START + PAGE + 1)).toBe(START + PAGE + 1);
    expect(areasOf(world, START)).toEqual(['0+2 read-write']);
    expect(space.calls.brk).toBe(3);
  });

  test('moves down, and unmaps the pages that are past it', () => {
    const world = makeWorld(SMALL);
    const { kernel, space } = world;
    space.sbrk(3 * PAGE);
    kernel.mmu.store8(START + PAGE - 1, 1);
    kernel.mmu.store8(START + PAGE, 1);
    expect(space.sbrk(-2 * PAGE - 8)).toBe(START + 3 * PAGE);
    expect(areasOf(world, START)).toEqual(['0+1 read-write']);
    space.sbrk(2 * PAGE);
    expect(kernel.mmu.load8(START + PAGE - 1)).toBe(1);
    expect(kernel.mmu.load8(START + PAGE)).toBe(0);
  });

  test.each([
    ['below its start', -1],
    ['past its range', 4 * PAGE + 1],
    ['past all addresses', 2 ** 53 - 1],
    ['over a mapped page', 2 * PAGE + 1],
  ])('is not moved %s', (_, increment) => {
    const world = makeWorld(SMALL);
    world.space.mmap({ address: START + 2 * PAGE, size: 1 });
    expect(world.space.sbrk(increment)).toBe('ENOMEM');
    expect(world.space.brk(Math.max(0, START + Math.min(increment, 2 ** 40)))).toBe(START);
    expect(areasOf(world, START)).toEqual(['2+1 read-write']);
    expect(world.space.calls.brk).toBe(2);
  });

  test('is moved by whole numbers only', () => {
    const { space } = makeWorld(SMALL);
    expect(() => space.brk(-1)).toThrow('address: got -1; pass a whole number from 0');
    expect(() => space.sbrk(0.5)).toThrow(
      'increment: got 0.5; pass a whole number from -9007199254740991',
    );
  });
});

describe('out of frames', () => {
  test.each([
    ['for the page', 1],
    ['for a table', 2],
    ['for the last table', 4],
  ])('%s, the program is told and nothing has changed', (_, framesCount) => {
    const world = makeWorld(SMALL, { framesCount });
    world.space.mmap({ size: PAGE });
    expect(() => world.kernel.mmu.store8(BASE, 1)).toThrow(
      'store to 0x4000_0000: no frame is left for its page',
    );
    expect(() => world.kernel.mmu.load8(BASE)).toThrow(
      'load from 0x4000_0000: no frame is left for its page',
    );
    expect(framesInUse(world)).toBe(1);
  });

  test('the program goes on once there are frames again', () => {
    const world = makeWorld(SMALL, { framesCount: 5 });
    world.space.mmap({ size: 2 * PAGE });
    expect(loads(world, [0, 1])).toEqual([0, 'OutOfFrames']);
    world.space.munmap(BASE, 1);
    expect(loads(world, [1])).toEqual([0]);
  });
});

describe('an address space', () => {
  test.each([
    [{ id: -1 }, 'id: got -1; pass a whole number from 0 to 4095.'],
    [{ id: 4096 }, 'id: got 4096; pass a whole number from 0 to 4095.'],
    [
      { id: 3 },
      'id: 3 is the id of another address space; pass one that is free, or release that one first.',
    ],
    [
      { breakRange: { start: 0, end: PAGE } },
      'breakRange: got [0x0000_0000, 0x0000_1000); pass whole pages of 4096 bytes in [0x0000_1000, 0x8000_0000_0000).',
    ],
    [
      { mapRange: { start: PAGE + 1, end: 2 * PAGE } },
      'mapRange: got [0x0000_1001, 0x0000_2000); pass whole pages of 4096 bytes in [0x0000_1000, 0x8000_0000_0000).',
    ],
    [{ mapRange: { start: PAGE, end: PAGE + 1 } }, 'mapRange: got [0x0000_1000, 0x0000_1001)'],
    [{ mapRange: { start: 2 * PAGE, end: PAGE } }, 'mapRange: got [0x0000_2000, 0x0000_1000)'],
  ])('is not made with %o', (options, message) => {
    const { kernel } = makeWorld({ id: 3 });
    expect(() => kernel.newSpace(options)).toThrow(message);
    expect(() => kernel.newSpace(options)).toThrow(UsageError);
  });

  test('is not made without a frame', () => {
    const { kernel } = makeWorld({}, { framesCount: 1 });
    expect(() => kernel.newSpace({ id: 1 })).toThrow(
      new UsageError('framesCount: none of the 1 frames is left for a root; pass more.'),
    );
  });

  test.each(['on', 'off'] as const)('that ends gives everything back, with ids %s', (ids) => {
    const world = makeWorld(SMALL, { tlb: { ids } });
    const { kernel, space } = world;
    const other = kernel.newSpace({ id: 1 });
    space.mmap({ size: 3 * PAGE });
    space.sbrk(PAGE);
    loads(world, [0, 1, 2, -4]);
    kernel.endSpace(other);
    expect([space.isActive, framesInUse(world)]).toEqual([true, 10]);
    kernel.endSpace(space);
    expect([kernel.spaces.size, framesInUse(world)]).toEqual([0, 0]);
    expect([kernel.mmu.root, kernel.mmu.handler]).toEqual([-1, undefined]);
    expect(kernel.mmu.tlb.entries()).toEqual([]);
  });

  test.each(['x86-64', 'x86-32', 'toy'] as const)('has room by default on %s', (preset) => {
    const { kernel, space } = makeWorld({}, { preset, watch: 'off' });
    const { addressLimit, pageSize } = PRESETS[preset];
    expect(space.breakRange).toEqual({ start: addressLimit / 8, end: addressLimit / 4 });
    const start = Number(space.mmap({ size: 1 }));
    expect(start).toBe(addressLimit - pageSize);
    kernel.mmu.store8(start, 1);
    expect(kernel.mmu.load8(start)).toBe(1);
  });
});
