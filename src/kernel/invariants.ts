import { formatRange } from '../base/range.ts';
import { type CheckedRule, rulesOnPart } from '../base/rule.ts';
import { formatAddress } from '../base/units.ts';
import { MACHINE_INVARIANTS } from '../machine/invariants.ts';
import { frameOf, RIGHTS } from '../machine/page-table-entry.ts';
import { RIGHTS_OF } from './address-space.ts';
import type { KernelState, SpaceState } from './kernel-state.ts';

/** What frames and address spaces keep, seen from inside. */
export interface KernelInvariant extends CheckedRule<KernelState> {
  /** What it compares with, and without which it says nothing: a watch of each translation and frame, or a model. */
  readonly needs?: 'watch' | 'model';
}

/** Those of the machine, then the kernel's own, in the order in which they are asked: each may rely on the ones before it. */
export const KERNEL_INVARIANTS: readonly KernelInvariant[] = [
  ...rulesOnPart(MACHINE_INVARIANTS, ({ machine }: KernelState) => machine),
  {
    name: 'areas-stay-apart',
    says: 'Areas are not empty, made of whole pages, sorted and disjoint, and lie between the first page and the last address.',
    rows: 'V1',
    source: 'Linux, validate_mm_mt.',
    check: ({ kernel, spaces }) => {
      const { addressLimit, pageSize } = kernel.mmu.geometry;
      return firstOf(spaces, ({ space }) => {
        const areas = space.areas.all();
        const wrong = areas.find(({ start, end }, index) => {
          const after = areas[index + 1]?.start ?? addressLimit;
          const isWhole = start % pageSize === 0 && end % pageSize === 0;
          return !isWhole || start < pageSize || start >= end || end > after;
        });
        return wrong && `the area ${formatRange(wrong)} is no area of its own`;
      });
    },
  },
  {
    name: 'mapped-size-equals-areas',
    says: 'The bytes that are counted as mapped are those that areas have.',
    rows: 'V2 R45',
    source: 'Linux, validate_mm.',
    check: ({ spaces }) =>
      firstOf(spaces, ({ space: { areas } }) => {
        const size = areas.all().reduce((sum, { start, end }) => sum + end - start, 0);
        return areas.mappedSize === size
          ? undefined
          : `${areas.mappedSize} bytes are counted as mapped, areas have ${size}`;
      }),
  },
  {
    name: 'page-lies-in-an-area',
    says: 'Every page in a page table lies in an area and grants no more than it.',
    rows: 'V3',
    source: 'Linux, page_table_check; Hyperkernel.',
    check: ({ spaces }) =>
      firstOf(spaces, ({ space, tree }) => {
        for (const { address, common } of tree.leaves.values()) {
          const protection = space.areas.at(address)?.protection;
          if (protection === undefined)
            return `the page at ${formatAddress(address)} lies in no area`;
          if ((common & RIGHTS & ~RIGHTS_OF[protection]) !== 0)
            return `the page at ${formatAddress(address)} has rights ${common & RIGHTS} in an area of ${protection}`;
        }
        return undefined;
      }),
  },
  {
    name: 'map-takes-what-is-free',
    says: 'mmap returns whole pages that nothing had, where it was told if it was told, or fails and changes nothing.',
    rows: 'V4 R24',
    source: 'Verified NrOS, step_MapEnd; verus-mimalloc, mmap.',
    needs: 'model',
    check: ({ spaces }) => firstOf(spaces, ({ model }) => model?.problems.place),
  },
  {
    name: 'map-replaces-nothing',
    says: 'mmap where something is mapped is refused.',
    rows: 'V8',
    source: 'Verified NrOS, overlap checks; xv6, "remap".',
    needs: 'model',
    check: ({ spaces }) => firstOf(spaces, ({ model }) => model?.problems.occupied),
  },
  {
    name: 'refusal-has-a-reason',
    says: 'A call is refused where its arguments make no sense, where it needs what is not mapped or what is, and nowhere else.',
    rows: 'V4 R23 R26',
    source: 'Linux, mmap(2), munmap(2), mprotect(2), brk(2).',
    needs: 'model',
    check: ({ spaces }) => firstOf(spaces, ({ model }) => model?.problems.answer),
  },
  {
    name: 'calls-change-their-own-pages',
    says: 'Exactly those pages are mapped, with the protection and the contents, that the calls and stores so far gave; so munmap removes its range and nothing beside it.',
    rows: 'V5 T17 R26',
    source: 'Verified NrOS, UnmapStart and UnmapEnd; verus-mimalloc, os_exact_range.',
    needs: 'model',
    check: (state) =>
      firstOf(state.spaces, (own) => areasProblem(state, own) ?? contentsProblem(state, own)),
  },
  {
    name: 'page-is-private',
    says: 'A page first reads as zero, then as what its own address space stored; no frame is mapped in two.',
    rows: 'V6 R25',
    source: 'Linux, "Page Table Check": double mapping.',
    check: ({ leads, spaces }) => {
      for (const [frame, all] of leads) {
        const other = all.find(({ space }) => space !== all[0]!.space);
        if (other !== undefined)
          return `frame ${frame} is mapped in address spaces ${all[0]!.space.id} and ${other.space.id}`;
      }
      return firstOf(spaces, ({ model }) => model?.problems.contents);
    },
  },
  {
    name: 'refused-access-changes-nothing',
    says: 'An access outside of all areas or against their protection faults and changes nothing; any other is granted.',
    rows: 'V7',
    source: 'Verified NrOS, step_MemOp.',
    needs: 'model',
    check: ({ spaces }) => firstOf(spaces, ({ model }) => model?.problems.access),
  },
  {
    name: 'frame-is-free-or-owned',
    says: 'Free and owned frames together are all frames.',
    rows: 'A1',
    source: 'Hyperkernel: a page has an owner if and only if it is not free.',
    check: ({ kernel: { frames }, owned }) => {
      const count = frames.totalCount - owned.length;
      return count === frames.freeCount
        ? undefined
        : `${frames.freeCount} frames are counted as free, ${count} are`;
    },
  },
  {
    name: 'owned-frames-are-counted',
    says: 'Each owner is counted as many frames as it owns, and is an address space that is alive.',
    rows: 'A2',
    source: 'Hyperkernel, nr_pages; Komodo, addrspaceRefs.',
    check: ({ kernel: { frames }, owned, spaces }) => {
      const counts = new Map<number, number>();
      for (const frame of owned) {
        const owner = frames.ownerOf(frame)!;
        counts.set(owner, (counts.get(owner) ?? 0) + 1);
      }
      const alive = new Set(spaces.map(({ space }) => space.id));
      for (const owner of new Set([...counts.keys(), ...frames.owners()])) {
        const [counted, count] = [frames.countOf(owner), counts.get(owner) ?? 0];
        if (counted !== count)
          return `owner ${owner} is counted ${counted} frames, it has ${count}`;
        if (!alive.has(owner)) return `owner ${owner} has ${count} frames and is no address space`;
      }
      return undefined;
    },
  },
  {
    name: 'freed-frame-was-owned',
    says: 'The frames that came back are frames of the machine, free now, each there once.',
    rows: 'A9',
    source: 'xv6, kfree; Pintos, palloc: bitmap_all.',
    check: ({ kernel: { frames } }) => {
      const seen = new Set<number>();
      const wrong = frames.returned.find((frame) => {
        const isTwice = seen.has(frame);
        seen.add(frame);
        const isThere = frame >= 0 && frame < frames.totalCount;
        return isTwice || !isThere || frames.typeOf(frame) !== 'free';
      });
      return wrong === undefined ? undefined : `frame ${wrong} came back, but is not free once`;
    },
  },
  {
    name: 'frame-is-mapped-once',
    says: 'No entry leads to a free frame or to a table, and exactly one to a frame of data: that of the page that it was taken for.',
    rows: 'A3 A4 A5',
    source: 'Linux, page_table_check_zero, page_table_check_set and page_table_check_clear.',
    check: ({ kernel: { frames }, leads, owned }) => {
      for (const frame of new Set([...owned, ...leads.keys()])) {
        const type = frames.typeOf(frame);
        const all = leads.get(frame) ?? [];
        if (all.length !== Number(type === 'data'))
          return `${all.length} entries lead to frame ${frame}, which is ${type}`;
        if (type === 'data' && all[0]!.address !== frames.addressOf(frame))
          return `frame ${frame} is for ${formatAddress(frames.addressOf(frame))}, and mapped at ${formatAddress(all[0]!.address)}`;
      }
      return undefined;
    },
  },
  {
    name: 'walk-stays-with-its-owner',
    says: 'A walk reaches only frames of the address space that it is for.',
    rows: 'A6',
    source: 'Hyperkernel, isolation; Komodo, validL2PTE; Pip, horizontal isolation.',
    check: ({ kernel: { frames }, spaces }) =>
      firstOf(spaces, ({ space, tree }) => {
        const leaves = [...tree.leaves.values()].map(({ entry }) => frameOf(entry));
        const foreign = [...tree.tables.keys(), ...leaves].find(
          (frame) => frames.ownerOf(frame) !== space.id,
        );
        return foreign === undefined
          ? undefined
          : `address space ${space.id} reaches frame ${foreign}, whose owner is ${frames.ownerOf(foreign) ?? 'nobody'}`;
      }),
  },
  {
    name: 'frame-has-one-type',
    says: 'The frames of the tables that the bytes name are those of the type table.',
    rows: 'A8',
    source: 'Hyperkernel, page types; Komodo, PageDbEntryTyped.',
    check: ({ kernel: { frames }, owned, spaces }) => {
      const tables = new Set(spaces.flatMap(({ tree }) => [...tree.tables.keys()]));
      const wrong = [...owned, ...tables].find(
        (frame) => tables.has(frame) !== (frames.typeOf(frame) === 'table'),
      );
      return wrong === undefined
        ? undefined
        : `frame ${wrong} is ${frames.typeOf(wrong)} and ${tables.has(wrong) ? 'holds a table' : 'holds no table'}`;
    },
  },
  {
    name: 'frame-arrives-zeroed',
    says: 'A frame is zero when it reaches its owner; a free one is zero, or known to be zeroed then.',
    rows: 'A7',
    source: 'Verified NrOS, unallocated_memory_zeroed; seL4, valid_machine_state.',
    check: ({ kernel: { frameWatch, frames, mmu } }) => {
      if (frameWatch?.problems.contents !== undefined) return frameWatch.problems.contents;
      const { frameSize, storedEnd } = mmu.memory;
      for (let frame = 0; frame * frameSize < storedEnd; frame += 1) {
        if (frames.typeOf(frame) !== 'free' || frames.isSoiled(frame)) continue;
        const end = (frame + 1) * frameSize;
        if (mmu.memory.nextNonZero(frame * frameSize, end) < end)
          return `the free frame ${frame} is not zero`;
      }
      return undefined;
    },
  },
  {
    name: 'frame-is-freed-last',
    says: 'A frame is freed after its page was unhooked and invalidated.',
    rows: 'T5',
    source: 'Linux, asm-generic/tlb.h.',
    needs: 'watch',
    check: ({ kernel }) => kernel.frameWatch?.problems.order,
  },
];

function firstOf(
  spaces: readonly SpaceState[],
  problemOf: (own: SpaceState) => string | undefined,
): string | undefined {
  for (const own of spaces) {
    const problem = problemOf(own);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function areasProblem({ kernel }: KernelState, { model, space }: SpaceState): string | undefined {
  if (model === undefined) return undefined;
  const all = { start: 0, end: kernel.mmu.geometry.addressLimit };
  const edges = [...model.log.parts(all), ...space.areas.all()].flatMap(({ end, start }) => [
    start,
    end,
  ]);
  for (const page of new Set(edges.toSorted((a, b) => a - b))) {
    const expected = model.log.protectionAt(page) ?? 'not mapped';
    const actual = space.areas.at(page)?.protection ?? 'not mapped';
    if (actual !== expected)
      return `the page at ${formatAddress(page)} is ${actual}, the calls so far made it ${expected}`;
  }
  return undefined;
}

function contentsProblem({ kernel }: KernelState, { model, tree }: SpaceState): string | undefined {
  const { memory } = kernel.mmu;
  if (model === undefined) return undefined;
  const zeroes = new Uint8Array(memory.frameSize);
  for (const page of new Set([...tree.leaves.keys(), ...model.log.contents.keys()])) {
    const leaf = tree.leaves.get(page);
    const expected = model.log.contents.get(page) ?? zeroes;
    const frameStart = leaf && frameOf(leaf.entry) * memory.frameSize;
    const offset =
      frameStart === undefined
        ? expected.findIndex((byte) => byte !== 0)
        : memory.nextDifference(frameStart, expected);
    if (offset < 0 || offset === memory.frameSize) continue;
    const actual = frameStart === undefined ? 0 : memory.load8(frameStart + offset);
    return `the byte at ${formatAddress(page + offset)} is ${actual}, ${expected[offset]!} was stored`;
  }
  return undefined;
}
