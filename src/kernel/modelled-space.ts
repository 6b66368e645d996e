import { roundDown, roundUp } from '../base/bits.ts';
import { assert } from '../base/kit-bug.ts';
import { formatRange, overlaps, type Range } from '../base/range.ts';
import { formatAddress } from '../base/units.ts';
import type { Access } from '../machine/page-fault.ts';
import type { AddressSpace, MapRequest } from './address-space.ts';
import type { Protection } from './areas.ts';
import type { Kernel } from './kernel.ts';
import type { Refusal } from './system-calls.ts';

/** A page as the model has it. */
export interface ModelPage {
  readonly protection: Protection;
  /** What was stored, all zero at first. */
  readonly bytes: Uint8Array;
}

/** The first thing of each kind that went wrong. */
export interface ModelProblems {
  /** `mmap` returned what is no place of its own. */
  place?: string;
  /** `mmap` mapped over something. */
  occupied?: string;
  /** An access did what it should not have, or not what it should. */
  access?: string;
  /** A load found what nobody stored. */
  contents?: string;
}

/**
 * An address space driven in lockstep with a model of it that knows nothing of areas, tables and frames: a map from
 * page to protection and bytes. Calls and accesses go through here, and what the real one answers is held against it.
 */
export class ModelledSpace {
  readonly space: AddressSpace;
  readonly pages = new Map<number, ModelPage>();
  readonly problems: ModelProblems = {};
  readonly #kernel: Kernel;
  readonly #pageSize: number;

  /** @param space Nothing is mapped in it yet. */
  constructor(kernel: Kernel, space: AddressSpace) {
    assert(
      space.areas.mappedSize === 0,
      'a model starts with an address space in which nothing is mapped',
    );
    this.space = space;
    this.#kernel = kernel;
    this.#pageSize = kernel.mmu.geometry.pageSize;
  }

  mmap(request: MapRequest): number | Refusal {
    const result = this.space.mmap(request);
    if (typeof result !== 'number') return result;
    const { address, protection = 'read-write' } = request;
    const range = { start: result, end: result + roundUp(request.size, this.#pageSize) };
    const taken = this.#pagesIn(range).find((page) => this.pages.has(page));
    const { addressLimit } = this.#kernel.mmu.geometry;
    const isPlace = result > 0 && result % this.#pageSize === 0 && range.end <= addressLimit;
    if (taken !== undefined && address !== undefined) {
      this.problems.occupied ??= `mmap at ${formatRange(range)} was granted, ${formatAddress(taken)} was mapped`;
    } else if (taken !== undefined || !isPlace || result !== (address ?? result)) {
      this.problems.place ??= `mmap returned ${formatRange(range)}, which is not all its own`;
    }
    this.#add(range, protection);
    return result;
  }

  munmap(address: number, size: number): 'done' | Refusal {
    const result = this.space.munmap(address, size);
    if (result === 'done') this.#remove({ start: address, end: address + size });
    return result;
  }

  protect(address: number, size: number, protection: Protection): 'done' | Refusal {
    const result = this.space.protect(address, size, protection);
    if (result !== 'done') return result;
    for (const page of this.#pagesIn({ start: address, end: address + size })) {
      const { bytes } = this.pages.get(page)!;
      this.pages.set(page, { bytes, protection });
    }
    return result;
  }

  sbrk(increment: number): number | Refusal {
    const result = this.space.sbrk(increment);
    if (typeof result !== 'number') return result;
    const from = roundUp(result, this.#pageSize);
    const to = roundUp(result + increment, this.#pageSize);
    this.#add({ start: from, end: to }, 'read-write');
    this.#remove({ start: to, end: from });
    return result;
  }

  /** Loads a byte. @returns It, or undefined: the access was refused. */
  load(address: number): number | undefined {
    const found = this.#access(address, 'load', () => this.#kernel.mmu.load8(address));
    const page = this.pages.get(roundDown(address, this.#pageSize));
    const expected = page?.bytes[address % this.#pageSize];
    if (found !== undefined && expected !== undefined && found !== expected)
      this.problems.contents ??= `the byte at ${formatAddress(address)} reads ${found}, ${expected} was stored`;
    return found;
  }

  /** Stores a byte. @returns Whether it was stored. */
  store(address: number, byte: number): boolean {
    const stored = this.#access(address, 'store', () => {
      this.#kernel.mmu.store8(address, byte);
      return byte;
    });
    const page = this.pages.get(roundDown(address, this.#pageSize));
    if (stored !== undefined && page !== undefined) page.bytes[address % this.#pageSize] = byte;
    return stored !== undefined;
  }

  /** Makes an access, and holds what it came to against what it should. @returns Undefined when it was refused. */
  #access(address: number, access: Access, make: () => number): number | undefined {
    if (!this.space.isActive) this.space.activate();
    const { frames } = this.#kernel;
    const freeBefore = frames.freeCount;
    const protection = this.pages.get(roundDown(address, this.#pageSize))?.protection ?? 'none';
    const isAllowed = protection === 'read-write' || (protection === 'read' && access === 'load');
    const { refusal, value } = attempt(make);
    const at = `the ${access} at ${formatAddress(address)}, where the protection is ${protection},`;
    if (isAllowed ? refusal === 'PageFault' : refusal === undefined) {
      this.problems.access ??= `${at} was ${isAllowed ? 'refused' : 'granted'}`;
    } else if (refusal !== undefined && frames.freeCount !== freeBefore) {
      this.problems.access ??= `${at} was refused, and took ${freeBefore - frames.freeCount} frames`;
    }
    return value;
  }

  #add(range: Range, protection: Protection): void {
    for (const page of this.#pagesIn(range))
      this.pages.set(page, { protection, bytes: new Uint8Array(this.#pageSize) });
  }

  #remove(range: Range): void {
    for (const page of this.pages.keys()) {
      if (overlaps({ start: page, end: page + this.#pageSize }, range)) this.pages.delete(page);
    }
  }

  #pagesIn({ start, end }: Range): number[] {
    const count = Math.max(0, Math.ceil((end - start) / this.#pageSize));
    return Array.from({ length: count }, (_, index) => start + index * this.#pageSize);
  }
}

interface Attempt {
  readonly value?: number;
  readonly refusal?: string;
}

/** Faults are known by name, so that a kernel with a line changed, whose classes are its own, can be driven too. */
function attempt(make: () => number): Attempt {
  try {
    return { value: make() };
  } catch (error) {
    const isFault = error instanceof Error && ['PageFault', 'OutOfFrames'].includes(error.name);
    if (isFault) return { refusal: error.name };
    throw error;
  }
}
