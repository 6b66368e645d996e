import type { Range } from '../base/range.ts';
import { formatAddress, GIB, KIB, MIB } from '../base/units.ts';
import type { Memory } from '../check/target.ts';
import type { Arena } from '../heap/arena.ts';
import { ArenaFault } from '../heap/flat-arena.ts';
import type { HeapOptions } from '../heap/options.ts';
import { Refusals } from '../heap/refusals.ts';
import type { AddressSpace } from '../kernel/address-space.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { Placement } from '../kernel/placement.ts';
import { PRESETS, spansOf, type Geometry, type PresetName } from '../machine/geometry.ts';
import type { Mmu } from '../machine/mmu.ts';
import type { TlbOptions } from '../machine/tlb.ts';

/** The machine under a heap, and where on it the heap's memory lies. What is left out follows from the preset. */
export interface PagedArenaOptions {
  /** Default `x86-64`. */
  readonly preset?: PresetName;
  readonly tlb?: Partial<TlbOptions>;
  /** Default: enough for every page of the arena and its tables, and at most 128 MiB. */
  readonly framesCount?: number;
  /** When a page gets its frame. Default `on-touch`; `on-map` refuses instead of failing later. */
  readonly frames?: 'on-touch' | 'on-map';
  /** Whether the invariants see each translation and each frame, which costs the speed. Default `off`. */
  readonly watch?: 'on' | 'off';
  /** First address of the break's range, which the range for maps follows; whole pages, not 0. */
  readonly base?: number;
  readonly mapSize?: number;
  readonly brkSize?: number;
  /** Default `up`. */
  readonly placement?: Placement;
  /** For the placement `random`. */
  readonly seed?: number;
}

/** What fits a preset's addresses. */
interface House {
  readonly base: number;
  /** A base for a heap that keeps addresses in 4 bytes. */
  readonly baseLow: number;
  readonly mapSize: number;
  readonly brkSize: number;
  /** Heap options that differ from the default ones. */
  readonly heap: Partial<HeapOptions>;
}

const HOUSES: Readonly<Record<PresetName, House>> = {
  'x86-64': {
    base: 0x5555 * 2 ** 32 + GIB,
    baseLow: GIB,
    mapSize: 16 * MIB,
    brkSize: 16 * MIB,
    heap: {},
  },
  'x86-32': { base: GIB, baseLow: GIB, mapSize: 16 * MIB, brkSize: 16 * MIB, heap: {} },
  toy: {
    base: 64,
    baseLow: 64,
    mapSize: 12 * KIB,
    brkSize: 4 * KIB - 64,
    heap: { growthUnit: 256, bigThreshold: KIB },
  },
};

const FRAMES_SIZE_MAX = 128 * MIB;

/** The heap options that suit the room of a preset, where they are not the default ones. */
export function heapOptionsOn(preset: PresetName): Partial<HeapOptions> {
  return HOUSES[preset].heap;
}

/** Completes what a heap needs of its arena: room for the break only if it grows by it, and addresses that fit its links. */
export function placedFor(heap: HeapOptions, options: PagedArenaOptions): PagedArenaOptions {
  const { base, baseLow, brkSize } = HOUSES[options.preset ?? 'x86-64'];
  return {
    base: heap.header === 4 ? baseLow : base,
    brkSize: heap.growth === 'brk' ? brkSize : 0,
    ...options,
  };
}

/**
 * An arena on the simulated machine: each load and store goes through the TLB and the page tables, pages and the break
 * are an address space's, and a page gets its frame when it is first touched.
 *
 * Touching what is not mapped is the machine's own fault, `PageFault`.
 */
export class PagedArena implements Arena, Memory {
  readonly pageSize: number;
  readonly bounds: Range;
  /** What a test has the system refuse. */
  readonly refusals = new Refusals();
  readonly kernel: Kernel;
  readonly space: AddressSpace;
  readonly #mmu: Mmu;

  /** @throws {UsageError} No such machine, or no such place on it. */
  constructor(options: PagedArenaOptions = {}) {
    const { preset = 'x86-64', frames, placement = 'up', seed, tlb, watch } = options;
    const { base, brkSize, mapSize } = { ...HOUSES[preset], ...options };
    const middle = base + brkSize;
    this.bounds = { start: base, end: middle + mapSize };
    this.pageSize = PRESETS[preset].pageSize;
    this.kernel = new Kernel({
      preset,
      framesCount: options.framesCount ?? framesFor(PRESETS[preset], brkSize + mapSize),
      ...(tlb && { tlb }),
      ...(watch && { watch }),
    });
    this.space = this.kernel.newSpace({
      placement,
      breakRange: { start: base, end: middle },
      mapRange: { start: middle, end: this.bounds.end },
      ...(frames && { frames }),
      ...(seed !== undefined && { seed }),
    });
    this.space.activate();
    this.#mmu = this.kernel.mmu;
  }

  /** Bytes that are mapped or below the break. */
  get mappedSize(): number {
    return this.space.areas.mappedSize;
  }

  load(address: number): number {
    return this.#mmu.load64(address);
  }

  store(address: number, value: number): void {
    this.#mmu.store64(address, value);
  }

  load32(address: number): number {
    return this.#mmu.load32(address);
  }

  store32(address: number, value: number): void {
    this.#mmu.store32(address, value);
  }

  loadDouble(address: number): number {
    return this.#mmu.loadDouble(address);
  }

  storeDouble(address: number, value: number): void {
    this.#mmu.storeDouble(address, value);
  }

  loadByte(address: number): number {
    return this.#mmu.load8(address);
  }

  storeByte(address: number, byte: number): void {
    this.#mmu.store8(address, byte);
  }

  copy(target: number, source: number, size: number): void {
    this.#mmu.copy(target, source, size);
  }

  zero(address: number, size: number): void {
    this.#mmu.zero(address, size);
  }

  map(size: number): number | null {
    if (this.refusals.isNext()) return null;
    const start = size % this.pageSize === 0 ? this.space.mmap({ size }) : 'EINVAL';
    if (start === 'EINVAL') throw new ArenaFault(`map of ${size} bytes: no whole pages`);
    return typeof start === 'number' ? start : null;
  }

  unmap(address: number, size: number): void {
    const isMapped = this.space.areas.cover({ start: address, end: address + size });
    const isWhole = size % this.pageSize === 0 && isMapped;
    if (!isWhole || this.space.munmap(address, size) !== 'done')
      throw new ArenaFault(`unmap of ${size} bytes at ${formatAddress(address)}: not mapped`);
  }

  brk(increment: number): number | null {
    if (increment > 0 && this.refusals.isNext()) return null;
    const before = this.space.sbrk(increment);
    return typeof before === 'number' ? before : null;
  }
}

/** Frames for so many bytes in two pieces, and for every table on the way to them. */
function framesFor(geometry: Geometry, size: number): number {
  const { pageSize } = geometry;
  const tablesCount = spansOf(geometry)
    .slice(0, -1)
    .reduce((sum, span) => sum + Math.floor(size / span) + 4, 1);
  return Math.min(Math.ceil(size / pageSize) + tablesCount, FRAMES_SIZE_MAX / pageSize);
}
