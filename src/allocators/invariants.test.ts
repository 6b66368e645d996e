import { describe, expect, test } from 'vitest';
import type { Rule } from '../base/rule.ts';
import type { BuddyBlock } from './buddy.ts';
import type { BumpView } from './bump.ts';
import {
  BUDDY_INVARIANTS,
  BUMP_INVARIANTS,
  SLAB_INVARIANTS,
  type AllocatorInvariant,
} from './invariants.ts';
import type { SlabView } from './slab.ts';

/** The rules that a state breaks. */
function broken<State>(rules: readonly AllocatorInvariant<State>[], state: State): string[] {
  return rules.filter(({ check }) => check(state) !== undefined).map(({ name }: Rule) => name);
}

const used = (start: number, order: number): BuddyBlock => ({ start, order, isUsed: true });
const free = (start: number, order: number): BuddyBlock => ({ start, order, isUsed: false });

describe('a buddy pool of 128 bytes', () => {
  const pool = { start: 128, end: 256 };

  test.each([
    ['is sound', [used(128, 5), free(160, 5), free(192, 6)], [free(160, 5), free(192, 6)], []],
    [
      'is sound with neighbours that are no buddies',
      [used(128, 5), free(160, 5), free(192, 5), used(224, 5)],
      [free(192, 5), free(160, 5)],
      [],
    ],
    ['has no blocks', [], [], ['buddies-tile-pool']],
    ['ends too soon', [used(128, 6)], [], ['buddies-tile-pool']],
    [
      'has a block off its place',
      [used(128, 5), used(160, 6), used(224, 5)],
      [],
      ['buddies-tile-pool'],
    ],
    ['lists a used block', [used(128, 7)], [free(128, 7)], ['orders-list-free-blocks']],
    ['lists a block by another order', [free(128, 7)], [free(128, 6)], ['orders-list-free-blocks']],
    [
      'lists a block twice',
      [free(128, 7)],
      [free(128, 7), free(128, 7)],
      ['orders-list-free-blocks'],
    ],
    ['lost a block', [free(128, 7)], [], ['orders-list-free-blocks']],
    [
      'has two buddies free',
      [free(128, 6), free(192, 6)],
      [free(128, 6), free(192, 6)],
      ['free-buddies-merge'],
    ],
  ])('that %s', (_, blocks, listed, names) => {
    expect(broken(BUDDY_INVARIANTS, { pool, blocks, listed })).toEqual(names);
  });
});

describe('a slab of two cells', () => {
  const slab: SlabView = {
    start: 4096,
    capacity: 2,
    usedCount: 1,
    unused: [4096],
    listed: [4096],
    hasRoom: true,
  };

  test.each([
    ['is sound', {}, []],
    ['is full', { usedCount: 2, unused: [], listed: [], hasRoom: false }, []],
    ['lost a cell', { listed: [] }, ['slab-lists-free-cells']],
    ['lists a used cell', { listed: [6144] }, ['slab-lists-free-cells']],
    [
      'lists a cell twice',
      { usedCount: 0, unused: [4096, 6144], listed: [4096, 4096] },
      ['slab-lists-free-cells'],
    ],
    ['has miscounted', { usedCount: 0 }, ['slab-counts-used-cells']],
    ['is overlooked', { hasRoom: false }, ['slab-with-room-is-found']],
    [
      'is full and looked at',
      { usedCount: 2, unused: [], listed: [] },
      ['slab-with-room-is-found'],
    ],
  ])('that %s', (_, damage, names) => {
    expect(broken(SLAB_INVARIANTS, [{ ...slab, ...damage }])).toEqual(names);
  });
});

describe('a bump heap', () => {
  const heap: BumpView = {
    start: 4096,
    pointer: 4120,
    end: 8192,
    liveCount: 1,
    last: { address: 4104, size: 16 },
  };

  test.each([
    ['is sound', {}, []],
    ['gave its newest block back', { last: undefined }, []],
    ['is empty', { liveCount: 0, pointer: 4096, last: undefined }, []],
    ['points behind its end', { end: 4112 }, ['bump-pointer-ends-blocks']],
    ['points in front of its start', { start: 4128, liveCount: 0 }, ['bump-pointer-ends-blocks']],
    ['has a newest block that ends elsewhere', { pointer: 4128 }, ['bump-pointer-ends-blocks']],
    ['does not start over', { liveCount: 0 }, ['empty-bump-starts-over']],
    ['starts over too soon', { pointer: 4096, last: undefined }, ['empty-bump-starts-over']],
  ])('that %s', (_, damage, names) => {
    expect(broken(BUMP_INVARIANTS, { ...heap, ...damage })).toEqual(names);
  });
});
