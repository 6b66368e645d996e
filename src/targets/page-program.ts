import { unreachable } from '../base/kit-bug.ts';
import type { Outcome } from '../check/outcome.ts';
import type { ProcessMemory } from '../kernel/process-memory.ts';
import type { Answer } from '../kernel/thread.ts';
import type { Base, PageOp, Slot } from '../program/op.ts';
import { storedBy } from './stored-by.ts';

const SKIPPED: Outcome = { kind: 'skipped' };
const DONE: Outcome = { kind: 'done' };

/** Ops on pages as one program does them to its memory, and the slots of its areas. */
export class PageProgram {
  readonly #memory: ProcessMemory;
  readonly #pageSize: number;
  readonly #areas = new Map<Slot, number>();

  constructor(memory: ProcessMemory, pageSize: number) {
    this.#memory = memory;
    this.#pageSize = pageSize;
  }

  /** @param step What a store stores follows from it. */
  perform(op: PageOp, step: number): Outcome {
    if (op.kind === 'map') return this.#map(op, undefined);
    if (op.kind === 'brk') return answered(this.#memory.sbrk(op.increment));
    const start = this.#addressOf(op.base);
    const address = start === undefined ? NaN : start + op.offset;
    if (!Number.isSafeInteger(address)) return SKIPPED;
    switch (op.kind) {
      case 'map-at':
        return this.#map(op, address);
      case 'unmap':
        return answered(this.#memory.munmap(address, op.size));
      case 'protect':
        return answered(this.#memory.protect(address, op.size, op.protection));
      case 'load':
        return this.#memory.load(address, op.size);
      case 'store':
        return this.#memory.store(address, storedBy(step, op.size), op.size);
      case 'touch':
        return this.#touch(address, op.size, step);
      default:
        return unreachable(op);
    }
  }

  #addressOf(base: Base): number | undefined {
    if (base === 'brk') return this.#memory.space.breakRange.start;
    return typeof base === 'number' ? this.#areas.get(base) : undefined;
  }

  #map(
    { area, protection, size }: PageOp & { kind: 'map' | 'map-at' },
    address: number | undefined,
  ): Outcome {
    const start = this.#memory.mmap({
      size,
      protection,
      ...(address !== undefined && { address }),
    });
    if (typeof start !== 'number') return answered(start);
    this.#areas.set(area, start);
    return { kind: 'granted', address: start, size };
  }

  /** A byte to each page; frames run out before a range that is too long ends. */
  #touch(address: number, size: number, step: number): Outcome {
    const value = storedBy(step, 1);
    for (let at = address; at < address + size; at += this.#pageSize) {
      const answer = this.#memory.store(at, value, 1);
      if (answer.kind === 'faulted') return answer;
    }
    return DONE;
  }
}

/** What a call came to that was answered so: a number or `done`, or why it was refused. */
export function answered(answer: Answer): Outcome {
  return typeof answer === 'number' || answer === 'done'
    ? DONE
    : { kind: 'refused', why: String(answer) };
}
