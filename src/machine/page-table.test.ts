import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assert, KitBug } from '../base/kit-bug.ts';
import { GIB, MIB } from '../base/units.ts';
import { PRESETS, type PresetName } from './geometry.ts';
import { frameOf, PRESENT, RIGHTS, USER, WRITABLE, type Mapping } from './page-table-entry.ts';
import { PageTable, type FrameSource, type Leaf, type UnhookedPages } from './page-table.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { TableLayout } from './table-layout.ts';

const PAGE = 4096;

/** Frames from 1 on, up to a number of them at once; it refuses frames that come back dirty or that an entry leads to. */
class Frames implements FrameSource {
  readonly taken = new Set<number>();
  framesMax = 1000;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  allocate(): number | null {
    if (this.taken.size >= this.framesMax) return null;
    let frame = 1;
    while (this.taken.has(frame)) frame += 1;
    this.taken.add(frame);
    return frame;
  }

  free(frame: number): void {
    const { frameSize } = this.#memory;
    const end = (frame + 1) * frameSize;
    assert(this.taken.delete(frame), 'a frame comes back that was taken');
    assert(this.#memory.nextNonZero(end - frameSize, end) === end, 'a frame comes back clean');
    assert(!this.#isNamed(frame), 'no entry leads to a frame that comes back');
  }

  /** Whether an entry of any table that is taken names a frame. */
  #isNamed(frame: number): boolean {
    const { frameSize } = this.#memory;
    return [...this.taken].some((table) => {
      const end = (table + 1) * frameSize;
      let at = this.#memory.nextNonZero(end - frameSize, end);
      for (; at < end; at = this.#memory.nextNonZero(at + 4, end)) {
        if (frameOf(this.#memory.load32(at)) === frame) return true;
      }
      return false;
    });
  }
}

function setUp(name: PresetName = 'x86-64') {
  const geometry = PRESETS[name];
  const memory = new PhysicalMemory({ frameSize: geometry.pageSize, framesCount: 2048 });
  const layout = new TableLayout(geometry, memory);
  const frames = new Frames(memory);
  const table = PageTable.create(layout, frames)!;
  return { geometry, memory, layout, frames, table };
}

function page(frame: number, change: Partial<Mapping> = {}): Mapping {
  return { frame, size: PAGE, rights: RIGHTS, ...change };
}

describe('a page table', () => {
  test('maps a page where a walk of the bytes finds it, and nothing beside it', () => {
    const { table } = setUp();
    expect(table.map(0x7f12_3456_7000, page(900, { rights: USER }))).toBe('mapped');
    expect(table.lookup(0x7f12_3456_7abc)).toEqual(page(900, { rights: USER }));
    expect(table.lookup(0x7f12_3456_6fff)).toBeUndefined();
    expect(table.lookup(0x7f12_3456_8000)).toBeUndefined();
  });

  test('has a leaf in its root where the geometry lets it', () => {
    const geometry = { ...PRESETS.toy, largeLevels: [0] };
    const memory = new PhysicalMemory({ frameSize: geometry.pageSize, framesCount: 64 });
    const table = PageTable.create(new TableLayout(geometry, memory), new Frames(memory))!;
    const large = { frame: 16, size: 1024, rights: RIGHTS };
    expect(table.map(2048, large)).toBe('mapped');
    expect(table.lookup(3071)).toEqual(large);
  });

  test('takes one table a level and gives each back when its last page goes (P6)', () => {
    const { frames, table } = setUp();
    expect(frames.taken.size).toBe(1);
    table.map(0, page(900));
    expect(frames.taken.size).toBe(4);
    table.map(PAGE, page(901));
    table.map(2 * MIB, page(902));
    expect(frames.taken.size).toBe(5);
    expect(table.tables.get(table.root)).toBe(1);
    table.unmap(0);
    expect(frames.taken.size).toBe(5);
    table.unmap(PAGE);
    expect(frames.taken.size).toBe(4);
    expect(table.unmap(2 * MIB)).toEqual(page(902));
    expect([...table.tables]).toEqual([[table.root, 0]]);
    table.release();
    expect(frames.taken.size).toBe(0);
  });

  test('does not map what is mapped, and changes nothing (P12)', () => {
    const { frames, table } = setUp();
    table.map(0, page(900));
    table.map(2 * MIB, page(1024, { size: 2 * MIB }));
    const taken = [...frames.taken];
    expect(table.map(0, page(901))).toBe('already-mapped');
    expect(table.map(0, page(512, { size: 2 * MIB }))).toBe('already-mapped');
    expect(table.map(2 * MIB + PAGE, page(901))).toBe('already-mapped');
    expect(table.lookup(0)).toEqual(page(900));
    expect(table.lookup(2 * MIB + PAGE)).toEqual(page(1024, { size: 2 * MIB }));
    expect([...frames.taken]).toEqual(taken);
    table.map(4 * MIB + PAGE, page(903));
    expect(table.map(4 * MIB, page(1536, { size: 2 * MIB }))).toBe('already-mapped');
    expect(table.lookup(4 * MIB)).toBeUndefined();
  });

  test('does not unmap or protect what is not mapped, nor the middle of a large page (P12)', () => {
    const { table } = setUp();
    table.map(2 * MIB, page(1024, { size: 2 * MIB }));
    for (const address of [0, GIB, 2 * MIB + PAGE]) {
      expect(table.unmap(address)).toBeNull();
      expect(table.protect(address, 0)).toBe(false);
    }
    expect(table.lookup(2 * MIB)).toEqual(page(1024, { size: 2 * MIB }));
  });

  test.each([0, 1, 2])(
    'gives back what it took when only %i of 3 tables are left (P12)',
    (left) => {
      const { frames, table } = setUp();
      frames.framesMax = 1 + left;
      expect(table.map(0, page(900))).toBe('out-of-frames');
      expect([...frames.taken]).toEqual([table.root]);
      expect(table.lookup(0)).toBeUndefined();
    },
  );

  test('is not made without a frame for its root', () => {
    const { frames, layout } = setUp();
    frames.framesMax = 1;
    expect(PageTable.create(layout, frames)).toBeNull();
  });

  test('protects one page and no other (P13)', () => {
    const { table } = setUp();
    table.map(0, page(900));
    table.map(PAGE, page(901));
    expect(table.protect(0, USER)).toBe(true);
    expect([...table.leaves({ start: 0, end: GIB })]).toEqual([
      { address: 0, ...page(900, { rights: USER }) },
      { address: PAGE, ...page(901) },
    ]);
  });

  test('grants what all levels grant (P9)', () => {
    const { layout, table } = setUp();
    table.map(0, page(900));
    const top = layout.entryAt(table.root, 0);
    layout.write(top, layout.read(top) & ~WRITABLE);
    expect(table.lookup(0)).toEqual(page(900, { rights: USER }));
  });

  test('lists and unmaps the pages of a range, across tables and with large ones', () => {
    const { frames, table } = setUp();
    const addresses = [0, 5 * PAGE, 2 * MIB - PAGE, 4 * MIB, GIB, 300 * GIB, 2 ** 47 - PAGE];
    for (const [index, address] of addresses.entries()) {
      table.map(address, address === 4 * MIB ? page(1024, { size: 2 * MIB }) : page(900 + index));
    }
    const range = { start: PAGE, end: 300 * GIB };
    const listed = [...table.leaves(range)];
    expect(listed.map(({ address }) => address)).toEqual([5 * PAGE, 2 * MIB - PAGE, 4 * MIB, GIB]);
    expect(table.unmapRange(range)).toEqual(unhookedOf(listed));
    expect([...table.leaves(range)]).toEqual([]);
    expect([...table.leaves({ start: 0, end: 2 ** 47 })].map(({ address }) => address)).toEqual([
      0,
      300 * GIB,
      2 ** 47 - PAGE,
    ]);
    expect(table.tables.size).toBe(frames.taken.size);
    table.unmapRange({ start: 0, end: 2 ** 47 });
    expect([...frames.taken]).toEqual([table.root]);
  });

  test.each([
    ['a size that is none', (table: PageTable) => table.map(0, page(900, { size: GIB }))],
    ['a page off its size', (table: PageTable) => table.map(PAGE, page(1024, { size: 2 * MIB }))],
    ['a right that is none', (table: PageTable) => table.map(0, page(900, { rights: PRESENT }))],
    ['protection with a right that is none', (table: PageTable) => table.protect(0, 8)],
  ])('takes %s for a bug of ours', (_, call) => {
    expect(() => call(setUp().table)).toThrow(KitBug);
  });

  test('is not released while something is mapped (P15)', () => {
    const { table } = setUp();
    table.map(0, page(900));
    expect(() => table.release()).toThrow('a page table is empty when it is released');
  });
});

const callKind = fc.record({
  kind: fc.constantFrom('map', 'map', 'unmap', 'protect', 'unmapRange'),
  page: fc.nat({ max: 255 }),
  count: fc.nat({ max: 40 }),
  rights: fc.constantFrom(0, WRITABLE, USER, RIGHTS),
});

test.each(['toy', 'x86-32', 'x86-64'] as const)(
  'a page table of %s is a map from page to frame for every sequence of calls (P8 P12 P13)',
  (name) => {
    fc.assert(
      fc.property(fc.array(callKind, { maxLength: 60, size: 'max' }), (calls) => {
        const { frames, geometry, table } = setUp(name);
        // Pages spread over the whole space, so that each level has several entries.
        const spread = geometry.addressLimit / 256;
        const model = new Map<number, Mapping>();
        for (const [index, { count, kind, page: number, rights }] of calls.entries()) {
          const address = number * spread;
          const mapping = { frame: 1000 + index, size: geometry.pageSize, rights };
          const end = Math.min(address + count * spread, geometry.addressLimit);
          const answers = answerBoth(kind, { table, model, address, mapping, end });
          expect(answers[0]).toEqual(answers[1]);
          const leaves = [...table.leaves({ start: 0, end: geometry.addressLimit })];
          expect(leaves).toEqual(leavesOf(model, 0, geometry.addressLimit));
          expect(table.tables.size).toBe(frames.taken.size);
        }
      }),
      { seed: 0x9a6e, numRuns: 60 },
    );
  },
);

interface Call {
  readonly table: PageTable;
  readonly model: Map<number, Mapping>;
  readonly address: number;
  readonly mapping: Mapping;
  readonly end: number;
}

/** Makes one call on the page table and on the model. @returns Both answers. */
function answerBoth(kind: string, call: Call): readonly [actual: unknown, expected: unknown] {
  const { address, end, mapping, model, table } = call;
  const known = model.get(address);
  switch (kind) {
    case 'map':
      if (known === undefined) model.set(address, mapping);
      return [table.map(address, mapping), known === undefined ? 'mapped' : 'already-mapped'];
    case 'unmap':
      model.delete(address);
      return [table.unmap(address), known ?? null];
    case 'protect':
      if (known !== undefined) model.set(address, { ...known, rights: mapping.rights });
      return [table.protect(address, mapping.rights), known !== undefined];
    default: {
      const expected = leavesOf(model, address, end);
      for (const leaf of expected) model.delete(leaf.address);
      return [table.unmapRange({ start: address, end }), unhookedOf(expected)];
    }
  }
}

function unhookedOf(leaves: readonly Leaf[]): UnhookedPages {
  return {
    addresses: leaves.map(({ address }) => address),
    frames: leaves.map(({ frame }) => frame),
  };
}

function leavesOf(
  model: ReadonlyMap<number, Mapping>,
  start: number,
  end: number,
): readonly Leaf[] {
  return [...model.keys()]
    .filter((address) => start <= address && address < end)
    .toSorted((a, b) => a - b)
    .map((address) => Object.assign({ address }, model.get(address)));
}
