import { roundDown, roundUp } from '../base/bits.ts';
import { assert } from '../base/kit-bug.ts';
import { formatRange, type Range } from '../base/range.ts';
import { formatAddress } from '../base/units.ts';
import type { Access } from '../machine/page-fault.ts';
import {
  type AccessAnswer,
  type AccessSize,
  attempt,
  loadBytes,
  OUT_OF_FRAMES,
  storeBytes,
} from './access.ts';
import type { AddressSpace, MapRequest } from './address-space.ts';
import type { Protection } from './areas.ts';
import type { Kernel } from './kernel.ts';
import { PageLog } from './page-log.ts';
import type { ProcessMemory } from './process-memory.ts';
import type { Refusal } from './system-calls.ts';

/** The first thing of each kind that went wrong. */
export interface ModelProblems {
  /** `mmap` returned what is no place of its own. */
  place?: string;
  /** `mmap` mapped over something. */
  occupied?: string;
  /** A call was refused without a reason, or granted in spite of one. */
  answer?: string;
  /** An access did what it should not have, or not what it should. */
  access?: string;
  /** A load found what nobody stored. */
  contents?: string;
}

/** An access, and what the model has where it goes. */
interface ModelledAccess {
  readonly access: Access;
  readonly address: number;
  readonly protection: Protection;
  readonly size: AccessSize;
}

/**
 * An address space driven in lockstep with a model of it that knows nothing of areas, tables and frames. Calls and
 * accesses go through here, and what the real one answers is held against what the model expects.
 */
export class ModelledSpace implements ProcessMemory {
  readonly space: AddressSpace;
  readonly log: PageLog;
  readonly problems: ModelProblems = {};
  readonly #kernel: Kernel;
  readonly #pageSize: number;
  readonly #limit: number;
  readonly #activates: boolean;

  /**
   * @param space Nothing is mapped in it yet.
   * @param activation Whether an access activates the address space, or somebody else must have.
   */
  constructor(kernel: Kernel, space: AddressSpace, activation: 'own' | 'foreign' = 'own') {
    assert(
      space.areas.mappedSize === 0,
      'a model starts with an address space in which nothing is mapped',
    );
    this.space = space;
    this.#kernel = kernel;
    this.#activates = activation === 'own';
    this.#pageSize = kernel.mmu.geometry.pageSize;
    this.#limit = kernel.mmu.geometry.addressLimit;
    this.log = new PageLog(this.#pageSize);
  }

  mmap(request: MapRequest): number | Refusal {
    const { address, protection = 'read-write', size } = request;
    const lack = this.#lackFor(size);
    const result = this.space.mmap(request);
    if (typeof result !== 'number') {
      const hole = this.#holeFor(size, address);
      if (hole !== undefined && result !== lack)
        this.problems.answer ??= `mmap of ${size} bytes was refused: ${result}, and nothing is at ${formatRange(hole)}`;
      return result;
    }
    const range = this.#pagesOf(result, size);
    const taken = this.log.parts(range).find((part) => part.protection !== undefined);
    const isPlace = this.#isPlace(result, size) && result === (address ?? result);
    if (taken !== undefined && address !== undefined) {
      this.problems.occupied ??= `mmap at ${formatRange(range)} was granted, ${formatAddress(taken.start)} was mapped`;
    } else if (taken !== undefined || !isPlace) {
      this.problems.place ??= `mmap returned ${formatRange(range)}, which is not all its own`;
    }
    this.log.change(range, undefined);
    this.log.change(range, protection);
    return result;
  }

  munmap(address: number, size: number): 'done' | Refusal {
    const result = this.space.munmap(address, size);
    const expected = this.#isRange(address, size) ? 'done' : 'EINVAL';
    this.#expectAnswer(`munmap of ${size} bytes at ${formatAddress(address)}`, result, [expected]);
    if (result === 'done') this.log.change(this.#pagesOf(address, size), undefined);
    return result;
  }

  protect(address: number, size: number, protection: Protection): 'done' | Refusal {
    const result = this.space.protect(address, size, protection);
    const isRange = this.#isRange(address, size);
    const range = this.#pagesOf(address, size);
    const isMapped = this.log.parts(range).every((part) => part.protection !== undefined);
    const expected = isRange ? (isMapped ? 'done' : 'ENOMEM') : 'EINVAL';
    this.#expectAnswer(`mprotect of ${size} bytes at ${formatAddress(address)}`, result, [
      expected,
    ]);
    if (result === 'done') this.log.change(range, protection);
    return result;
  }

  sbrk(increment: number): number | Refusal {
    const before = this.space.breakAddress;
    const after = before + increment;
    const grown = { start: roundUp(before, this.#pageSize), end: roundUp(after, this.#pageSize) };
    const lack = this.#lackFor(grown.end - grown.start);
    const result = this.space.sbrk(increment);
    const { end, start } = this.space.breakRange;
    const isFree = this.#isFree(grown.start, grown.end - grown.start);
    const isPlace = after >= start && after <= end && isFree;
    const due = isPlace ? [before, lack] : ['ENOMEM'];
    this.#expectAnswer(`sbrk of ${increment} bytes at ${formatAddress(before)}`, result, due);
    if (typeof result !== 'number') return result;
    if (grown.end > grown.start) this.log.change(grown, 'read-write');
    else this.log.change({ start: grown.end, end: grown.start }, undefined);
    return result;
  }

  /** Loads bytes, which may lie on two pages. */
  load(address: number, size: AccessSize = 1): AccessAnswer {
    const protection = this.#protectionOf(address, size);
    const answer = this.#access({ access: 'load', address, protection, size }, () =>
      loadBytes(this.#kernel.mmu, address, size),
    );
    if (answer.kind === 'faulted' || protection === 'none') return answer;
    const expected = valueOf(this.#bytesAt(address, size));
    if (answer.value !== expected)
      this.problems.contents ??= `the ${bytesText(size)} at ${formatAddress(address)} ${size === 1 ? 'reads' : 'read'} ${answer.value}, ${expected} was stored`;
    return answer;
  }

  /** Stores bytes, which may lie on two pages. @param value Below 2^53, and what `size` bytes hold. */
  store(address: number, value: number, size: AccessSize = 1): AccessAnswer {
    const protection = this.#protectionOf(address, size);
    const answer = this.#access({ access: 'store', address, protection, size }, () => {
      storeBytes(this.#kernel.mmu, { address, size, value });
      return value;
    });
    if (answer.kind === 'faulted') {
      if (!this.#isOnOnePage(address, size)) this.log.storeHalf(address);
      return answer;
    }
    for (let index = 0; index < size; index += 1)
      this.log.store(address + index, Math.floor(value / 2 ** (8 * index)) % 256);
    return answer;
  }

  plant(address: number, words: Float64Array): boolean {
    const isPlanted = this.space.plant(address, words);
    const bytes = new Uint8Array(words.length * 8);
    const view = new DataView(bytes.buffer);
    for (const [index, word] of words.entries()) view.setBigUint64(8 * index, BigInt(word), true);
    if (isPlanted)
      for (const [index, byte] of bytes.entries()) this.log.store(address + index, byte);
    return isPlanted;
  }

  /** Makes an access, and holds what it came to against what it should. */
  #access({ access, address, protection, size }: ModelledAccess, make: () => number): AccessAnswer {
    if (this.#activates && !this.space.isActive) this.space.activate();
    const { frames } = this.#kernel;
    const freeBefore = frames.freeCount;
    const isAllowed = protection === 'read-write' || (protection === 'read' && access === 'load');
    const answer = attempt(make);
    const pagesCount = this.#isOnOnePage(address, size) ? 1 : 2;
    const framesMax = pagesCount * this.#kernel.mmu.layout.spans.length;
    const isLack = freeBefore < framesMax && isOutOfFrames(answer);
    const isFault = answer.kind === 'faulted' && !isLack;
    const at = (): string =>
      `the ${access} at ${formatAddress(address)}, where the protection is ${protection},`;
    if (isAllowed ? isFault : answer.kind === 'done') {
      this.problems.access ??= `${at()} was ${isAllowed ? 'refused' : 'granted'}`;
    } else if (answer.kind === 'faulted' && pagesCount === 1) {
      const taken = freeBefore - frames.freeCount;
      if (taken !== 0) this.problems.access ??= `${at()} was refused, and took ${taken} frames`;
    }
    return answer;
  }

  /** What may be done with all of some bytes; what is not mapped is for nobody. */
  #protectionOf(address: number, size: number): Protection {
    const first = this.#protectionAt(address);
    if (this.#isOnOnePage(address, size)) return first;
    const last = this.#protectionAt(address + size - 1);
    return PROTECTIONS.find((protection) => protection === first || protection === last)!;
  }

  #protectionAt(address: number): Protection {
    return this.log.protectionAt(address) ?? 'none';
  }

  #bytesAt(address: number, size: number): readonly number[] {
    return Array.from({ length: size }, (_, index) => this.log.byteAt(address + index));
  }

  /** @param due What may be answered, the rule first. */
  #expectAnswer(
    call: string,
    actual: number | string,
    due: readonly (number | string | undefined)[],
  ): void {
    if (!due.includes(actual))
      this.problems.answer ??= `${call} was answered ${actual}, ${due[0]} was due`;
  }

  /**
   * What mapping so many bytes may be answered for want of frames: where pages get theirs when they are mapped, and there
   * are fewer than the pages and all tables on the way to them may take.
   */
  #lackFor(size: number): 'ENOMEM' | undefined {
    if (!this.space.mapsFrames) return undefined;
    const { frames, mmu } = this.#kernel;
    // A range of less than a table's reach may lie on two tables.
    const tablesMax = mmu.layout.spans
      .slice(0, -1)
      .reduce((count, span) => count + Math.floor(size / span) + 2, 0);
    return frames.freeCount < Math.ceil(size / this.#pageSize) + tablesMax ? 'ENOMEM' : undefined;
  }

  /**
   * Where something of a size may be mapped, if it may: at an address, or anywhere in a hole that has a page to spare on
   * either side, since some placements leave one.
   */
  #holeFor(size: number, address: number | undefined): Range | undefined {
    if (address !== undefined) {
      const isHole = this.#isPlace(address, size) && this.#isFree(address, size);
      return isHole ? this.#pagesOf(address, size) : undefined;
    }
    if (size === 0) return undefined;
    const sizeMin = roundUp(size, this.#pageSize) + 2 * this.#pageSize;
    let { start } = this.space.mapRange;
    for (const { end, protection } of this.log.parts(this.space.mapRange)) {
      if (protection !== undefined) start = end;
      else if (end - start >= sizeMin) return { start, end };
    }
    return undefined;
  }

  #isOnOnePage(address: number, size: number): boolean {
    return roundDown(address, this.#pageSize) === roundDown(address + size - 1, this.#pageSize);
  }

  /** Whether a range is one that calls take: it begins with a page, has a byte, and ends below the limit. */
  #isRange(address: number, size: number): boolean {
    return address % this.#pageSize === 0 && size > 0 && address + size <= this.#limit;
  }

  /** Whether something may be mapped there; page 0 is nobody's. */
  #isPlace(address: number, size: number): boolean {
    return address > 0 && this.#isRange(address, size);
  }

  #isFree(address: number, size: number): boolean {
    const parts = this.log.parts(this.#pagesOf(address, size));
    return parts.every(({ protection }) => protection === undefined);
  }

  #pagesOf(address: number, size: number): Range {
    return { start: address, end: address + Math.ceil(size / this.#pageSize) * this.#pageSize };
  }
}

/** The least first. */
const PROTECTIONS: readonly Protection[] = ['none', 'read', 'read-write'];

function isOutOfFrames(answer: AccessAnswer): boolean {
  return answer.kind === 'faulted' && answer.why === OUT_OF_FRAMES;
}

/** Little-endian; rounded as a load of 8 bytes is where it is above 2^53. */
function valueOf(bytes: readonly number[]): number {
  const low = bytes.slice(0, 4).reduceRight((sum, byte) => sum * 256 + byte, 0);
  const high = bytes.slice(4).reduceRight((sum, byte) => sum * 256 + byte, 0);
  return low + high * 2 ** 32;
}

function bytesText(size: number): string {
  return size === 1 ? 'byte' : `${size} bytes`;
}
