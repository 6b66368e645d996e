import { describe, expect, test } from 'vitest';
import { BIG, BlockLayout, PREVIOUS_USED, USED } from './block.ts';
import { FlatArena } from './flat-arena.ts';
import { completeOptions, type HeapOptions, LECTURE_NOTE } from './options.ts';

const arena = new FlatArena({ mapSize: 4096, brkSize: 4096 });
const start = arena.bounds.start;

function layoutOf(options: Partial<HeapOptions> = {}): BlockLayout {
  return new BlockLayout(arena, completeOptions(options));
}

const UNTAGGED: Partial<HeapOptions> = { ...LECTURE_NOTE, list: 'lifo' };

describe('the smallest block holds the list cell and a byte of payload', () => {
  test.each<[Partial<HeapOptions>, number]>([
    [UNTAGGED, 16],
    [{ ...UNTAGGED, links: 'double' }, 24],
    [{ ...UNTAGGED, header: 16 }, 24],
    [{ ...UNTAGGED, header: 4, alignment: 4 }, 8],
    [{ ...UNTAGGED, header: 4, alignment: 4, links: 'double' }, 12],
    [{ alignment: 8 }, 32],
    [{ alignment: 8, list: 'lifo', links: 'single' }, 24],
    [{ header: 4, alignment: 8 }, 16],
    [{ alignment: 16 }, 32],
    [{ alignment: 64 }, 64],
  ])('%j: %d bytes', (options, bytes) => {
    expect(layoutOf(options).extentMin).toBe(bytes);
    expect(layoutOf(options).extentFor(0)).toBe(bytes);
  });
});

test.each<[Partial<HeapOptions>, number, number]>([
  [UNTAGGED, 8, 16],
  [UNTAGGED, 9, 24],
  [UNTAGGED, 2 ** 36 + 64, 2 ** 36 + 72],
  [{}, 24, 32],
  [{}, 25, 48],
  [{ header: 4, alignment: 8 }, 100, 104],
  [{ header: 16 }, 33, 64],
])('with %j a request of %d bytes takes %d', (options, size, extent) => {
  expect(layoutOf(options).extentFor(size)).toBe(extent);
});

describe('blocks start so that payloads are aligned', () => {
  test.each<[Partial<HeapOptions>, number]>([
    [UNTAGGED, 0],
    [{}, 8],
    [{ header: 4, alignment: 8 }, 4],
    [{ header: 16 }, 0],
    [{ alignment: 4096 }, 4088],
  ])('with %j %d bytes past a page', (options, lead) => {
    const layout = layoutOf(options);
    expect(layout.lead).toBe(lead);
    expect(layout.firstBlockFrom(8192)).toBe(8192 + lead);
    expect(layout.firstBlockFrom(8192 + lead)).toBe(8192 + lead);
  });

  test('and end in front of the edge, where tags need one', () => {
    expect(layoutOf().lastEndBefore(8200, 12_288)).toBe(12_280);
    expect(layoutOf({ alignment: 64 }).lastEndBefore(8248, 12_288)).toBe(12_280);
    expect(layoutOf({ header: 16 }).lastEndBefore(8192, 12_288)).toBe(12_272);
    expect(layoutOf(UNTAGGED).lastEndBefore(8192, 12_288)).toBe(12_288);
  });
});

describe('a header', () => {
  test('of a used block with tags tells of itself and of the block in front', () => {
    const layout = layoutOf();
    layout.markUsed(start, 48, PREVIOUS_USED);
    const tag = layout.tagOf(start);
    expect([layout.extentOf(start), layout.extentIn(tag)]).toEqual([48, 48]);
    expect([layout.isUsed(tag), layout.isPreviousUsed(tag), layout.isBig(tag)]).toEqual([
      true,
      true,
      false,
    ]);
    layout.markPreviousFree(start);
    expect(layout.isPreviousUsed(layout.tagOf(start))).toBe(false);
    layout.markPreviousUsed(start);
    expect(layout.tagOf(start)).toBe(48 + USED + PREVIOUS_USED);
    layout.markUsed(start, 48, 0);
    expect(layout.tagOf(start)).toBe(48 + USED);
  });

  test('of a free block with tags is repeated at its end', () => {
    const layout = layoutOf();
    layout.markFree(start, 64);
    expect(layout.tagOf(start)).toBe(64 + PREVIOUS_USED);
    expect(layout.footerBefore(start + 64)).toBe(64);
    expect(layout.isUsed(layout.tagOf(start))).toBe(false);
  });

  test('without tags is the extent and nothing else, used or free', () => {
    const layout = layoutOf(UNTAGGED);
    arena.store(start + 40, 7);
    layout.markUsed(start, 48, PREVIOUS_USED);
    expect(arena.load(start)).toBe(48);
    layout.markFree(start, 48);
    expect([arena.load(start), arena.load(start + 40)]).toEqual([48, 7]);
  });

  test('of 8 bytes holds an extent above 2^32', () => {
    const layout = layoutOf();
    layout.markUsed(start, 2 ** 36 + 64, 0);
    expect(layout.extentOf(start)).toBe(2 ** 36 + 64);
  });

  test('of a big block is told apart with tags and without', () => {
    for (const options of [{}, UNTAGGED]) {
      const layout = layoutOf(options);
      expect(layout.isBig(8192 + BIG)).toBe(true);
      expect(layout.extentIn(8192 + BIG)).toBe(8192);
    }
  });
});

test.each([
  [4, 4, 8],
  [8, 8, 16],
  [16, 8, 16],
] as const)('with a header of %d bytes links lie at %d and %d', (header, next, previous) => {
  const layout = layoutOf({ header });
  arena.zero(start, 64);
  layout.setNext(start, 0x1_0040);
  layout.setPrevious(start, 0x1_0080);
  expect([layout.nextOf(start), layout.previousOf(start)]).toEqual([0x1_0040, 0x1_0080]);
  expect([arena.load32(start + next), arena.load32(start + previous)]).toEqual([
    0x1_0040, 0x1_0080,
  ]);
});
