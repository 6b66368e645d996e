import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { BlockLayout } from './block.ts';
import { FlatArena } from './flat-arena.ts';
import { completeOptions } from './options.ts';
import { Regions } from './regions.ts';

/** The default heap's regions: a lead of 8 bytes, and an edge of 8 at the end. */
function makeRegions(...added: readonly [number, number, 'joins' | 'stays-apart'][]): Regions {
  const layout = new BlockLayout(new FlatArena({ mapSize: 4096 }), completeOptions({}));
  const regions = new Regions(layout);
  for (const [start, end, joining] of added) regions.add(start, end, joining);
  return regions;
}

const bounds = (regions: Regions): number[][] =>
  regions.all().map(({ start, first, last, end }) => [start, first, last, end]);

describe('new memory', () => {
  test('is a region of its own, with a lead and an edge', () => {
    const regions = makeRegions();
    const added = regions.add(0x1000, 0x2000, 'joins');
    expect(bounds(regions)).toEqual([[0x1000, 0x1008, 0x1ff8, 0x2000]]);
    expect(added).toEqual({
      block: 0x1008,
      blockEnd: 0x1ff8,
      joinsBefore: false,
      joinsAfter: false,
    });
  });

  test('joins the region below: its block starts at the old edge', () => {
    const regions = makeRegions([0x1000, 0x2000, 'joins']);
    const added = regions.add(0x2000, 0x3000, 'joins');
    expect(bounds(regions)).toEqual([[0x1000, 0x1008, 0x2ff8, 0x3000]]);
    expect(added).toEqual({
      block: 0x1ff8,
      blockEnd: 0x2ff8,
      joinsBefore: true,
      joinsAfter: false,
    });
  });

  test('joins the region above: its block ends at the first there', () => {
    const regions = makeRegions([0x2000, 0x3000, 'joins']);
    const added = regions.add(0x1000, 0x2000, 'joins');
    expect(bounds(regions)).toEqual([[0x1000, 0x1008, 0x2ff8, 0x3000]]);
    expect(added).toEqual({
      block: 0x1008,
      blockEnd: 0x2008,
      joinsBefore: false,
      joinsAfter: true,
    });
  });

  test('joins both at once', () => {
    const regions = makeRegions([0x1000, 0x2000, 'joins'], [0x3000, 0x4000, 'joins']);
    const added = regions.add(0x2000, 0x3000, 'joins');
    expect(bounds(regions)).toEqual([[0x1000, 0x1008, 0x3ff8, 0x4000]]);
    expect(added).toEqual({ block: 0x1ff8, blockEnd: 0x3008, joinsBefore: true, joinsAfter: true });
  });

  test('stays apart where blocks may not merge, or where it does not touch', () => {
    const regions = makeRegions(
      [0x3000, 0x4000, 'stays-apart'],
      [0x1000, 0x2000, 'stays-apart'],
      [0x2000, 0x3000, 'stays-apart'],
      [0x7000, 0x8000, 'joins'],
      [0x5000, 0x6000, 'joins'],
    );
    expect(bounds(regions).map(([start]) => start)).toEqual([
      0x1000, 0x2000, 0x3000, 0x5000, 0x7000,
    ]);
  });

  test.each([
    ['below', 0x1800, 0x2800, 'new memory lies past the region below it'],
    ['above', 0x800, 0x1800, 'new memory lies before the region above it'],
  ])('never overlaps a region %s', (_, start, end, belief) => {
    const regions = makeRegions([0x1000, 0x2000, 'joins']);
    expect(() => regions.add(start, end, 'joins')).toThrow(new KitBug(belief));
  });
});

test('edges are where blocks start and end, and nowhere else', () => {
  const regions = makeRegions([0x1000, 0x2000, 'joins']);
  const at = [0x1000, 0x1008, 0x1800, 0x1ff8, 0x2000];
  expect(at.map((address) => regions.hasEdgeAt(address))).toEqual([
    false,
    true,
    false,
    true,
    false,
  ]);
  regions.clear();
  expect(regions.all()).toEqual([]);
  expect(regions.hasEdgeAt(0x1008)).toBe(false);
});
