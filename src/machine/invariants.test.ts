import { describe, expect, test } from 'vitest';
import { assert } from '../base/kit-bug.ts';
import { MIB } from '../base/units.ts';
import { PRESETS } from './geometry.ts';
import { MACHINE_INVARIANTS } from './invariants.ts';
import { machineState, type AddressSpaceView, type MachineState } from './machine-state.ts';
import { Mmu } from './mmu.ts';
import {
  ACCESSED,
  DIRTY,
  encodeEntry,
  PRESENT,
  RIGHTS,
  USER,
  type Mapping,
} from './page-table-entry.ts';
import { PageTable } from './page-table.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { SaturatedTlb } from './saturated-tlb.ts';
import { TableLayout } from './table-layout.ts';
import type { TlbOptions } from './tlb.ts';

const PAGE = 4096;

/** One frame for a root, which no house has. */
const NEXT = { allocate: () => 50, free: () => {} };

/** One machine with two address spaces, each with pages 0 and 1 and a large page, the first one in use. */
class House {
  readonly mmu: Mmu;
  readonly saturated: SaturatedTlb;
  readonly spaces: (AddressSpaceView & { readonly mappings: Map<number, Mapping> })[] = [];
  #framesCount = 1;

  constructor(tlb: Partial<TlbOptions> = {}) {
    const geometry = PRESETS['x86-64'];
    const memory = new PhysicalMemory({ frameSize: PAGE, framesCount: 4096 });
    this.saturated = new SaturatedTlb(new TableLayout(geometry, memory));
    this.mmu = new Mmu({ geometry, memory, tlb, watcher: this.saturated });
    const frames = { allocate: () => (this.#framesCount += 1), free: () => {} };
    for (const id of [0, 1]) {
      this.spaces.push({
        id,
        table: PageTable.create(this.mmu.layout, frames)!,
        mappings: new Map(),
      });
      this.map(id, 0, 200 + id * 10);
      this.map(id, PAGE, 201 + id * 10);
      this.map(id, 4 * MIB, 1024 + id * 512, 2 * MIB);
    }
    this.mmu.setRoot(this.table.root, 0);
    this.mmu.load8(0);
    this.mmu.store8(PAGE, 1);
    this.mmu.load8(5 * MIB);
  }

  get table(): PageTable {
    return this.spaces[0]!.table;
  }

  map(id: number, address: number, frame: number, size = PAGE): void {
    const { mappings, table } = this.spaces[id]!;
    const mapping = { frame, size, rights: RIGHTS };
    assert(table.map(address, mapping) === 'mapped', 'a test maps a page once');
    mappings.set(address, mapping);
  }

  /** The physical address of the entry of an address in the table of a level of the first space. */
  entryAt(level: number, address = 0): number {
    const { layout } = this.mmu;
    let table = this.table.root;
    for (let above = 0; above < level; above += 1) {
      table = layout.read(layout.entryFor(table, above, address)) >>> 12;
    }
    return layout.entryFor(table, level, address);
  }

  /** Changes an entry behind everyone's back. */
  patch(level: number, change: (entry: number) => number, address = 0): void {
    const at = this.entryAt(level, address);
    this.mmu.layout.write(at, change(this.mmu.layout.read(at)) >>> 0);
  }

  state(): MachineState {
    return machineState({ mmu: this.mmu, spaces: this.spaces, saturated: this.saturated });
  }
}

/** What each broken invariant says, by name. */
function problems(state: MachineState): Readonly<Record<string, string>> {
  const found = MACHINE_INVARIANTS.map(({ check, name }) => [name, check(state)] as const);
  return Object.fromEntries(
    found.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

describe('the invariants', () => {
  test('have names of their own, sentences, rows and sources', () => {
    expect(new Set(MACHINE_INVARIANTS.map(({ name }) => name)).size).toBe(
      MACHINE_INVARIANTS.length,
    );
    for (const { name, rows, says, source } of MACHINE_INVARIANTS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect(rows).toMatch(/^[PTAR]\d+( [PTAR]\d+)*$/);
      expect(says).toMatch(/\.$/);
      expect(source).toMatch(/\.$/);
    }
  });

  test('cover the rows on page tables and TLB that one machine can break', () => {
    const rows = MACHINE_INVARIANTS.flatMap((invariant) => invariant.rows.split(' '));
    for (const row of 'P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P12 P13 P14 P16 T1 T2 T3 T4 T7 T8 T9 T15'.split(
      ' ',
    )) {
      expect(rows).toContain(row);
    }
  });

  test.each(['on', 'off'] as const)('hold in honest use, with ids %s', (ids) => {
    const house = new House({ ids });
    expect(problems(house.state())).toEqual({});
    house.mmu.setRoot(house.spaces[1]!.table.root, 1);
    house.mmu.store8(5, 1);
    house.table.unmap(PAGE);
    house.spaces[0]!.mappings.delete(PAGE);
    house.mmu.tlb.flushPage(PAGE, 0);
    expect(problems(house.state())).toEqual({});
  });

  test('hold of an address space without a page', () => {
    const house = new House();
    const table = PageTable.create(house.mmu.layout, NEXT)!;
    house.spaces.push({ id: 2, table, mappings: new Map() });
    expect(problems(house.state())).toEqual({});
  });

  test('hold of a machine with ids before it has a root', () => {
    const memory = new PhysicalMemory({ frameSize: PAGE, framesCount: 64 });
    const mmu = new Mmu({ geometry: PRESETS['x86-64'], memory, tlb: { ids: 'on' } });
    const table = PageTable.create(mmu.layout, NEXT)!;
    const spaces = [{ id: 0, table, mappings: new Map() }];
    expect(problems(machineState({ mmu, spaces }))).toEqual({});
  });

  test('hold of a machine without a watcher, and of one whose address spaces are gone', () => {
    const { mmu, spaces } = new House();
    expect(problems(machineState({ mmu, spaces }))).toEqual({});
    expect(problems(machineState({ mmu, spaces: [] }))).toEqual({});
    const withIds = new House({ ids: 'on' });
    const { saturated } = withIds;
    expect(problems(machineState({ mmu: withIds.mmu, spaces: [], saturated }))).toEqual({});
  });
});

/** What is done to a house, which invariants break, and what the first of them says. */
type Damage = readonly [
  what: string,
  harm: (house: House) => void,
  names: readonly string[],
  says: string,
];

const DAMAGES: readonly Damage[] = [
  [
    'a reserved bit',
    (house) => house.patch(3, (entry) => entry | 8),
    ['entry-fits-its-level', 'change-is-followed-by-invalidation'],
    'the entry for 0x0000_0000 at level 3, in frame 5, reads 0xc802f, which no entry there may',
  ],
  [
    'bits in an entry that is not present',
    (house) => house.patch(3, () => 0x40, 2 * PAGE),
    ['entry-fits-its-level', 'table-has-an-owner'],
    'reads 0x40',
  ],
  [
    'bits in the upper half of an entry that is else zero',
    (house) => house.mmu.memory.store32(house.entryAt(3, 2 * PAGE) + 4, 1),
    ['entry-fits-its-level', 'table-has-an-owner'],
    'reads 0x8',
  ],
  [
    'a page past the last address',
    (house) =>
      house.mmu.layout.write(
        house.mmu.layout.entryAt(house.table.root, 256),
        encodeEntry(3, PRESENT | RIGHTS),
      ),
    ['entry-fits-its-level', 'tables-form-a-tree', 'table-has-an-owner'],
    'the entry for 0x8000_0000_0000 at level 0',
  ],
  [
    'a table that its own entry names',
    (house) => house.patch(0, () => encodeEntry(house.table.root, PRESENT | RIGHTS), 2 ** 39),
    ['tables-form-a-tree', 'table-has-an-owner'],
    'the table in frame 2 is named twice',
  ],
  [
    'a table that two roots name',
    (house) => {
      const { layout } = house.mmu;
      layout.write(layout.entryAt(house.spaces[1]!.table.root, 0), layout.read(house.entryAt(0)));
    },
    ['tables-form-a-tree', 'table-has-an-owner', 'walk-equals-map'],
    'the table in frame 3 is named twice',
  ],
  [
    'a table that nobody took',
    (house) => house.patch(0, () => encodeEntry(99, PRESENT | RIGHTS), 2 ** 39),
    ['table-has-an-owner', 'table-is-not-empty'],
    'frame 99 holds a table that the page table does not own',
  ],
  [
    'a leaf that nobody counted',
    (house) => house.patch(3, () => encodeEntry(99, PRESENT | RIGHTS), 2 * PAGE),
    ['table-has-an-owner', 'walk-equals-map'],
    'the table in frame 5 has 3 entries in use, 2 were counted',
  ],
  [
    'a table that is lost',
    (house) => {
      house.map(0, 8 * MIB, 300);
      house.patch(2, () => encodeEntry(2048, PRESENT | RIGHTS | 0x80), 8 * MIB);
    },
    ['table-has-an-owner', 'walk-equals-map'],
    'no entry names the table in frame 10, which the page table owns',
  ],
  [
    'a table that grants less',
    (house) => house.patch(1, (entry) => entry & ~USER),
    [
      'tables-grant-every-right',
      'walk-equals-map',
      'tlb-agrees-with-page-table',
      'change-is-followed-by-invalidation',
    ],
    'at level 1, in frame 3, names a table with rights 2',
  ],
  [
    'pages that overlap',
    (house) =>
      house.spaces[0]!.mappings.set(4 * MIB + PAGE, { frame: 1025, size: PAGE, rights: RIGHTS }),
    ['mapped-ranges-stay-apart', 'walk-equals-map'],
    'the pages at 0x0040_0000 and 0x0040_1000 overlap',
  ],
  [
    'a page that nobody asked for',
    (house) => house.spaces[1]!.mappings.delete(0),
    ['walk-equals-map'],
    'the bytes map frame 210 (4096 bytes, rights 6) at 0x0000_0000, nothing was asked for',
  ],
  [
    'a page that was asked for in vain',
    (house) => house.spaces[1]!.mappings.set(9 * PAGE, { frame: 1, size: PAGE, rights: 0 }),
    ['walk-equals-map'],
    'the bytes map nothing at 0x0000_9000, frame 1 (4096 bytes, rights 0) was asked for',
  ],
  [
    'a page in a frame of a table',
    (house) => house.map(0, 7 * PAGE, house.table.root),
    ['page-is-no-table'],
    'the entry for 0x0000_7000 at level 3, in frame 5, maps a frame that holds a table',
  ],
  [
    'a large page over the frames of tables',
    (house) => house.map(0, 8 * MIB, 0, 2 * MIB),
    ['page-is-no-table'],
    'the entry for 0x0080_0000 at level 2, in frame 4, maps a frame that holds a table',
  ],
  [
    'a mark without those above it',
    (house) => house.patch(1, (entry) => entry & ~ACCESSED),
    ['use-leaves-its-marks'],
    'is marked as used, but not all the way',
  ],
  [
    'a dirty page that was not accessed',
    (house) => house.patch(3, (entry) => entry & ~ACCESSED, PAGE),
    ['use-leaves-its-marks'],
    'is marked as used, but not all the way',
  ],
  [
    'a mark that is lost',
    (house) => house.patch(3, (entry) => entry & ~ACCESSED),
    ['use-leaves-its-marks'],
    'the entry for 0x0000_0000 at level 3, in frame 5, has lost the marks of its use',
  ],
  [
    'a dirty bit that is lost',
    (house) => house.patch(3, (entry) => entry & ~DIRTY, PAGE),
    ['use-leaves-its-marks', 'tlb-agrees-with-page-table'],
    'the entry for 0x0000_1000 at level 3, in frame 5, has lost the marks of its use',
  ],
  [
    'a store that left no mark',
    ({ mmu, saturated, table }) =>
      saturated.used({
        access: 'store',
        address: 0,
        physical: 200 * PAGE,
        root: table.root,
        space: mmu.tlb.space,
      }),
    ['use-leaves-its-marks'],
    'store at 0x0000_0000 left its leaf without the bits that it sets',
  ],
  [
    'a page unmapped without an invalidation',
    ({ spaces, table }) => {
      table.unmap(0);
      spaces[0]!.mappings.delete(0);
    },
    ['tlb-agrees-with-page-table', 'change-is-followed-by-invalidation'],
    'the TLB has frame 200 (4096 bytes, rights 6) for 0x0000_0000, the page table nothing',
  ],
  [
    'a stale translation that was used',
    ({ mmu, spaces, table }) => {
      table.unmap(0);
      spaces[0]!.mappings.delete(0);
      mmu.load8(1);
      mmu.tlb.flushAll();
    },
    ['tlb-translates-as-the-walk', 'change-is-followed-by-invalidation'],
    'load at 0x0000_0001 went to 0x000c_8001, a walk finds nothing',
  ],
  [
    'a clean leaf of a page that the TLB has as dirty',
    ({ mmu, table }) => {
      mmu.tlb.flushAll();
      mmu.tlb.insert(0, { level: 3, base: 200 * PAGE, rights: RIGHTS, dirty: DIRTY });
      expect(table.root).toBe(mmu.root);
    },
    ['tlb-agrees-with-page-table'],
    'the TLB has the page at 0x0000_0000 as dirty, its leaf is clean',
  ],
];

const shareId = ({ spaces }: House): unknown => spaces.splice(1, 1, { ...spaces[1]!, id: 0 });

describe('an invariant is broken by', () => {
  test.each(DAMAGES)('%s', (_, harm, names, says) => {
    const house = new House();
    harm(house);
    const found = problems(house.state());
    expect(Object.keys(found)).toEqual(names);
    expect(found[names[0]!]).toContain(says);
  });

  test('a page unmapped without an invalidation that the real TLB no longer has (T4)', () => {
    const house = new House({ sets: 1, ways: 1 });
    house.table.unmap(0);
    house.spaces[0]!.mappings.delete(0);
    expect(problems(house.state())).toEqual({
      'change-is-followed-by-invalidation':
        'frame 200 (4096 bytes, rights 6) was used at 0x0000_0000 and is now nothing, without an invalidation',
    });
  });

  test('entries of the TLB that overlap (T3)', () => {
    const { mmu, ...rest } = new House();
    mmu.tlb.insert(5 * MIB, { level: 3, base: (1024 + 256) * PAGE, rights: RIGHTS, dirty: 0 });
    const found = problems(machineState({ mmu, spaces: [], saturated: rest.saturated }));
    expect(found).toEqual({
      'tlb-entries-stay-apart': 'in the TLB the pages at 0x0040_0000 and 0x0050_0000 overlap',
    });
  });

  test('an entry that outlived its root, unless there are ids (T7)', () => {
    const state = new House().state();
    const [entry] = state.tlbEntries;
    const old = { ...state, tlbEntries: [{ ...entry!, insertedAt: state.mmu.rootSetAt }] };
    expect(problems(old)).toEqual({
      'new-root-empties-tlb': 'the TLB entry for 0x0000_0000 is older than the root',
    });
  });

  test.each([
    ['in another set', { set: 3 }],
    ['in a way that there is not', { way: 4 }],
    ['in a way below the first', { way: -1 }],
  ])('an entry %s (T15)', (_, change) => {
    const state = new House().state();
    const [entry] = state.tlbEntries;
    expect(Object.keys(problems({ ...state, tlbEntries: [{ ...entry!, ...change }] }))).toEqual([
      'tlb-entry-sits-in-its-set',
    ]);
  });

  test.each([
    ['two address spaces with one root', 'off', ({ spaces }) => spaces.splice(1, 1, spaces[0]!)],
    ['two address spaces with one id', 'on', shareId],
    [
      'two address spaces with one id while no root is in use',
      'on',
      (house) => {
        house.mmu.setRoot(-1);
        shareId(house);
      },
    ],
    ['an id whose root is another', 'on', (h) => h.mmu.setRoot(h.spaces[1]!.table.root, 0)],
    ['an id in use with frame 0', 'on', ({ mmu }) => mmu.setRoot(0, 0)],
  ] satisfies readonly [string, 'on' | 'off', (house: House) => unknown][])(
    '%s (T8)',
    (_, ids, harm) => {
      const house = new House({ ids });
      expect(problems(house.state())).toEqual({});
      harm(house);
      expect(problems(house.state())).toHaveProperty('ids-and-roots-match');
    },
  );

  test('an id that another root uses without a flush, though both have the same page (T9)', () => {
    const house = new House({ ids: 'on' });
    house.spaces.splice(1, 1);
    const table = PageTable.create(house.mmu.layout, NEXT)!;
    const entry = house.mmu.layout.read(house.entryAt(0));
    house.mmu.layout.write(house.mmu.layout.entryAt(table.root, 0), entry);
    house.spaces.splice(0, 1, { id: 0, table, mappings: house.spaces[0]!.mappings });
    house.mmu.setRoot(table.root, 0);
    expect(problems(house.state())).toHaveProperty('change-is-followed-by-invalidation');
  });

  test('an id that another root uses without a flush (T9)', () => {
    const house = new House({ ids: 'on' });
    house.spaces.splice(0, 1);
    house.spaces.splice(0, 1, { ...house.spaces[0]!, id: 0 });
    house.mmu.setRoot(house.spaces[0]!.table.root, 0);
    expect(problems(house.state())).toHaveProperty('change-is-followed-by-invalidation');
  });
});
