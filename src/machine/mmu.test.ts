import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { MIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import { PRESETS, type PresetName } from './geometry.ts';
import { faultOf, Machine } from './machine-world.test-helper.ts';
import { Mmu } from './mmu.ts';
import type { Access, FaultCause } from './page-fault.ts';
import { ACCESSED, DIRTY, RIGHTS, USER, WRITABLE } from './page-table-entry.ts';
import { PhysicalMemory } from './physical-memory.ts';

const PAGE = 4096;
const NO_TLB = { ways: 0 };

describe('golden', () => {
  // Source: the lecture note, "five memory reads"; arithmetic: four levels and the datum.
  test('R10 a TLB miss with 4 levels costs 5 reads, one on a 2 MiB leaf 4, a hit 1', () => {
    const machine = new Machine();
    const { mmu } = machine;
    machine.map(0x7f12_3456_7000);
    machine.table.map(4 * MIB, { frame: 1024, size: 2 * MIB, rights: RIGHTS });
    expect(machine.readsOf(() => mmu.load64(0x7f12_3456_7000))).toBe(5);
    expect(mmu.meter.translationReads).toEqual([1, 1, 1, 1]);
    expect(machine.readsOf(() => mmu.load64(5 * MIB))).toBe(4);
    expect(mmu.meter.translationReads).toEqual([2, 2, 2, 1]);
    expect(machine.readsOf(() => mmu.load64(0x7f12_3456_7008))).toBe(1);
    expect(machine.readsOf(() => mmu.load64(6 * MIB - 8))).toBe(1);
  });

  // Source: arithmetic, 2048 · 5 and 2046 · 1 + 2 · 5.
  test.each([
    ['without a TLB', NO_TLB, 10_240],
    ['with one', {}, 2_056],
    ['with one, searched each time', { shortcuts: 'off' }, 2_056],
  ] as const)('2048 ints read in order on 2 pages cost %s %i reads', (_, tlb, reads) => {
    const machine = new Machine(tlb);
    const start = 0x40_0000;
    machine.map(start);
    machine.map(start + PAGE);
    expect(
      machine.readsOf(() => {
        for (let index = 0; index < 2048; index += 1) machine.mmu.load32(start + index * 4);
      }),
    ).toBe(reads);
  });

  // Source: the lecture note, "for a bit"; arithmetic: L reads for each distinct page, once.
  test('R11 after a new root each page costs 4 reads more, once', () => {
    const machine = new Machine();
    const pages = [0, 1, 2, 3, 4, 5, 6, 7].map((page) => page * PAGE);
    for (const address of pages) machine.map(address);
    const round = (): number =>
      machine.readsOf(() => pages.map((address) => machine.mmu.load8(address)));
    expect([round(), round()]).toEqual([8 * 5, 8]);
    machine.mmu.setRoot(machine.table.root);
    expect([round(), round()]).toEqual([8 * 5, 8]);
  });
});

describe('a new root', () => {
  test('R09 leaves nothing in the TLB without ids (T7)', () => {
    const machine = new Machine();
    machine.map(0);
    machine.mmu.load8(0);
    expect(machine.mmu.tlb.entries()).toHaveLength(1);
    machine.mmu.setRoot(machine.newTable().root);
    expect(machine.mmu.tlb.entries()).toEqual([]);
    expect(faultOf(() => machine.mmu.load8(0))).toMatchObject({ cause: 'not-mapped' });
  });

  test('with ids keeps what belongs to others, and costs nothing on the way back', () => {
    const machine = new Machine({ ids: 'on' });
    const { mmu } = machine;
    const other = machine.newTable();
    machine.map(0);
    const frame = machine.newFrame();
    other.map(0, { frame, size: PAGE, rights: RIGHTS });
    mmu.store8(0, 1);
    mmu.setRoot(other.root, 1);
    mmu.store8(0, 2);
    expect(mmu.memory.load8(frame * PAGE)).toBe(2);
    mmu.setRoot(machine.table.root, 0);
    expect(machine.readsOf(() => expect(mmu.load8(0)).toBe(1))).toBe(1);
    expect(mmu.root).toBe(machine.table.root);
  });
});

describe('an access', () => {
  const offsets = [0, 1, 3, PAGE - 8];
  const places = offsets.flatMap((offset) => [[offset, 'on'] as const, [offset, 'off'] as const]);

  test.each(places)('reads back what it stored at offset %i, shortcuts %s', (offset, shortcuts) => {
    const machine = new Machine({ shortcuts });
    const { mmu } = machine;
    const at = 0x7fff_ffff_0000 + offset;
    machine.map(0x7fff_ffff_0000);
    for (let round = 0; round < 2; round += 1) {
      mmu.store64(at, 0x1f_2233_4455_6677);
      expect(mmu.load64(at)).toBe(0x1f_2233_4455_6677);
      mmu.store32(at, 0x89ab_cdef);
      expect(mmu.load32(at)).toBe(0x89ab_cdef);
      mmu.store16(at, 0x1234);
      expect(mmu.load16(at)).toBe(0x1234);
      mmu.store8(at, 0x56);
      expect(mmu.load8(at)).toBe(0x56);
      mmu.storeDouble(at, 0.1);
      expect(mmu.loadDouble(at)).toBe(0.1);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7])('of 8 bytes may have %i of them on the first page', (count) => {
    const machine = new Machine();
    const { mmu } = machine;
    machine.map(PAGE);
    machine.map(0);
    const at = PAGE - count;
    const { dataReads, dataWrites } = mmu.meter;
    mmu.store64(at, 0x1f_2233_4455_6677);
    expect(mmu.load64(at)).toBe(0x1f_2233_4455_6677);
    expect([mmu.meter.dataReads - dataReads, mmu.meter.dataWrites - dataWrites]).toEqual([2, 2]);
    const bytes = [0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x1f, 0];
    expect(bytes.map((_byte, index) => mmu.load8(at + index))).toEqual(bytes);
  });

  test.each([
    ['load8', 'store8'],
    ['load16', 'store16'],
    ['load32', 'store32'],
    ['load64', 'store64'],
    ['loadDouble', 'storeDouble'],
  ] as const)('by %s or %s is counted once, found by a shortcut or not', (load, store) => {
    for (const shortcuts of ['on', 'off'] as const) {
      const machine = new Machine({ shortcuts });
      const { mmu } = machine;
      machine.map(PAGE);
      mmu.store8(PAGE, 0);
      const before = mmu.meter.read();
      const { searchedHits } = mmu.meter;
      mmu[store](PAGE + 8, 5);
      expect(mmu[load](PAGE + 8)).toBe(5);
      expect(mmu.meter.searchedHits - searchedHits).toBe(shortcuts === 'on' ? 0 : 2);
      expect(mmu.meter.read()).toEqual({
        ...before,
        dataReads: before.dataReads + 1,
        dataWrites: before.dataWrites + 1,
        tlbHits: before.tlbHits + 2,
      });
    }
  });

  test.each([
    ['not mapped', undefined, 'not-mapped'],
    ['read-only', USER, 'read-only'],
    ["the kernel's", WRITABLE, 'kernel-only'],
  ] as const)('that crosses into a page that is %s stores no byte (T17)', (_, rights, cause) => {
    const machine = new Machine();
    const { mmu } = machine;
    const frame = machine.map(0);
    if (rights !== undefined) machine.map(PAGE, rights);
    for (let round = 0; round < 2; round += 1) {
      expect(faultOf(() => mmu.store64(PAGE - 4, 2 ** 53 - 1))).toEqual({
        access: 'store',
        address: PAGE,
        cause,
      });
      expect(mmu.memory.nextNonZero(frame * PAGE, (frame + 1) * PAGE)).toBe((frame + 1) * PAGE);
    }
  });

  test('sets accessed on the first load, dirty on the first store, and clears neither (P16)', () => {
    const machine = new Machine();
    const { mmu } = machine;
    machine.map(0);
    expect(machine.leafBits(0) & (ACCESSED | DIRTY)).toBe(0);
    mmu.load8(0);
    expect(machine.leafBits(0) & (ACCESSED | DIRTY)).toBe(ACCESSED);
    expect(mmu.meter.translationWrites).toBe(4);
    expect(machine.readsOf(() => mmu.store8(0, 1))).toBe(4);
    expect(machine.leafBits(0) & (ACCESSED | DIRTY)).toBe(ACCESSED | DIRTY);
    expect(mmu.meter).toMatchObject({ translationWrites: 5, tlbMisses: 1, tlbHits: 1 });
    expect(machine.readsOf(() => mmu.store8(0, 2))).toBe(0);
    mmu.tlb.flushAll();
    mmu.load8(0);
    expect(machine.leafBits(0) & (ACCESSED | DIRTY)).toBe(ACCESSED | DIRTY);
    expect(mmu.meter.translationWrites).toBe(5);
  });

  test('by the kernel reaches its own pages, but no read-only one to store', () => {
    const machine = new Machine();
    const { mmu } = machine;
    machine.map(0, WRITABLE);
    machine.map(PAGE, USER);
    mmu.mode = 'kernel';
    mmu.store8(5, 7);
    expect(mmu.load8(5)).toBe(7);
    expect(faultOf(() => mmu.store8(PAGE, 7))).toMatchObject({ cause: 'read-only' });
    mmu.mode = 'user';
    expect(faultOf(() => mmu.load8(5))).toMatchObject({ cause: 'kernel-only' });
  });
});

describe('a fault', () => {
  const faults: readonly (readonly [string, PresetName, number, Access, FaultCause])[] = [
    ['an address without a page', 'x86-64', 0, 'load', 'not-mapped'],
    ['the last address', 'x86-64', 2 ** 47 - 1, 'store', 'not-mapped'],
    ['an address past the lower half', 'x86-64', 2 ** 47, 'load', 'non-canonical'],
    ['an address past 2^48', 'x86-64', 2 ** 48 + 5, 'store', 'non-canonical'],
    ['an address below 0', 'x86-64', -1, 'load', 'non-canonical'],
    ['no number', 'x86-64', Number.NaN, 'load', 'non-canonical'],
    ['an address past 4 GiB', 'x86-32', 2 ** 32, 'load', 'non-canonical'],
    ['an address past 16 KiB', 'toy', 2 ** 14, 'store', 'non-canonical'],
  ];

  test.each(faults)(
    'for %s on %s says so, is counted, and leaves the TLB as it was',
    (_, name, address, access, cause) => {
      const { mmu } = new Machine({}, name);
      const call = (): unknown => (access === 'load' ? mmu.load8(address) : mmu.store8(address, 1));
      expect(faultOf(call)).toEqual({ access, address, cause });
      expect(mmu.meter.read()).toMatchObject({
        dataReads: 0,
        dataWrites: 0,
        faults: { [cause]: 1 },
      });
      expect(mmu.tlb.entries()).toEqual([]);
    },
  );

  test('for an access that runs past the last address names the first byte outside', () => {
    const machine = new Machine({}, 'toy');
    machine.map(2 ** 14 - 64);
    expect(faultOf(() => machine.mmu.load16(2 ** 14 - 1))).toMatchObject({
      address: 2 ** 14,
      cause: 'non-canonical',
    });
  });

  test.each([
    ['a reserved bit in the leaf', 3, 8],
    ['the bit of a leaf where there are no large pages', 0, 0x80],
    ['the dirty bit in a table', 1, DIRTY],
    ['a large page off its size', 2, 0x80],
    ['a frame that does not exist', 3, 0x800_0000],
    ['a table that does not exist', 0, 0x800_0000],
  ])('is raised for %s', (_, level, bits) => {
    const machine = new Machine();
    const { layout } = machine.mmu;
    machine.map(0);
    const table = [...machine.table.tables.keys()][level]!;
    layout.write(layout.entryAt(table, 0), layout.read(layout.entryAt(table, 0)) | bits);
    expect(faultOf(() => machine.mmu.load8(0))).toMatchObject({ cause: 'reserved-bit' });
    expect(machine.mmu.meter.translationReads).toEqual(
      [0, 1, 2, 3].map((own) => Number(own <= level)),
    );
  });

  test('is raised for a bit in the upper half of an entry', () => {
    const machine = new Machine();
    machine.map(0);
    machine.mmu.memory.store8(machine.mmu.layout.entryAt(machine.table.root, 0) + 7, 0x80);
    expect(faultOf(() => machine.mmu.load8(0))).toMatchObject({ cause: 'reserved-bit' });
  });

  test('that a handler mends is no fault for the program', () => {
    const machine = new Machine();
    const { mmu } = machine;
    const seen: unknown[] = [];
    mmu.handler = {
      resolve(address, access, cause) {
        seen.push([address, access, cause]);
        if (cause === 'read-only') {
          machine.table.protect(0, RIGHTS);
          mmu.tlb.flushPage(0);
        } else machine.map(0, USER);
        return true;
      },
    };
    mmu.store8(5, 9);
    expect(mmu.load8(5)).toBe(9);
    expect(seen).toEqual([
      [5, 'store', 'not-mapped'],
      [5, 'store', 'read-only'],
    ]);
    expect(mmu.meter.faults).toMatchObject({ 'not-mapped': 1, 'read-only': 1 });
  });

  test('may be mended by a handler that loads and stores itself', () => {
    const machine = new Machine();
    const { mmu } = machine;
    machine.map(0);
    mmu.handler = {
      resolve(address) {
        machine.map(address);
        mmu.store64(8, mmu.load64(16) + 1);
        return true;
      },
    };
    mmu.store64(PAGE - 4, 0x1f_2233_4455_6677);
    expect(mmu.load64(PAGE - 4)).toBe(0x1f_2233_4455_6677);
    expect(mmu.load64(8)).toBe(1);
  });

  test('that a handler refuses is thrown, one that it only claims to mend is a bug of ours', () => {
    const { mmu } = new Machine();
    mmu.handler = { resolve: () => false };
    expect(faultOf(() => mmu.load8(0))).toMatchObject({ cause: 'not-mapped' });
    let calls = 0;
    mmu.handler = {
      resolve() {
        calls += 1;
        return true;
      },
    };
    expect(() => mmu.load8(0)).toThrow(KitBug);
    expect(calls).toBe(4);
  });
});

describe('a run of bytes', () => {
  test('is copied and zeroed across pages that lie anywhere', () => {
    const machine = new Machine();
    const { mmu } = machine;
    for (const page of [3, 0, 5, 1, 4, 6, 2]) machine.map(page * PAGE);
    for (let at = 0; at <= 2 * PAGE; at += 1) mmu.store8(at, at % 251);
    mmu.copy(3 * PAGE + 100, 7, 2 * PAGE - 17);
    expect(mmu.load8(5 * PAGE + 83)).toBe(0);
    for (let at = 7; at < 2 * PAGE - 10; at += 1)
      expect(mmu.load8(3 * PAGE + 93 + at)).toBe(at % 251);
    mmu.zero(PAGE - 3, 6);
    expect([-4, -3, 2, 3].map((offset) => mmu.load8(PAGE + offset))).toEqual([
      (PAGE - 4) % 251,
      0,
      0,
      (PAGE + 3) % 251,
    ]);
    mmu.zero(0, 0);
    mmu.copy(0, 0, 0);
  });

  test('is zeroed over several pages, and no byte beside it', () => {
    const machine = new Machine();
    const { mmu } = machine;
    for (const page of [3, 0, 5, 1, 4, 2]) machine.map(page * PAGE);
    for (let at = 0; at < 6 * PAGE; at += 4) mmu.store32(at, 0x0101_0101);
    mmu.zero(PAGE - 100, 3 * PAGE);
    const bytes = Array.from({ length: 6 * PAGE }, (_, at) => mmu.load8(at));
    expect([bytes.indexOf(0), bytes.lastIndexOf(0)]).toEqual([PAGE - 100, 4 * PAGE - 101]);
    expect(bytes.reduce((sum, byte) => sum + byte)).toBe(3 * PAGE);
  });

  test('counts one read and one write for every 8 bytes, and one lookup a run', () => {
    const machine = new Machine();
    const { mmu } = machine;
    machine.map(0);
    machine.map(PAGE);
    mmu.copy(PAGE, 0, 100);
    expect(mmu.meter.read()).toMatchObject({
      dataReads: 13,
      dataWrites: 13,
      tlbMisses: 2,
      tlbHits: 0,
    });
    mmu.zero(0, 17);
    expect(mmu.meter.read()).toMatchObject({ dataReads: 13, dataWrites: 16 });
  });

  test('faults where the first page is missing', () => {
    const machine = new Machine();
    machine.map(0);
    expect(faultOf(() => machine.mmu.zero(0, 2 * PAGE))).toMatchObject({
      access: 'store',
      address: PAGE,
    });
    expect(faultOf(() => machine.mmu.copy(0, 3 * PAGE + 5, 9))).toMatchObject({
      access: 'load',
      address: 3 * PAGE + 5,
    });
  });
});

test('an access before there is a root is a bug of ours', () => {
  const memory = new PhysicalMemory({ frameSize: PAGE, framesCount: 4 });
  const mmu = new Mmu({ geometry: PRESETS['x86-64'], memory });
  expect(mmu.root).toBe(-1);
  expect(() => mmu.load8(0)).toThrow(KitBug);
});

test('a machine whose frames hold no page is a bug of ours, one of no known shape the caller’s', () => {
  const memory = new PhysicalMemory({ frameSize: 64, framesCount: 4 });
  expect(() => new Mmu({ geometry: PRESETS['x86-64'], memory })).toThrow(KitBug);
  expect(() => new Mmu({ geometry: { ...PRESETS.toy, levelBits: [] }, memory })).toThrow(
    UsageError,
  );
});
