import { assert } from '../../src/base/kit-bug.ts';
import type { BlockOp, Slot } from '../../src/program/op.ts';

/** The kinds of op that a search can be over. */
export const EXPLORED_KINDS = ['malloc', 'free', 'realloc', 'calloc', 'aligned'] as const;

export type ExploredKind = (typeof EXPLORED_KINDS)[number];

export interface AlphabetOptions {
  readonly kinds: readonly ExploredKind[];
  /** Sizes that are asked for, in bytes. */
  readonly sizes: readonly number[];
  /** What `aligned` asks for. */
  readonly alignment: number;
}

/** What may be done next in a state: blocks are asked for in the lowest empty slot, and given back from any. */
export interface Slots {
  /** By rising number. */
  readonly live: readonly Slot[];
  readonly empty: Slot;
}

/**
 * The ops of a search, each with a code that says the same in every state:
 *
 *     requests            b0                        b1
 *     ┌────────┬─────── ──┬──────┬──────────── ─────┬──────┬──
 *     │ malloc │ calloc … │ free │ realloc to each  │ free │ …
 *     └────────┴─────── ──┴──────┴──────────── ─────┴──────┴──
 *
 * Sizes fall from code to code, so that what a smaller request came to can be compared with the larger one before it.
 */
export class Alphabet {
  readonly options: AlphabetOptions;
  readonly #sizes: readonly number[];
  readonly #requests: readonly ExploredKind[];
  readonly #slotsFrom: number;
  readonly #perSlot: number;
  readonly #hasFree: boolean;
  readonly #hasRealloc: boolean;

  constructor(options: AlphabetOptions) {
    assert(options.sizes.length > 0, 'an alphabet has sizes');
    this.options = options;
    this.#sizes = options.sizes.toSorted((a, b) => b - a);
    this.#requests = options.kinds.filter((kind) => kind !== 'free' && kind !== 'realloc');
    this.#hasFree = options.kinds.includes('free');
    this.#hasRealloc = options.kinds.includes('realloc');
    this.#slotsFrom = this.#requests.length * this.#sizes.length;
    this.#perSlot = 1 + this.#sizes.length;
  }

  /** The codes of all ops that do something, rising. */
  codes({ live }: Slots): readonly number[] {
    const codes: number[] = [];
    for (let code = 0; code < this.#slotsFrom; code += 1) codes.push(code);
    for (const slot of live) {
      const free = this.freeOf(slot);
      if (this.#hasFree) codes.push(free);
      if (!this.#hasRealloc) continue;
      for (let index = 0; index < this.#sizes.length; index += 1) codes.push(free + 1 + index);
    }
    return codes;
  }

  /** The code of the free of a slot, whether it is in the alphabet or not. */
  freeOf(slot: Slot): number {
    return this.#slotsFrom + slot * this.#perSlot;
  }

  /** Whether an op differs from the one of the code before in its size alone. */
  isSmallerThanBefore(code: number): boolean {
    if (code < this.#slotsFrom) return code % this.#sizes.length > 0;
    return (code - this.#slotsFrom) % this.#perSlot > 1;
  }

  op(code: number, empty: Slot): BlockOp {
    if (code < this.#slotsFrom) return this.#request(code, empty);
    const slot = Math.floor((code - this.#slotsFrom) / this.#perSlot);
    const index = (code - this.#slotsFrom) % this.#perSlot;
    if (index === 0) return { kind: 'free', slot };
    return { kind: 'realloc', slot, source: slot, size: this.#sizes[index - 1]! };
  }

  #request(code: number, slot: Slot): BlockOp {
    const kind = this.#requests[Math.floor(code / this.#sizes.length)]!;
    const size = this.#sizes[code % this.#sizes.length]!;
    if (kind === 'calloc') return { kind, slot, count: 1, size };
    if (kind === 'aligned') return { kind, slot, alignment: this.options.alignment, size };
    return { kind: 'malloc', slot, size };
  }
}
