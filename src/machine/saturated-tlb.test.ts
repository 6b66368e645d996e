import { describe, expect, test } from 'vitest';
import { MIB } from '../base/units.ts';
import { PRESETS } from './geometry.ts';
import { Mmu } from './mmu.ts';
import { RIGHTS, USER } from './page-table-entry.ts';
import { PageTable } from './page-table.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { isSameMapping, SaturatedTlb } from './saturated-tlb.ts';
import { TableLayout } from './table-layout.ts';
import type { TlbOptions } from './tlb.ts';

const PAGE = 4096;

/** A machine whose real TLB has one entry, so that it forgets nearly everything, with pages 0 and 1 mapped. */
function setUp(tlb: Partial<TlbOptions> = {}) {
  const geometry = PRESETS['x86-64'];
  const memory = new PhysicalMemory({ frameSize: PAGE, framesCount: 2048 });
  const saturated = new SaturatedTlb(new TableLayout(geometry, memory));
  const mmu = new Mmu({ geometry, memory, tlb: { sets: 1, ways: 1, ...tlb }, watcher: saturated });
  let framesCount = 1;
  const frames = { allocate: () => (framesCount += 1), free: () => {} };
  const newTable = (): PageTable => PageTable.create(mmu.layout, frames)!;
  const table = newTable();
  const map = (address: number, frame: number, size = PAGE): unknown =>
    table.map(address, { frame, size, rights: RIGHTS });
  map(0, 100);
  map(PAGE, 101);
  mmu.setRoot(table.root);
  return { map, mmu, newTable, saturated, table };
}

function addresses(saturated: SaturatedTlb): readonly number[] {
  return [...saturated.entries()].map(({ address }) => address);
}

describe('the saturated TLB', () => {
  test('keeps what the real one has lost, and finds nothing wrong in honest use', () => {
    const { mmu, saturated } = setUp();
    mmu.load8(5);
    mmu.store8(PAGE, 1);
    mmu.load8(5);
    expect(mmu.tlb.entries()).toHaveLength(1);
    expect([...saturated.entries()]).toMatchObject([
      { address: 0, frame: 100, isStored: false },
      { address: PAGE, frame: 101, isStored: true },
    ]);
    mmu.load8(PAGE);
    expect([...saturated.entries()][1]).toMatchObject({ isStored: true });
    expect(saturated.problems).toEqual({});
  });

  test.each([
    ['another frame', ({ map, table }: ReturnType<typeof setUp>) => [table.unmap(0), map(0, 102)]],
    ['fewer rights', ({ table }: ReturnType<typeof setUp>) => table.protect(0, USER)],
  ])('finds a use after a change to %s, though the real TLB walked anew', (_, change) => {
    const machine = setUp();
    const { mmu, saturated } = machine;
    mmu.load8(5);
    mmu.load8(PAGE);
    change(machine);
    mmu.load8(6);
    expect(saturated.problems.stale).toMatch(
      /^load at 0x0000_0006 after frame 100 .* had become frame/,
    );
    expect(saturated.problems.translation).toBeUndefined();
  });

  test('finds nothing when the change was followed by an invalidation (T4)', () => {
    for (const flush of ['page', 'space', 'all'] as const) {
      const { map, mmu, saturated, table } = setUp();
      mmu.load8(5);
      mmu.load8(PAGE);
      table.unmap(0);
      map(0, 102);
      if (flush === 'page') mmu.tlb.flushPage(0);
      else if (flush === 'space') mmu.tlb.flushSpace(0);
      else mmu.tlb.flushAll();
      expect(addresses(saturated)).toEqual(flush === 'page' ? [PAGE] : []);
      mmu.load8(5);
      expect(saturated.problems).toEqual({});
    }
  });

  test('finds a stale hit of the real TLB, and where it went instead (T2)', () => {
    const { map, mmu, saturated, table } = setUp();
    mmu.load8(5);
    table.unmap(0);
    mmu.load8(5);
    expect(saturated.problems).toEqual({
      stale: 'load at 0x0000_0005 after frame 100 (4096 bytes, rights 6) had become nothing',
      translation: 'load at 0x0000_0005 went to 0x0006_4005, a walk finds nothing',
    });
    map(0, 102);
    mmu.load8(5);
    expect(saturated.problems.translation).toContain('a walk finds nothing');
  });

  test('finds an id that was given to another root without a flush (T9)', () => {
    const { mmu, newTable, saturated } = setUp({ ids: 'on' });
    mmu.load8(5);
    const other = newTable();
    other.map(0, { frame: 100, size: PAGE, rights: RIGHTS });
    mmu.setRoot(other.root, 0);
    mmu.load8(5);
    expect(saturated.problems.stale).toContain('load at 0x0000_0005');
    expect(saturated.problems.translation).toBeUndefined();
    expect([...saturated.entries()]).toMatchObject([{ address: 0, root: other.root }]);
  });

  test('knows of a page that was loaded from first that it was stored to', () => {
    const { mmu, saturated } = setUp();
    mmu.load8(5);
    mmu.store8(5, 1);
    expect([...saturated.entries()]).toMatchObject([{ address: 0, isStored: true }]);
  });

  test('keeps apart what lies at other addresses, in other spaces or in pages of another size', () => {
    const { mmu, newTable, saturated } = setUp({ ids: 'on' });
    const far = 0x7f12_3456_7000;
    const tables = [0, 1, 4].map((id) => ({ id, table: newTable() }));
    for (const { id, table } of tables) {
      table.map(2 * PAGE, { frame: 200 + id, size: PAGE, rights: RIGHTS });
      table.map(4 * MIB, { frame: 1024, size: 2 * MIB, rights: RIGHTS });
      table.map(far, { frame: 300 + id, size: PAGE, rights: RIGHTS });
      mmu.setRoot(table.root, id);
      for (const address of [2 * PAGE, 4 * MIB, far]) mmu.load8(address);
    }
    const all = [2 * PAGE, 4 * MIB, far];
    expect(addresses(saturated)).toEqual([...all, ...all, ...all]);
    expect(saturated.problems).toEqual({});
  });

  test('knows pages that lie in the root', () => {
    const geometry = { ...PRESETS.toy, largeLevels: [0] };
    const memory = new PhysicalMemory({ frameSize: geometry.pageSize, framesCount: 64 });
    const saturated = new SaturatedTlb(new TableLayout(geometry, memory));
    const mmu = new Mmu({ geometry, memory, watcher: saturated });
    const table = PageTable.create(mmu.layout, { allocate: () => 1, free: () => {} })!;
    table.map(2048, { frame: 16, size: 1024, rights: RIGHTS });
    mmu.setRoot(table.root);
    mmu.load8(2048);
    table.unmap(2048);
    mmu.load8(2049);
    expect(saturated.problems.stale).toContain('had become nothing');
    mmu.tlb.flushPage(3000);
    expect(addresses(saturated)).toEqual([]);
  });

  test('keeps ids apart when one of them is flushed', () => {
    const { mmu, newTable, saturated } = setUp({ ids: 'on' });
    const other = newTable();
    other.map(0, { frame: 103, size: PAGE, rights: RIGHTS });
    mmu.load8(0);
    mmu.setRoot(other.root, 1);
    mmu.load8(0);
    mmu.tlb.flushSpace(0);
    expect([...saturated.entries()]).toMatchObject([{ space: 1, frame: 103 }]);
    expect(saturated.problems).toEqual({});
  });

  test('has one entry for a large page, which an invalidation anywhere in it empties', () => {
    const { map, mmu, saturated } = setUp();
    map(4 * MIB, 1024, 2 * MIB);
    mmu.load8(5 * MIB);
    mmu.load8(6 * MIB - 1);
    expect([...saturated.entries()]).toMatchObject([
      { address: 4 * MIB, frame: 1024, size: 2 * MIB },
    ]);
    mmu.tlb.flushPage(4 * MIB + PAGE);
    expect(addresses(saturated)).toEqual([]);
    expect(saturated.problems).toEqual({});
  });

  test('finds a use that left no mark (P16)', () => {
    const { saturated, table } = setUp();
    saturated.used({
      access: 'load',
      address: 5,
      physical: 100 * PAGE + 5,
      root: table.root,
      space: 0,
    });
    expect(saturated.problems).toEqual({
      bits: 'load at 0x0000_0005 left its leaf without the bits that it sets',
    });
    const next = setUp();
    next.mmu.load8(5);
    next.saturated.used({
      access: 'store',
      address: 5,
      physical: 100 * PAGE + 5,
      root: next.table.root,
      space: 0,
    });
    expect(next.saturated.problems.bits).toContain('store at');
  });
});

test('mappings are the same in frame, size and rights, and where there is none', () => {
  const mapping = { frame: 16, size: 1024, rights: RIGHTS };
  const others = [{ frame: 17 }, { size: 64 }, { rights: USER }];
  expect(isSameMapping(mapping, { ...mapping })).toBe(true);
  expect(others.map((change) => isSameMapping(mapping, { ...mapping, ...change }))).toEqual([
    false,
    false,
    false,
  ]);
  expect(isSameMapping(undefined, undefined)).toBe(true);
  expect([isSameMapping(mapping, undefined), isSameMapping(undefined, mapping)]).toEqual([
    false,
    false,
  ]);
});
