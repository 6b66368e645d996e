import { KIB, MIB, SIZE_MAX } from '../base/units.ts';
import type { Allocator } from '../allocators/allocator.ts';
import { Buddy } from '../allocators/buddy.ts';
import { Bump, BUMP_ALIGNMENT, BUMP_GROWTH, BUMP_HEADER } from '../allocators/bump.ts';
import {
  BUDDY_INVARIANTS,
  BUMP_INVARIANTS,
  SLAB_INVARIANTS,
  type BuddyState,
} from '../allocators/invariants.ts';
import { CELL_MAX, Slabs, type SlabView } from '../allocators/slab.ts';
import type {
  AllocatorTarget,
  InvariantSet,
  MakeAllocatorTarget,
  Promises,
} from '../check/target.ts';
import { FlatArena } from '../heap/flat-arena.ts';
import { describeRegisters, flatSnapshots } from './flat-snapshots.ts';
import type { BumpView } from '../allocators/bump.ts';

/** Small enough that programs fill it. */
const POOL_SIZE = MIB;

/** In front of the memory of the bump allocator lies a page that it was not given; its last bytes are watched. */
const GUARD_PAGE = 4 * KIB;
const GUARD_SIZE = 64;

/** What all three promise. */
const COMMON = {
  sizeMax: SIZE_MAX,
  zeroSize: 'block',
  repeats: true,
  steady: true,
} as const;

/** The small allocators as targets, by name. */
export const SMALL_ALLOCATORS = { buddy: buddyTarget, slab: slabTarget, bump: bumpTarget } as const;

export type SmallAllocatorName = keyof typeof SMALL_ALLOCATORS;

/** Makes the buddy allocator over a pool of 1 MiB. */
export function buddyTarget(name = 'buddy'): MakeAllocatorTarget {
  return () => {
    const arena = new FlatArena({ base: POOL_SIZE, mapSize: POOL_SIZE, brkSize: 0 });
    const buddy = new Buddy(arena, POOL_SIZE);
    const invariants: InvariantSet<BuddyState> = {
      rules: BUDDY_INVARIANTS,
      read: () => ({ pool: buddy.pool, blocks: buddy.blocks(), listed: buddy.listed() }),
    };
    const promises: Promises = {
      ...COMMON,
      alignment: 32,
      reallocZero: 'resizes',
      recovers: POOL_SIZE,
      usableGrows: true,
      largest: true,
      doubleFree: 'refused',
      freeInside: 'refused',
      freeForeign: 'refused',
    };
    return targetOver(arena, buddy, { name, promises, invariants });
  };
}

/** Makes the slab allocator over 16 MiB of pages. */
export function slabTarget(name = 'slab'): MakeAllocatorTarget {
  return () => {
    const arena = new FlatArena({ mapSize: 16 * MIB, brkSize: 0 });
    const slabs = new Slabs(arena);
    const invariants: InvariantSet<readonly SlabView[]> = {
      rules: SLAB_INVARIANTS,
      read: () => slabs.views(),
    };
    const promises: Promises = {
      ...COMMON,
      alignment: 16,
      reallocZero: 'frees',
      doubleFree: 'refused',
      freeInside: 'refused',
      freeForeign: 'refused',
      writeFreed: 'ignored',
      returnsFrom: CELL_MAX + 1,
      // aligned(8192, 1) has a page.
      slack: 4 * KIB - 1,
    };
    return targetOver(arena, slabs, { name, promises, invariants });
  };
}

/** Makes the bump allocator over a break that grows by 1 MiB, behind a page of somebody else. */
export function bumpTarget(name = 'bump'): MakeAllocatorTarget {
  return () => {
    const arena = new FlatArena({ mapSize: 0, brkSize: GUARD_PAGE + POOL_SIZE });
    arena.brk(GUARD_PAGE);
    const start = arena.bounds.start + GUARD_PAGE;
    const bump = new Bump(arena);
    const invariants: InvariantSet<BumpView> = {
      rules: BUMP_INVARIANTS,
      read: () => bump.view(),
    };
    const promises: Promises = {
      ...COMMON,
      alignment: BUMP_ALIGNMENT,
      reallocZero: 'resizes',
      reallocKeepsAlignment: true,
      recovers: BUMP_GROWTH - BUMP_HEADER,
      largest: true,
      slack: BUMP_ALIGNMENT - 1,
    };
    return {
      ...targetOver(arena, bump, { name, promises, invariants }),
      bounds: { start, end: arena.bounds.end },
      guards: [{ start: start - GUARD_SIZE, end: start }],
      footprint: () => arena.mappedSize - GUARD_PAGE,
    };
  };
}

function targetOver(
  arena: FlatArena,
  allocator: Allocator,
  parts: Pick<AllocatorTarget, 'name' | 'promises' | 'invariants'>,
): AllocatorTarget {
  return {
    ...parts,
    // A bigint is above 2^53: whatever it is rounded to is as impossible as the size itself.
    malloc: (size) => allocator.malloc(Number(size)),
    free: (address) => allocator.free(address),
    calloc: (count, size) => allocator.calloc(Number(count), Number(size)),
    realloc: (address, size) => allocator.realloc(address, Number(size)),
    aligned: (alignment, size) => allocator.aligned(alignment, Number(size)),
    usableSize: (address) => allocator.usableSize(address),
    memory: arena,
    bounds: arena.bounds,
    footprint: () => arena.mappedSize,
    refusals: arena.refusals,
    reset: () => allocator.reset(),
    snapshots: flatSnapshots(allocator, arena, describeRegisters),
  };
}
