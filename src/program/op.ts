import type { Size } from '../base/units.ts';

/** A program's variable that may hold a block: a whole number from 0. Written `b0`, `b1`, … */
export type Slot = number;

/** What a slot holds, as programs write it: an area, a block, a queue, a semaphore or a thread. */
export type SlotLetter = 'a' | 'b' | 'q' | 's' | 't';

/** One past the highest slot. */
export const SLOTS_LIMIT = 2 ** 20;

/**
 * One step of a program. Plain data; what it does is up to the runner.
 *
 * Every program is valid: an op whose slots do not allow it does nothing. So any subset of a program is a program.
 */
export type Op = (BlockOp | PageOp | ThreadOp) & {
  /** The thread that does it, for a program of several; the first one, 0, where nothing is said. Written `t1: …`. */
  readonly thread?: Slot;
};

/**
 * What an allocator is asked.
 *
 * - `malloc`, `calloc`, `aligned` ask for a block and put it into `slot`.
 * - `realloc` moves the block of `source` (nothing, for null) to a new size and puts it into `slot`.
 * - `free` gives the block of `slot` back, or asks what a null pointer does.
 * - `double-free`, `free-inside` and `free-foreign` are misuse: they send an address that is not to be freed (the last
 *   one that `slot` held and gave back; one that lies `offset` bytes into the block of `slot`; one that lies `offset`
 *   bytes behind the memory in which blocks may lie, or in front of it where that is below 0). An `offset` that is no
 *   multiple of the alignment makes an address that no block can have.
 * - `write-freed` is misuse, too: it changes the byte `offset` bytes into the block that `slot` gave back last.
 *
 * Misuse is sent only to targets that promise an answer. An op whose source slot is empty, or whose target slot is live (unless it is the op's own source), does nothing.
 */
export type BlockOp =
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
  | MisuseOp;

/** What no program should do: frees of what is not to be freed, and a write into what was freed. */
export type MisuseOp =
  | { readonly kind: 'double-free'; readonly slot: Slot }
  | { readonly kind: 'free-inside'; readonly slot: Slot; readonly offset: number }
  | { readonly kind: 'write-freed'; readonly slot: Slot; readonly offset: number }
  /** Of an address that no slot holds. */
  | { readonly kind: 'free-foreign'; readonly slot: null; readonly offset: number };

/** A free of an address that is not to be freed. */
export type MisusedFreeOp = Exclude<MisuseOp, { readonly kind: 'write-freed' }>;

/** A write into a block that was freed. */
export type WriteFreedOp = Extract<MisuseOp, { readonly kind: 'write-freed' }>;

/** What a program may do in the pages that it maps. */
export type Protection = 'none' | 'read' | 'read-write';

/**
 * Where in memory an op on pages begins: at the address that a `map` put into a slot, where the break began, or at a
 * block.
 */
export type Base = Slot | 'brk' | `b${number}`;

/** How many bytes a load or a store moves. */
export type AccessSize = 1 | 2 | 4 | 8;

/**
 * What a machine with an address space is asked. Addresses are `offset` bytes behind a base.
 *
 * - `map` maps whole pages anywhere, `map-at` where it says; the address goes into slot `area`, written `a0`, `a1`, …
 *   It stays there when pages are unmapped, so that what is gone can be touched, until the slot is mapped anew.
 * - `unmap` and `protect` change the pages of a range; `brk` moves the break by so many bytes, up or down.
 * - `load` and `store` move 1 to 8 bytes, which may lie on two pages; `touch` stores a byte to each page of a range.
 *
 * An op whose base is empty does nothing.
 */
export type PageOp =
  | {
      readonly kind: 'map';
      readonly area: Slot;
      readonly size: number;
      readonly protection: Protection;
    }
  | {
      readonly kind: 'map-at';
      readonly area: Slot;
      readonly base: Base;
      readonly offset: number;
      readonly size: number;
      readonly protection: Protection;
    }
  | {
      readonly kind: 'unmap';
      readonly base: Base;
      readonly offset: number;
      readonly size: number;
    }
  | {
      readonly kind: 'protect';
      readonly base: Base;
      readonly offset: number;
      readonly size: number;
      readonly protection: Protection;
    }
  | { readonly kind: 'brk'; readonly increment: number }
  | {
      readonly kind: 'load' | 'store';
      readonly base: Base;
      readonly offset: number;
      readonly size: AccessSize;
    }
  | {
      readonly kind: 'touch';
      readonly base: Base;
      readonly offset: number;
      readonly size: number;
    };

/**
 * What a thread of a program asks of the kernel, and what it does by itself. Semaphores and queues are everybody's; they
 * are there once an op has made them, and an op on one that is not there does nothing.
 *
 * - `spawn` makes a thread, in the process of the one that does it or in a new one; its ops are those that name it.
 *   `join` waits for its end.
 * - `compute` works for some ticks, `sleep` lets some go by, `io` waits for a request that takes so many.
 * - `push` and `pop` move the stack pointer by so many bytes, and store or load a word there.
 * - `quantum` and `policy` change how long slices are and who runs next.
 */
export type ThreadOp =
  | {
      readonly kind: 'spawn';
      readonly child: Slot;
      readonly as: 'thread' | 'process';
      /** Bytes. */
      readonly stackSize: number;
    }
  | { readonly kind: 'join'; readonly child: Slot }
  | { readonly kind: 'exit' | 'yield' }
  | { readonly kind: 'compute' | 'sleep' | 'io' | 'quantum'; readonly ticks: number }
  | { readonly kind: 'push' | 'pop'; readonly bytes: number }
  | {
      readonly kind: 'semaphore';
      readonly semaphore: Slot;
      readonly value: number;
      readonly passing: SemaphorePassing;
    }
  | { readonly kind: 'down' | 'up'; readonly semaphore: Slot }
  | { readonly kind: 'queue'; readonly queue: Slot; readonly capacity: number }
  | { readonly kind: 'send' | 'receive'; readonly queue: Slot }
  | { readonly kind: 'policy'; readonly policy: Policy };

/** How an `up` passes its unit on: to the one that waits longest, or to whoever tries first. */
export type SemaphorePassing = 'hand-off' | 'mesa';

/** Who runs next. */
export type Policy = 'rr' | 'fcfs' | 'mlfq';

/** Bytes of a stack where nothing is said. */
export const STACK_SIZE = 256;

export type BlockOpKind = BlockOp['kind'];
export type MisuseKind = MisuseOp['kind'];
export type PageOpKind = PageOp['kind'];
export type ThreadOpKind = ThreadOp['kind'];
export type OpKind = Op['kind'];

/** Every kind of op on blocks, in the order in which tables and byte programs number them. */
export const BLOCK_OP_KINDS = [
  'malloc',
  'free',
  'realloc',
  'calloc',
  'aligned',
  'double-free',
  'free-inside',
  'free-foreign',
  'write-freed',
] as const satisfies readonly BlockOpKind[];

/** The kinds that are misuse. */
export const MISUSE_KINDS = [
  'double-free',
  'free-inside',
  'free-foreign',
  'write-freed',
] as const satisfies readonly MisuseKind[];

/** The highest alignment that an op may ask for: 2^30 bytes. */
export const ALIGNMENT_EXPONENT_MAX = 30;

/** Every kind of op on pages. */
export const PAGE_OP_KINDS = [
  'map',
  'map-at',
  'unmap',
  'protect',
  'brk',
  'load',
  'store',
  'touch',
] as const satisfies readonly PageOpKind[];

/** Every kind of op of threads. */
export const THREAD_OP_KINDS = [
  'spawn',
  'join',
  'exit',
  'yield',
  'compute',
  'sleep',
  'io',
  'quantum',
  'push',
  'pop',
  'semaphore',
  'down',
  'up',
  'queue',
  'send',
  'receive',
  'policy',
] as const satisfies readonly ThreadOpKind[];

export const SEMAPHORE_PASSINGS = [
  'hand-off',
  'mesa',
] as const satisfies readonly SemaphorePassing[];
export const POLICIES = ['rr', 'fcfs', 'mlfq'] as const satisfies readonly Policy[];
export const PROTECTIONS = ['none', 'read', 'read-write'] as const satisfies readonly Protection[];
export const ACCESS_SIZES = [1, 2, 4, 8] as const satisfies readonly AccessSize[];

const MISUSE: ReadonlySet<OpKind> = new Set(MISUSE_KINDS);
const PAGE_KINDS: ReadonlySet<OpKind> = new Set(PAGE_OP_KINDS);
const THREAD_KINDS: ReadonlySet<OpKind> = new Set(THREAD_OP_KINDS);

export function isMisuse(op: BlockOp): op is MisuseOp {
  return MISUSE.has(op.kind);
}

export function isPageOp(op: Op): op is Op & PageOp {
  return PAGE_KINDS.has(op.kind);
}

export function isThreadOp(op: Op): op is Op & ThreadOp {
  return THREAD_KINDS.has(op.kind);
}

/** Whether an op is one that only a kernel performs: a thread's, or one that another thread does. */
export function needsKernel(op: Op): boolean {
  return isThreadOp(op) || op.thread !== undefined;
}
