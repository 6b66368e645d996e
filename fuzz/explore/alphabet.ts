import { assert } from '../../src/base/kit-bug.ts';
import type { BlockOp, Slot } from '../../src/program/op.ts';

/** The kinds of op that a search can be over. */
export const EXPLORED_KINDS = [
  'malloc',
  'free',
  'realloc',
  'calloc',
  'aligned',
  'double-free',
  'free-inside',
  'free-foreign',
  'write-freed',
] as const;

export type ExploredKind = (typeof EXPLORED_KINDS)[number];

export interface AlphabetOptions {
  readonly kinds: readonly ExploredKind[];
  /** Sizes that are asked for, in bytes; also the offsets at which a block is freed inside. */
  readonly sizes: readonly number[];
  /** What `aligned` asks for. */
  readonly alignment: number;
}

/** Kinds of op that ask for a block in an empty slot. */
const REQUESTS: ReadonlySet<ExploredKind> = new Set(['malloc', 'calloc', 'aligned']);

/** What may be done next in a state: blocks are asked for in the lowest empty slot, and given back from any. */
export interface Slots {
  /** By rising slot. */
  readonly live: readonly { readonly slot: Slot; readonly size: number }[];
  /** Those that gave back an address which no live block has by now. */
  readonly freed: readonly Slot[];
  /** Those that gave back a block of which the first byte is nobody's by now. */
  readonly writable: readonly Slot[];
  readonly empty: Slot;
}

/**
 * The ops of a search, each with a code that says the same in every state:
 *
 *     requests               b0                                                                b1
 *     ┌────────┬───┬─────────┬──────┬─────────────────┬─────────────────────┬───────┬─────────┬──────┬──
 *     │ malloc │ … │ foreign │ free │ realloc to each │ free inside at each │ write │ … again │ free │ …
 *     └────────┴───┴─────────┴──────┴─────────────────┴─────────────────────┴───────┴─────────┴──────┴──
 *
 * What is freed outside of the heap lies right behind it, and what is written to is the first byte of a freed block.
 *
 * Sizes fall from code to code, so that what a smaller request came to can be compared with the larger one before it.
 */
export class Alphabet {
  readonly options: AlphabetOptions;
  readonly #sizes: readonly number[];
  readonly #requests: readonly ExploredKind[];
  /** The code of the free outside of the heap, behind those of the requests. */
  readonly #foreign: number;
  readonly #slotsFrom: number;
  readonly #perSlot: number;
  readonly #hasInside: boolean;
  /** The ops of codes, for each slot that was the lowest empty one: a search does the same ones millions of times. */
  readonly #ops: BlockOp[][] = [];

  constructor(options: AlphabetOptions) {
    assert(options.sizes.length > 0, 'an alphabet has sizes');
    this.options = options;
    this.#sizes = options.sizes.toSorted((a, b) => b - a);
    this.#requests = options.kinds.filter((kind) => REQUESTS.has(kind));
    this.#foreign = this.#requests.length * this.#sizes.length;
    this.#slotsFrom = this.#foreign + 1;
    this.#perSlot = 3 + 2 * this.#sizes.length;
    this.#hasInside = options.kinds.includes('free-inside');
  }

  /** The codes of all ops that do something, always in the same order. */
  codes({ freed, live, writable }: Slots): readonly number[] {
    const { kinds } = this.options;
    const codes = Array.from({ length: this.#foreign }, (_, code) => code);
    if (kinds.includes('free-foreign')) codes.push(this.#foreign);
    for (const { size, slot } of live) {
      const own = this.#slotsFrom + slot * this.#perSlot;
      if (kinds.includes('free')) codes.push(own);
      for (const index of this.#sizes.keys()) {
        if (kinds.includes('realloc')) codes.push(own + 1 + index);
      }
      for (const [index, offset] of this.#sizes.entries()) {
        if (this.#liesInside(offset, size)) codes.push(own + this.#insideFrom + index);
      }
    }
    if (kinds.includes('write-freed')) {
      for (const slot of writable) codes.push(this.#slotsFrom + (slot + 1) * this.#perSlot - 2);
    }
    if (kinds.includes('double-free')) {
      for (const slot of freed) codes.push(this.#slotsFrom + (slot + 1) * this.#perSlot - 1);
    }
    return codes;
  }

  /** At how many offsets a block of this size can be freed inside. */
  insideCount(size: number): number {
    return this.#sizes.filter((offset) => this.#liesInside(offset, size)).length;
  }

  /** Whether an op differs from the one of the code before in its size alone. */
  isSmallerThanBefore(code: number): boolean {
    if (code < this.#foreign) return code % this.#sizes.length > 0;
    if (code === this.#foreign) return false;
    const index = (code - this.#slotsFrom) % this.#perSlot;
    return index > 1 && index < this.#insideFrom;
  }

  op(code: number, empty: Slot): BlockOp {
    const ops = (this.#ops[empty] ??= []);
    return (ops[code] ??= this.#opOf(code, empty));
  }

  #opOf(code: number, empty: Slot): BlockOp {
    if (code < this.#foreign) return this.#request(code, empty);
    if (code === this.#foreign) return { kind: 'free-foreign', slot: null, offset: 0 };
    const slot = Math.floor((code - this.#slotsFrom) / this.#perSlot);
    const index = (code - this.#slotsFrom) % this.#perSlot;
    if (index === 0) return { kind: 'free', slot };
    if (index === this.#perSlot - 1) return { kind: 'double-free', slot };
    if (index === this.#perSlot - 2) return { kind: 'write-freed', slot, offset: 0 };
    const inside = index - this.#insideFrom;
    if (inside >= 0) return { kind: 'free-inside', slot, offset: this.#sizes[inside]! };
    return { kind: 'realloc', slot, source: slot, size: this.#sizes[index - 1]! };
  }

  /** Where the ops inside of a slot's block begin, counted from its free. */
  get #insideFrom(): number {
    return 1 + this.#sizes.length;
  }

  #liesInside(offset: number, size: number): boolean {
    return this.#hasInside && offset > 0 && offset < size;
  }

  #request(code: number, slot: Slot): BlockOp {
    const kind = this.#requests[Math.floor(code / this.#sizes.length)]!;
    const size = this.#sizes[code % this.#sizes.length]!;
    if (kind === 'calloc') return { kind, slot, count: 1, size };
    if (kind === 'aligned') return { kind, slot, alignment: this.options.alignment, size };
    return { kind: 'malloc', slot, size };
  }
}
