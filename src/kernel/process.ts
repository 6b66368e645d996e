import type { Range } from '../base/range.ts';
import type { AddressSpace } from './address-space.ts';
import type { ProcessMemory } from './process-memory.ts';
import type { Thread } from './thread.ts';

/**
 * An address space and the threads that share it. It ends with its last thread.
 *
 * Stacks lie one below the other, each above a page that is nobody's, in the eighth of all addresses below the break:
 *
 *     ┌───────┬─────────┬───────┬─────────┬─────────────┬───────────────
 *     │ guard │ stack 1 │ guard │ stack 0 │  the break  │  maps …
 *     └───────┴─────────┴───────┴─────────┴─────────────┴───────────────
 */
export class Process {
  /** Counts processes from 0, in the order in which they were made. */
  readonly number: number;
  readonly memory: ProcessMemory;
  /** Those that have not ended. */
  readonly threads = new Set<Thread>();
  /** Where stacks lie. */
  readonly stackRange: Range;
  /** Areas of stacks that are in use. */
  readonly stacks: Range[] = [];

  constructor(number: number, memory: ProcessMemory, stackRange: Range) {
    this.number = number;
    this.memory = memory;
    this.stackRange = stackRange;
  }

  get space(): AddressSpace {
    return this.memory.space;
  }

  /** The highest place for a stack of so many bytes, whole pages, or undefined: there is none. */
  placeForStack(size: number, pageSize: number): Range | undefined {
    let { end } = this.stackRange;
    for (const stack of this.stacks.toSorted((a, b) => b.end - a.end)) {
      if (end - stack.end >= size + pageSize) break;
      end = stack.start - pageSize;
    }
    const start = end - size;
    return start >= this.stackRange.start + pageSize ? { start, end } : undefined;
  }
}
