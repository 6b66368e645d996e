import type { Op } from '../program/op.ts';
import { type Broken, formatCall } from './finding.ts';
import type { MisuseAnswer } from './target.ts';

/** What became of a free that should not be: its answer, and how the footprint changed meanwhile, in bytes. */
export interface MisusedFree {
  readonly answer: 'accepted' | 'refused' | 'aborted';
  readonly growth: number;
}

/** What became of the requests behind a write into free memory. */
export interface WrittenFree {
  /** Whether the memory that was written to was handed out again, and nobody stopped. */
  readonly isHandedOut: boolean;
  /** What is wrong with their answers. */
  readonly wrong: Broken | undefined;
}

/** What is owed to a block that is freed twice. */
export const DOUBLE_FREE_KEEPS_PROMISE = {
  name: 'double-free-keeps-promise',
  says: 'Freeing a block a second time is refused, ignored or aborted, as the target promises.',
  rows: 'H12 B16',
  source: 'CWE-415; glibc: "double free or corruption".',
  needs: 'promise doubleFree',
  check: (op: Op, promise: MisuseAnswer, free: MisusedFree) =>
    brokenFree(op, promise, { free, since: 'since the block was freed before' }),
} as const;

/** What is owed to the free of an address that no block begins at. */
export const FREE_INSIDE_KEEPS_PROMISE = {
  name: 'free-inside-keeps-promise',
  says: 'Freeing an address inside a block is refused, ignored or aborted, as the target promises.',
  rows: 'H12 B16',
  source: 'CWE-761; glibc: "free(): invalid pointer".',
  needs: 'promise freeInside',
  check: (op: Op, promise: MisuseAnswer, free: MisusedFree) =>
    brokenFree(op, promise, { free, since: 'since no block starts there' }),
} as const;

/** What is owed to the free of an address that the target never gave. */
export const FREE_FOREIGN_KEEPS_PROMISE = {
  name: 'free-foreign-keeps-promise',
  says: 'Freeing an address outside of the heap is refused, ignored or aborted, as the target promises.',
  rows: 'H12 B16',
  source:
    'CWE-590; mimalloc: "mi_free: invalid (unaligned) pointer" and "pointer might not point to a valid heap region".',
  needs: 'bounds, promise freeForeign',
  check: (op: Op, promise: MisuseAnswer, free: MisusedFree) =>
    brokenFree(op, promise, { free, since: 'since no block can lie there' }),
} as const;

/** What is owed to memory that is written to when it is free. */
export const WRITE_FREED_KEEPS_PROMISE = {
  name: 'write-freed-keeps-promise',
  says: 'A write into a freed block harms no request behind it, or stops the target, as it promises.',
  rows: 'B16',
  source: 'CWE-416; GrapheneOS hardened_malloc: "write after free detected".',
  needs: 'memory, promise writeFreed',
  check: (op: Op, promise: MisuseAnswer, { isHandedOut, wrong }: WrittenFree) => {
    if (wrong !== undefined)
      return { observed: `after ${formatCall(op)}, ${wrong.observed}`, expected: wrong.expected };
    if (promise !== 'aborted' || !isHandedOut) return undefined;
    return {
      observed: `after ${formatCall(op)}, that memory was handed out again`,
      expected: 'the target to stop, since free memory was written to',
    };
  },
} as const;

function brokenFree(
  op: Op,
  promise: MisuseAnswer,
  { free: { answer, growth }, since }: { readonly free: MisusedFree; readonly since: string },
): Broken | undefined {
  if (answer === 'aborted') return undefined;
  if (promise === 'aborted')
    return { observed: `${formatCall(op)} returned`, expected: `the target to stop, ${since}` };
  if (promise === 'refused' && answer === 'accepted')
    return { observed: `${formatCall(op)} was accepted`, expected: `false, ${since}` };
  if (growth === 0) return undefined;
  return {
    observed: `${formatCall(op)} took ${growth} more bytes from the system`,
    expected: `nothing to change, ${since}`,
  };
}
