import { overlaps, type Range } from '../base/range.ts';
import type { CheckedRule } from '../base/rule.ts';
import { formatAddress } from '../base/units.ts';
import {
  mappingOf,
  treeOf,
  type MachineState,
  type Tree,
  type TreeEntry,
} from './machine-state.ts';
import { ACCESSED, DIRTY, frameOf, RIGHTS } from './page-table-entry.ts';
import { formatMapping, isSameMapping } from './saturated-tlb.ts';

/** What page tables and TLB keep, seen from inside. */
export interface MachineInvariant extends CheckedRule<MachineState> {
  /** Without a watch of each translation it says nothing. */
  readonly needs?: 'watch';
}

/** In the order in which they are asked: each may rely on the ones before it. */
export const MACHINE_INVARIANTS: readonly MachineInvariant[] = [
  {
    name: 'entry-fits-its-level',
    says: 'An entry is zero, or names a table, or a page of a size that its level has; reserved bits are zero, and all that it names exists.',
    rows: 'P3 P4 P5',
    source:
      'Verified NrOS, inv_mapped_pte_wf and invalid_entries_are_zeroed; seL4, valid_pml4e to valid_pte.',
    check: ({ mmu, trees }) => {
      const { addressLimit } = mmu.geometry;
      const entries = trees.flatMap((tree) => tree.entries);
      const wrong = entries.find(({ address, isSound }) => !isSound || address >= addressLimit);
      return (
        wrong && `${place(wrong)} reads 0x${wrong.entry.toString(16)}, which no entry there may`
      );
    },
  },
  {
    name: 'tables-form-a-tree',
    says: 'No table is named twice, neither under one root nor under two.',
    rows: 'P2 P14',
    source:
      'seL4, unique_table_refs; Hyperkernel, pgtable_reverse_pn; Syeda and Klein, non_overlapping_tables.',
    check: ({ trees }) => {
      const seen = new Set<number>();
      for (const { shared, tables } of trees) {
        const twice = shared[0] ?? [...tables.keys()].find((table) => seen.has(table));
        if (twice !== undefined) return `the table in frame ${twice} is named twice`;
        for (const table of tables.keys()) seen.add(table);
      }
      return undefined;
    },
  },
  {
    name: 'table-has-an-owner',
    says: 'The tables that the bytes name are those that the page table took, each with as many entries in use as it counts.',
    rows: 'P1 A8',
    source: 'Verified NrOS, inv_at; Komodo, wellFormedPageDb.',
    check: ({ trees }) => firstProblem(trees, ownerProblem),
  },
  {
    name: 'table-is-not-empty',
    says: 'No table but a root is kept without an entry in use.',
    rows: 'P6',
    source: 'Verified NrOS, no_empty_directories.',
    check: ({ trees }) =>
      firstProblem(trees, ({ space, tables }) => {
        const empty = [...tables].find(
          ([table, count]) => count === 0 && table !== space.table.root,
        );
        return empty && `the table in frame ${empty[0]} is empty`;
      }),
  },
  {
    name: 'tables-grant-every-right',
    says: 'An entry that names a table grants every right, so that the rights of a page, which are those of all levels together, are those of its leaf.',
    rows: 'P9',
    source: 'Verified NrOS, directories_have_flags.',
    check: ({ trees }) =>
      firstProblem(trees, ({ entries }) => {
        const wrong = entries.find(
          ({ entry, kind }) => kind === 'table' && (entry & RIGHTS) !== RIGHTS,
        );
        return wrong && `${place(wrong)} names a table with rights ${wrong.entry & RIGHTS}`;
      }),
  },
  {
    name: 'mapped-ranges-stay-apart',
    says: 'No two pages of an address space overlap.',
    rows: 'P7',
    source: 'Asterinas, PageTableView::inv.',
    check: ({ trees }) =>
      firstProblem(trees, ({ space }) => {
        const ranges = [...space.mappings].map(([start, { size }]) => ({
          start,
          end: start + size,
        }));
        return overlapProblem(ranges);
      }),
  },
  {
    name: 'walk-equals-map',
    says: 'Walking the bytes gives exactly the pages that were mapped, so a call maps, changes or unmaps its own page and no other, and one that fails changes nothing.',
    rows: 'P8 P12 P13',
    source: 'Verified NrOS, interp_to_l0; Komodo, pageTableCorresponds.',
    check: (state) => firstProblem(state.trees, (tree) => refinementProblem(state, tree)),
  },
  {
    name: 'page-is-no-table',
    says: 'No page lies in a frame that holds a table.',
    rows: 'P10 A8',
    source: 'Hyperkernel, spec_corollary_pgwalk.',
    check: ({ mmu, trees }) => {
      const tables = new Set(trees.flatMap((tree) => [...tree.tables.keys()]));
      const leaves = trees.flatMap((tree) => [...tree.leaves.values()]);
      const wrong = leaves.find(({ entry, level }) => {
        const framesCount = mmu.layout.spans[level]! / mmu.geometry.pageSize;
        return Array.from({ length: framesCount }, (_, index) => frameOf(entry) + index).some(
          (frame) => tables.has(frame),
        );
      });
      return wrong && `${place(wrong)} maps a frame that holds a table`;
    },
  },
  {
    name: 'use-leaves-its-marks',
    says: 'A walk sets the accessed bit of every entry on its way and a store the dirty bit of the leaf; the hardware clears neither.',
    rows: 'P16',
    source: 'Intel SDM, volume 3, "Accessed and Dirty Flags"; v86, do_page_walk.',
    check: (state) => firstProblem(state.trees, markProblem) ?? savedMarkProblem(state),
  },
  {
    name: 'tlb-agrees-with-page-table',
    says: 'Every TLB entry says what the page table says.',
    rows: 'T1',
    source: 'Verified NrOS, TLB_interp_pt_mem_agree; Asterinas, consistent_with_pt.',
    check: agreementProblem,
  },
  {
    name: 'tlb-translates-as-the-walk',
    says: 'Each address that was used went where a walk of the tables leads.',
    rows: 'T2',
    source: 'ACL2 x86isa, tlb-consistent.',
    needs: 'watch',
    check: ({ saturated }) => saturated?.problems.translation,
  },
  {
    name: 'change-is-followed-by-invalidation',
    says: 'What was used and has changed since was invalidated, whether or not the TLB still had it.',
    rows: 'T4 T9',
    source:
      'Syeda and Klein, "Reasoning about Translation Lookaside Buffers": the saturated TLB and its incon_set.',
    needs: 'watch',
    check: staleProblem,
  },
  {
    name: 'tlb-entries-stay-apart',
    says: 'At most one entry matches an address of an address space, whatever the page sizes.',
    rows: 'T3',
    source: 'Syeda and Klein, lookup: Miss, Hit or Incon.',
    check: ({ tlbEntries }) => {
      const ids = new Set(tlbEntries.map(({ space }) => space));
      for (const id of ids) {
        const own = tlbEntries.filter(({ space }) => space === id);
        const problem = overlapProblem(
          own.map(({ address, size }) => ({ start: address, end: address + size })),
        );
        if (problem !== undefined) return `in the TLB ${problem}`;
      }
      return undefined;
    },
  },
  {
    name: 'new-root-empties-tlb',
    says: 'Without address-space ids no entry is older than the last setting of the root.',
    rows: 'T7 R09',
    source: 'Intel SDM, volume 3, "Operations that Invalidate TLBs and Paging-Structure Caches".',
    check: ({ mmu, tlbEntries }) => {
      if (mmu.tlb.options.ids === 'on') return undefined;
      const old = tlbEntries.find(({ insertedAt }) => insertedAt <= mmu.rootSetAt);
      return old && `the TLB entry for ${formatAddress(old.address)} is older than the root`;
    },
  },
  {
    name: 'ids-and-roots-match',
    says: 'Live address spaces have different roots and, where there are ids, different ids; the id in use is that of the root in use.',
    rows: 'T8 T10',
    source: 'seL4, valid_asid_table; Syeda and Klein, root_map.',
    check: identityProblem,
  },
  {
    name: 'tlb-entry-sits-in-its-set',
    says: "An entry's set is its page number modulo the number of sets, and a set has no more entries than ways.",
    rows: 'T15',
    source: 'Intel SDM, volume 3, "Caching Translation Information"; gem5 and QEMU.',
    check: ({ mmu, tlbEntries }) => {
      const { sets, ways } = mmu.tlb.options;
      const wrong = tlbEntries.find(
        ({ address, set, size, way }) => (address / size) % sets !== set || way < 0 || way >= ways,
      );
      return (
        wrong &&
        `the TLB entry for ${formatAddress(wrong.address)} sits in set ${wrong.set}, way ${wrong.way}`
      );
    },
  },
];

function firstProblem(
  trees: readonly Tree[],
  problemOf: (tree: Tree) => string | undefined,
): string | undefined {
  for (const tree of trees) {
    const problem = problemOf(tree);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Where an entry stands, for a report. */
function place({ address, level, table }: TreeEntry): string {
  return `the entry for ${formatAddress(address)} at level ${level}, in frame ${table},`;
}

function ownerProblem({ space, tables }: Tree): string | undefined {
  const owned = space.table.tables;
  const foreign = [...tables.keys()].find((table) => !owned.has(table));
  if (foreign !== undefined)
    return `frame ${foreign} holds a table that the page table does not own`;
  for (const [table, counted] of owned) {
    const count = tables.get(table);
    if (count === undefined)
      return `no entry names the table in frame ${table}, which the page table owns`;
    if (count !== counted)
      return `the table in frame ${table} has ${count} entries in use, ${counted} were counted`;
  }
  return undefined;
}

function overlapProblem(ranges: readonly Range[]): string | undefined {
  const sorted = ranges.toSorted((a, b) => a.start - b.start);
  const at = sorted.findIndex((range, index) => index > 0 && overlaps(sorted[index - 1]!, range));
  return at < 0
    ? undefined
    : `the pages at ${formatAddress(sorted[at - 1]!.start)} and ${formatAddress(sorted[at]!.start)} overlap`;
}

function refinementProblem(state: MachineState, { leaves, space }: Tree): string | undefined {
  for (const address of new Set([...leaves.keys(), ...space.mappings.keys()])) {
    const leaf = leaves.get(address);
    const actual = leaf && mappingOf(state, leaf);
    const expected = space.mappings.get(address);
    if (!isSameMapping(actual, expected)) {
      return `the bytes map ${formatMapping(actual)} at ${formatAddress(address)}, ${formatMapping(expected)} was asked for`;
    }
  }
  return undefined;
}

function markProblem({ leaves }: Tree): string | undefined {
  const wrong = [...leaves.values()].find(
    ({ common, entry }) => (entry & (ACCESSED | DIRTY)) !== 0 && (common & ACCESSED) === 0,
  );
  return wrong && `${place(wrong)} is marked as used, but not all the way`;
}

function savedMarkProblem(state: MachineState): string | undefined {
  const { saturated, trees } = state;
  if (saturated?.problems.bits !== undefined) return saturated.problems.bits;
  for (const used of saturated?.entries() ?? []) {
    const tree = trees.find(({ space }) => space.table.root === used.root);
    const leaf = tree?.leaves.get(used.address);
    if (leaf === undefined) continue;
    const bits = used.isStored ? ACCESSED | DIRTY : ACCESSED;
    if ((leaf.entry & bits) !== bits) return `${place(leaf)} has lost the marks of its use`;
  }
  return undefined;
}

function agreementProblem(state: MachineState): string | undefined {
  for (const cached of state.tlbEntries) {
    const tree = treeOf(state, cached.space);
    if (tree === undefined) continue;
    const leaf = tree.leaves.get(cached.address);
    const now = leaf && mappingOf(state, leaf);
    const { rights, size } = cached;
    const own = { frame: cached.base / state.mmu.geometry.pageSize, size, rights };
    const at = formatAddress(cached.address);
    if (!isSameMapping(own, now))
      return `the TLB has ${formatMapping(own)} for ${at}, the page table ${formatMapping(now)}`;
    if ((cached.dirty & ~leaf!.entry) !== 0)
      return `the TLB has the page at ${at} as dirty, its leaf is clean`;
  }
  return undefined;
}

function staleProblem(state: MachineState): string | undefined {
  const { saturated } = state;
  if (saturated === undefined) return undefined;
  if (saturated.problems.stale !== undefined) return saturated.problems.stale;
  for (const used of saturated.entries()) {
    const root = treeOf(state, used.space)?.space.table.root;
    if (root === undefined) continue;
    const now = saturated.mappingAt(root, used.address);
    if (used.root !== root || !isSameMapping(used, now)) {
      return `${formatMapping(used)} was used at ${formatAddress(used.address)} and is now ${formatMapping(now)}, without an invalidation`;
    }
  }
  return undefined;
}

function identityProblem({ mmu, trees }: MachineState): string | undefined {
  const roots = new Set(trees.map(({ space }) => space.table.root));
  if (roots.size < trees.length) return `${trees.length} address spaces have ${roots.size} roots`;
  if (mmu.tlb.options.ids === 'off') return undefined;
  const ids = new Set(trees.map(({ space }) => space.id));
  if (ids.size < trees.length) return `${trees.length} address spaces have ${ids.size} ids`;
  if (mmu.root < 0) return undefined;
  const current = trees.find(({ space }) => space.id === mmu.tlb.space)?.space;
  if (current === undefined || current.table.root === mmu.root) return undefined;
  return `id ${current.id} is in use with the root in frame ${mmu.root}, its own is frame ${current.table.root}`;
}
