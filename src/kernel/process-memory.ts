import type { Mmu } from '../machine/mmu.ts';
import { type AccessAnswer, type AccessSize, attempt, loadBytes, storeBytes } from './access.ts';
import type { AddressSpace, MapRequest } from './address-space.ts';
import type { Protection } from './areas.ts';
import type { Refusal } from './system-calls.ts';

/** The memory of a process as its threads see it: their accesses, and the calls that change it. */
export interface ProcessMemory {
  readonly space: AddressSpace;
  mmap(request: MapRequest): number | Refusal;
  munmap(address: number, size: number): 'done' | Refusal;
  protect(address: number, size: number, protection: Protection): 'done' | Refusal;
  sbrk(increment: number): number | Refusal;
  load(address: number, size: AccessSize): AccessAnswer;
  store(address: number, value: number, size: AccessSize): AccessAnswer;
  /** The kernel writes words of 8 bytes itself. @returns False: there is no frame for their pages. */
  plant(address: number, words: Float64Array): boolean;
}

/** A process's memory as it is, without a model of it. */
export class PlainMemory implements ProcessMemory {
  readonly space: AddressSpace;
  readonly #mmu: Mmu;

  constructor(mmu: Mmu, space: AddressSpace) {
    this.space = space;
    this.#mmu = mmu;
  }

  mmap(request: MapRequest): number | Refusal {
    return this.space.mmap(request);
  }

  munmap(address: number, size: number): 'done' | Refusal {
    return this.space.munmap(address, size);
  }

  protect(address: number, size: number, protection: Protection): 'done' | Refusal {
    return this.space.protect(address, size, protection);
  }

  sbrk(increment: number): number | Refusal {
    return this.space.sbrk(increment);
  }

  load(address: number, size: AccessSize): AccessAnswer {
    return attempt(() => loadBytes(this.#mmu, address, size));
  }

  store(address: number, value: number, size: AccessSize): AccessAnswer {
    return attempt(() => {
      storeBytes(this.#mmu, { address, size, value });
      return value;
    });
  }

  plant(address: number, words: Float64Array): boolean {
    return this.space.plant(address, words);
  }
}
