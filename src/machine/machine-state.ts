import type { Mmu } from './mmu.ts';
import { ACCESSED, frameOf, PRESENT, RIGHTS, type Mapping } from './page-table-entry.ts';
import type { PageTable } from './page-table.ts';
import type { SaturatedTlb } from './saturated-tlb.ts';
import type { TableLayout } from './table-layout.ts';
import type { TlbEntry } from './tlb.ts';

/** One live address space, as its owner knows it. */
export interface AddressSpaceView {
  /** The id that is given with its root; 0 without ids. */
  readonly id: number;
  readonly table: PageTable;
  /** What its owner asked to be mapped, by first address: the abstract map that the bytes must refine. */
  readonly mappings: ReadonlyMap<number, Mapping>;
}

/** An entry that is not zero, as it stands in a table. */
export interface TreeEntry {
  readonly table: number;
  readonly level: number;
  /** The first address that goes through it. */
  readonly address: number;
  readonly entry: number;
  readonly kind: 'absent' | 'table' | 'leaf';
  /** The bits that it and all entries above it have. */
  readonly common: number;
  readonly isSound: boolean;
}

/** The tables under a root, as their bytes tell them. */
export interface Tree {
  readonly space: AddressSpaceView;
  /** How many entries of each table are not zero, by its frame. */
  readonly tables: ReadonlyMap<number, number>;
  /** Tables that an entry names although another did before. */
  readonly shared: readonly number[];
  readonly entries: readonly TreeEntry[];
  /** Those that map a page, by first address. */
  readonly leaves: ReadonlyMap<number, TreeEntry>;
}

/** What the invariants look at: one reading of bytes and TLB, shared by all of them. */
export interface MachineState {
  readonly mmu: Mmu;
  readonly trees: readonly Tree[];
  readonly tlbEntries: readonly TlbEntry[];
  readonly saturated: SaturatedTlb | undefined;
}

/** What a machine's owner hands over to have it checked. */
export interface MachineParts {
  readonly mmu: Mmu;
  /** Every address space that is alive. */
  readonly spaces: readonly AddressSpaceView[];
  /** The MMU's watcher, if it has one. */
  readonly saturated?: SaturatedTlb;
}

/** Reads a machine for its invariants. It changes nothing, and ends on tables that are broken. */
export function machineState({ mmu, saturated, spaces }: MachineParts): MachineState {
  const trees = spaces.map((space) => readTree(space, mmu.layout));
  return { mmu, trees, tlbEntries: mmu.tlb.entries(), saturated };
}

/** What a leaf maps, with the rights that all levels grant. */
export function mappingOf({ mmu }: MachineState, { common, entry, level }: TreeEntry): Mapping {
  return { frame: frameOf(entry), size: mmu.layout.spans[level]!, rights: common & RIGHTS };
}

/** The tables of the address space that a translation with an id belongs to, as far as it is alive. */
export function treeOf({ mmu, trees }: MachineState, id: number): Tree | undefined {
  const hasIds = mmu.tlb.options.ids === 'on';
  return trees.find(({ space }) => (hasIds ? space.id === id : space.table.root === mmu.root));
}

function readTree(space: AddressSpaceView, layout: TableLayout): Tree {
  const tables = new Map<number, number>();
  const shared: number[] = [];
  const entries: TreeEntry[] = [];

  function read(
    table: number,
    above: Omit<TreeEntry, 'table' | 'entry' | 'kind' | 'isSound'>,
  ): void {
    const { address: start, level } = above;
    let count = 0;
    tables.set(table, count);
    for (let index = 0; ; index += 1) {
      index = layout.nextUsed(table, index, layout.entriesCount);
      if (index === layout.entriesCount) break;
      const entry = layout.read(layout.entryAt(table, index));
      count += 1;
      const address = start + index * layout.spans[level]!;
      const isLeaf = layout.isLeaf(entry, level);
      const kind = (entry & PRESENT) === 0 ? 'absent' : isLeaf ? 'leaf' : 'table';
      const isSound = kind !== 'absent' && layout.isSound(entry, level);
      const common = above.common & entry;
      entries.push({ table, level, address, entry, kind, common, isSound });
      if (kind !== 'table' || !isSound) continue;
      const next = frameOf(entry);
      if (tables.has(next)) shared.push(next);
      else read(next, { level: level + 1, address, common });
    }
    tables.set(table, count);
  }

  read(space.table.root, { level: 0, address: 0, common: RIGHTS | ACCESSED });
  const leaves = entries
    .filter(({ kind }) => kind === 'leaf')
    .map((leaf) => [leaf.address, leaf] as const);
  return { space, tables, shared, entries, leaves: new Map(leaves) };
}
