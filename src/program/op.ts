import type { Size } from '../base/units.ts';

/** A program's variable that may hold a block: a whole number from 0. Written `b0`, `b1`, … */
export type Slot = number;

/** One past the highest slot. */
export const SLOTS_LIMIT = 2 ** 20;

/**
 * One step of a program. Plain data; what it does is up to the runner.
 *
 * - `malloc`, `calloc`, `aligned` ask for a block and put it into `slot`.
 * - `realloc` moves the block of `source` (nothing, for null) to a new size and puts it into `slot`.
 * - `free` gives the block of `slot` back, or asks what a null pointer does.
 * - `double-free` and `free-inside` are misuse: they send an address that is not to be freed (the last one that
 *   `slot` held and gave back; one that lies `offset` bytes into the block of `slot`) and are sent only to targets
 *   that promise an answer.
 *
 * Every program is valid: an op whose source slot is empty, or whose target slot is live (unless it is the op's own
 * source), does nothing. So any subset of a program is a program.
 */
export type Op =
  | { readonly kind: 'malloc'; readonly slot: Slot; readonly size: Size }
  | { readonly kind: 'calloc'; readonly slot: Slot; readonly count: Size; readonly size: Size }
  | {
      readonly kind: 'aligned';
      readonly slot: Slot;
      readonly alignment: number;
      readonly size: Size;
    }
  | {
      readonly kind: 'realloc';
      readonly slot: Slot;
      readonly source: Slot | null;
      readonly size: Size;
    }
  | { readonly kind: 'free'; readonly slot: Slot | null }
  | { readonly kind: 'double-free'; readonly slot: Slot }
  | { readonly kind: 'free-inside'; readonly slot: Slot; readonly offset: number };

export type OpKind = Op['kind'];

/** Every kind, in the order in which tables and byte programs number them. */
export const OP_KINDS = [
  'malloc',
  'free',
  'realloc',
  'calloc',
  'aligned',
  'double-free',
  'free-inside',
] as const satisfies readonly OpKind[];

/** The highest alignment that an op may ask for: 2^30 bytes. */
export const ALIGNMENT_EXPONENT_MAX = 30;
