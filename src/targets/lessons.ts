import { KIB, MIB } from '../base/units.ts';
import { Heap } from '../heap/heap.ts';
import { type HeapOptions, PRESETS as HEAP_PRESETS } from '../heap/options.ts';
import type { AddressSpace } from '../kernel/address-space.ts';
import { Kernel } from '../kernel/kernel.ts';
import { type PresetName, PRESETS } from '../machine/geometry.ts';
import type { Mmu } from '../machine/mmu.ts';
import { RIGHTS } from '../machine/page-table-entry.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import type { Op } from '../program/op.ts';
import type { Lesson, LessonCase } from './lesson.ts';
import { meteredRun, type MeteredRun } from './metered-run.ts';
import { PagedArena, type PagedArenaOptions } from './paged-arena.ts';
import { threadLessons } from './thread-lessons.ts';

/**
 * Runs the machine and the heap for each claim, and counts.
 *
 * Source of the claims: N. Tuck, "Simple Malloc", lecture notes, 2025.
 */
export function lessons(): readonly Lesson[] {
  return [
    missLesson(),
    switchLesson(),
    ...threadLessons(),
    growthLesson(),
    steadyLesson(),
    touchLesson(),
  ];
}

/** Memory for all that a heap's lesson touches, and no more, since each case makes a machine of its own. */
const SMALL: PagedArenaOptions = { framesCount: 512 };

interface Machine {
  readonly kernel: Kernel;
  readonly mmu: Mmu;
  readonly space: AddressSpace;
  readonly levelsCount: number;
}

/** A machine on which one address space is active. */
function makeMachine(preset: PresetName = 'x86-64', tlb: Partial<TlbOptions> = {}): Machine {
  const kernel = new Kernel({ preset, tlb });
  const space = kernel.newSpace();
  space.activate();
  return { kernel, mmu: kernel.mmu, space, levelsCount: PRESETS[preset].levelBits.length };
}

/** Maps pages and touches each, so that all have frames. @returns Their addresses. */
function touchedPages({ mmu, space }: Machine, count: number): readonly number[] {
  const { pageSize } = mmu.geometry;
  const start = space.mmap({ size: count * pageSize }) as number;
  const pages = Array.from({ length: count }, (_, page) => start + page * pageSize);
  for (const page of pages) mmu.store8(page, 1);
  return pages;
}

/** Reads of memory, for data and for translation, that some loads cost. */
function readsOf({ mmu }: Machine, addresses: readonly number[]): number {
  const before = mmu.meter.reads;
  for (const address of addresses) mmu.load32(address);
  return mmu.meter.reads - before;
}

function missLesson(): Lesson {
  return {
    row: 'R10',
    says: 'An access to a new page reads memory once for each level of its tables and once for the data.',
    cases: [
      ...(['x86-64', 'x86-32'] as const).map(missCase),
      ...largePageCases(),
      arrayCase('no TLB', { ways: 0 }),
      arrayCase('a TLB', {}),
    ],
  };
}

function missCase(preset: PresetName): LessonCase {
  const machine = makeMachine(preset);
  const page = touchedPages(machine, 1);
  machine.mmu.tlb.flushAll();
  return {
    access: `a new page, ${machine.levelsCount} levels`,
    reads: readsOf(machine, page),
    expected: machine.levelsCount + 1,
  };
}

/** A leaf of 2 MiB lies one level higher, and is in the TLB when it is read again. */
function largePageCases(): readonly LessonCase[] {
  const machine = makeMachine();
  const { levelsCount, mmu, space } = machine;
  // Frames that nobody asks for here, from the first whole 2 MiB on.
  space.table.map(4 * MIB, { frame: 1024, size: 2 * MIB, rights: RIGHTS });
  mmu.tlb.flushAll();
  return [
    {
      access: `a new page of 2 MiB, ${levelsCount} levels`,
      reads: readsOf(machine, [4 * MIB]),
      expected: levelsCount,
    },
    { access: 'a page in the TLB', reads: readsOf(machine, [5 * MIB]), expected: 1 },
  ];
}

const INTS_COUNT = 2048;

function arrayCase(name: string, tlb: Partial<TlbOptions>): LessonCase {
  const machine = makeMachine('x86-64', tlb);
  const pages = touchedPages(machine, 2);
  machine.mmu.tlb.flushAll();
  const ints = Array.from({ length: INTS_COUNT }, (_, index) => pages[0]! + index * 4);
  const missesCount = tlb.ways === 0 ? INTS_COUNT : pages.length;
  return {
    access: `${INTS_COUNT} ints in order on 2 pages, ${name}`,
    reads: readsOf(machine, ints),
    expected: INTS_COUNT + missesCount * machine.levelsCount,
  };
}

function switchLesson(): Lesson {
  return {
    row: 'R11',
    says: 'After a switch each page that is touched costs its levels once more, while the TLB of 64 holds them all.',
    cases: [
      ...[1, 8, 64].map((count) => switchCase(count, 'off')),
      switchCase(65, 'off'),
      switchCase(64, 'on'),
    ],
  };
}

/** Touches pages, switches to another address space and back, and touches them twice. */
function switchCase(pages: number, ids: 'on' | 'off'): LessonCase {
  const machine = makeMachine('x86-64', { ids });
  const other = machine.kernel.newSpace({ id: 1 });
  const addresses = touchedPages(machine, pages);
  other.activate();
  machine.space.activate();
  return {
    pages,
    ids,
    extraReads: readsOf(machine, addresses) - pages,
    expected: ids === 'on' ? 0 : machine.levelsCount * pages,
    extraReadsOfSecondTouch: readsOf(machine, addresses) - pages,
  };
}

const MALLOCS_COUNT = 1000;

function growthLesson(): Lesson {
  return {
    row: 'R28',
    says: 'N mallocs of n bytes make at most ceil(N / floor(growth / cell)) + 1 system calls.',
    cases: (['lecture-note', 'default'] as const).flatMap((heap) =>
      [8, 100, 800].map((size) => growthCase(heap, size)),
    ),
  };
}

function growthCase(name: keyof typeof HEAP_PRESETS, bytes: number): LessonCase {
  const heap: HeapOptions = HEAP_PRESETS[name];
  const { heap: counters, systemCalls } = meteredRun(mallocs(bytes), { heap, machine: SMALL });
  const cell = new Heap(new PagedArena(SMALL), heap).layout.extentFor(bytes);
  return {
    heap: name,
    mallocs: MALLOCS_COUNT,
    bytes,
    cell,
    growth: heap.growthUnit,
    systemCalls: sumOf(systemCalls),
    atMost: Math.ceil(MALLOCS_COUNT / Math.floor(heap.growthUnit / cell)) + 1,
    listSteps: counters.listSteps,
  };
}

function mallocs(size: number): readonly Op[] {
  return Array.from({ length: MALLOCS_COUNT }, (_, slot) => ({ kind: 'malloc', slot, size }));
}

const ROUNDS_COUNT = 1000;

function steadyLesson(): Lesson {
  const small = [3, 40, 200, 801];
  return {
    row: 'R30',
    says: 'A steady loop of mallocs and frees makes no further system calls, unless a block is past the threshold.',
    cases: [
      steadyCase('lecture-note', small),
      steadyCase('default', small),
      steadyCase('default', [128 * KIB]),
    ],
  };
}

/** What a loop's rounds after the first one add. */
function steadyCase(name: keyof typeof HEAP_PRESETS, sizes: readonly number[]): LessonCase {
  const heap: HeapOptions = HEAP_PRESETS[name];
  const round: readonly Op[] = [
    ...sizes.map((size, slot): Op => ({ kind: 'malloc', slot, size })),
    ...sizes.map((_, slot): Op => ({ kind: 'free', slot })),
  ];
  const rounds = Array.from({ length: 1 + ROUNDS_COUNT }, () => round).flat();
  const callsFirst = sumOf(meteredRun(round, { heap, machine: SMALL }).systemCalls);
  const calls = sumOf(meteredRun(rounds, { heap, machine: SMALL }).systemCalls);
  const isSmall = sizes.every((size) => size < heap.bigThreshold);
  return {
    heap: name,
    sizes: sizes.join(' '),
    rounds: ROUNDS_COUNT,
    furtherCalls: calls - callsFirst,
    expected: isSmall ? 0 : 2 * ROUNDS_COUNT,
  };
}

function touchLesson(): Lesson {
  let pages = 1;
  while (sharePercentOf(touchedBlock(pages)) >= 1) pages += 1;
  return {
    row: 'R49',
    says: `The system calls' share of writing a big block falls with its size, and is below 1 % from ${pages} pages on.`,
    cases: [1, 4, 16, pages - 1, pages, 256].map(touchCase),
  };
}

function touchCase(pages: number): LessonCase {
  const run = touchedBlock(pages);
  const { calls, total } = run.cost;
  return { pages, callsCost: calls, totalCost: total, sharePercent: sharePercentOf(run) };
}

/** Maps a block of whole pages on its own, writes it once and gives it back. */
function touchedBlock(pages: number): MeteredRun {
  const header = 16;
  const size = pages * PRESETS['x86-64'].pageSize - header;
  const program: readonly Op[] = [
    { kind: 'malloc', slot: 0, size },
    { kind: 'free', slot: 0 },
  ];
  const heap = { bigThreshold: 1 };
  return meteredRun(program, { heap, machine: SMALL, writes: 'granted-bytes' });
}

function sharePercentOf({ cost }: MeteredRun): number {
  return (100 * cost.calls) / cost.total;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
