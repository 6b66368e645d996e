import type { Range } from '../base/range.ts';
import type { Rule } from '../base/rule.ts';
import type { Size } from '../base/units.ts';
import { isPageOp, type MisuseKind, needsKernel, type Op } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import type { Outcome } from './outcome.ts';

/** What is under test: an allocator, or a machine of ours that performs programs of its own kind. */
export type Target = AllocatorTarget | MachineTarget;

/** What every target has. */
interface AnyTarget {
  readonly name: string;
  readonly promises: Promises;
  /** Rules about the target's own structures. */
  readonly invariants?: InvariantSet<unknown> | undefined;
  /** @returns How often interesting things happened since the target was made, by name. */
  events?(): Readonly<Record<string, number>>;
  /** Brings the target back to a fresh heap; without it every program gets a new target. */
  reset?(): void;
}

/**
 * The allocator under test, as heapcheck sees it. `malloc` and `free` are enough; a law that needs what a target does
 * not offer is reported as not asked, never as passed.
 *
 * Addresses are whole numbers, 0 ≤ a < 2^48, and may be offsets with no memory behind them.
 */
export interface AllocatorTarget extends AnyTarget {
  /** @returns The address of a new block, or null when the request is refused. */
  malloc(size: Size): number | null;
  /** @returns False when the target refuses to free this address; anything else counts as freed. */
  free(address: number | null): boolean | void;
  calloc?(count: Size, size: Size): number | null;
  realloc?(address: number | null, size: Size): number | null;
  aligned?(alignment: number, size: Size): number | null;
  /** @returns How many bytes of the block the caller may use; at least what it asked for. */
  usableSize?(address: number): number;

  /** Access to the payloads, without which laws about contents are not asked. */
  readonly memory?: Memory | undefined;
  /** The range in which every block must lie; read after each request, since it may grow. */
  readonly bounds?: Range | undefined;
  /** Memory beside that which the target was given: it is filled before a program, and must be found as it was. */
  readonly guards?: readonly Range[] | undefined;
  /** @returns Bytes taken from the system and not given back. */
  footprint?(): number;
  /** @returns The target's own view of its blocks, by rising address, for pictures. */
  walk?(): Iterable<WalkedBlock>;
  /** Lets a test have the system refuse memory; without it that is not asked. */
  readonly refusals?: MemoryRefusals | undefined;
  /** Lets a search come back to where the target was; without it each program is run from its start. */
  readonly snapshots?: Snapshots<unknown> | undefined;
}

/**
 * A machine under test. It performs a program's ops itself, with a shadow of its own: what is wrong its invariants tell,
 * and go on telling until the machine is gone. It serves one program, or has a `reset`.
 */
export interface MachineTarget extends AnyTarget {
  readonly invariants: InvariantSet<unknown>;
  /** What its programs are made of: ops on pages, or what threads do. */
  readonly performs: 'page-ops' | 'thread-ops';
  /** Its invariants are asked each so many ops at the least, since what is wrong may be gone again at the end. */
  readonly checkEvery?: number;
  /** Bytes of a page, which the offsets and sizes of programs are drawn around. */
  readonly pageSize: number;
  /** Performs a program, until its end or until the observer says stop. */
  perform(program: Iterable<Op>, observer: StepObserver): void;
  /** Ends all that the program began. What is not given back then is lost. */
  end(): void;
}

/** Whoever watches a program being performed. Ops may begin before others are over, if threads do them. */
export interface StepObserver {
  /**
   * This op is at work from now on.
   *
   * @param step Its place in the program.
   */
  began(op: Op, step: number): void;
  ended(op: Op, step: number, outcome: Outcome): 'go on' | 'stop';
}

/** Makes a target with a fresh heap. */
export type MakeTarget = () => Target;

/** Makes an allocator with a fresh heap. */
export type MakeAllocatorTarget = () => AllocatorTarget;

export function isMachine(target: Target): target is MachineTarget {
  return 'perform' in target;
}

/** Whether a program is of the family that a target takes: threads for a kernel, pages for a machine, else blocks. */
export function isMeantFor(program: Program, target: Target): boolean {
  if (program.length === 0) return true;
  const isForKernel = isMachine(target) && target.performs === 'thread-ops';
  if (isForKernel || program.some(needsKernel)) return isForKernel && program.some(needsKernel);
  return program.some((op) => isPageOp(op) === isMachine(target));
}

/**
 * What a target may promise of misuse. `refused`: the call returns false, and nothing changes. `ignored`: whatever it
 * returns, nothing changes. `aborted`: the target stops on purpose, and is not called any more.
 */
export type MisuseAnswer = 'refused' | 'ignored' | 'aborted';

/** The promise about each kind of misuse. */
const MISUSE_PROMISES = {
  'double-free': 'doubleFree',
  'free-inside': 'freeInside',
  'free-foreign': 'freeForeign',
  'write-freed': 'writeFreed',
} as const satisfies Readonly<Record<MisuseKind, keyof Promises>>;

export function promisedOf(promises: Promises, kind: MisuseKind): MisuseAnswer | undefined {
  return promises[MISUSE_PROMISES[kind]];
}

/** What a target promises of a kind of misuse, if it can be asked. */
export function misusePromise(
  { bounds, memory, promises }: Pick<AllocatorTarget, 'bounds' | 'memory' | 'promises'>,
  kind: MisuseKind,
): MisuseAnswer | undefined {
  const lacksBounds = kind === 'free-foreign' && bounds === undefined;
  const lacksMemory = kind === 'write-freed' && memory === undefined;
  return lacksBounds || lacksMemory ? undefined : promisedOf(promises, kind);
}

/** What a target promises beyond the C standard. What is left out is not asked. */
export interface Promises {
  /** Every block's address is a multiple of this power of two, in bytes. */
  readonly alignment?: number;
  /** The largest request that can be expressed; larger ones are not sent. Default: 2^53-1. */
  readonly sizeMax?: Size;
  /** Requests of so many bytes are not sent: they may be granted, and then cost more than a test has. Default: none. */
  readonly sizesLeftOut?: { readonly min: Size; readonly max: Size };
  /** What a request of 0 bytes returns. Default: either. */
  readonly zeroSize?: 'block' | 'null' | 'either';
  /** What `realloc(p, 0)` does: free the block and return null, or treat it like any size. Not asked without it. */
  readonly reallocZero?: 'frees' | 'resizes';
  /** Realloc keeps the alignment that a block was asked for with, which C does not ask for. */
  readonly reallocKeepsAlignment?: true;
  /** What becomes of a block that is freed a second time. */
  readonly doubleFree?: MisuseAnswer;
  /** What becomes of the free of an address inside a block. */
  readonly freeInside?: MisuseAnswer;
  /** What becomes of the free of an address outside of the memory in which blocks may lie. Asked where there are bounds. */
  readonly freeForeign?: MisuseAnswer;
  /**
   * What becomes of a write into a block that was freed: nothing, or the target stops when it hands that memory out
   * again. Asked where there is memory; blocks that `returnsFrom` owes to the system are left out.
   */
  readonly writeFreed?: Exclude<MisuseAnswer, 'refused'>;
  /** With nothing live, one block of this many bytes is to be had; once the heap has grown, without further growth. */
  readonly recovers?: number;
  /** Blocks of at least this many bytes go back to the system when they are freed. */
  readonly returnsFrom?: number;
  /** Usable size exceeds the request by at most this many bytes (blocks from `returnsFrom` on are exempt). */
  readonly slack?: number;
  /** Of two live blocks that were asked for without an alignment, the larger request has no smaller usable size. */
  readonly usableGrows?: true;
  /** The same program gives the same addresses on every fresh heap. */
  readonly repeats?: true;
  /** A program done over and over, all freed after each time, comes to take no more memory from the system. */
  readonly steady?: true;
  /** There is one largest request: all smaller ones are granted, and all larger ones refused. Asked where there are bounds. */
  readonly largest?: true;
}

/**
 * The system that a target asks for memory, as far as a test can have it refuse: an arena that answers null, a handout's
 * `mem_sbrk` that fails. A library of C asks the system itself, where nobody stands between, so there it is calls that are
 * counted and refused, not requests. A WebAssembly module grows its memory by an instruction of its own, which nobody can refuse one by
 * one; `--memory-max` bounds it.
 */
export interface MemoryRefusals {
  /** How many requests were refused since `refuse` was called last. */
  readonly refusedCount: number;
  /** Counts the target's requests for memory anew from 0, and refuses `count` of them from the one numbered `first` on. */
  refuse(first: number, count: number): void;
}

/** Payload access. `loadDouble` and `storeDouble` move 8 bytes as an IEEE 754 double, at any address. */
export interface Memory {
  loadDouble(address: number): number;
  storeDouble(address: number, value: number): void;
  loadByte(address: number): number;
  storeByte(address: number, byte: number): void;
  /** Payloads in one call each, for memory that is dear to reach; without it they go by words. */
  readonly payloads?: PayloadAccess | undefined;
}

/** What is done with whole payloads, by whoever is near to them. Patterns and samples may be others than our own. */
export interface PayloadAccess {
  /** Fills a payload of `size` bytes with a pattern that depends on `key`, and on the place of each word. */
  fill(address: number, size: number, key: number): void;
  /** @returns Offset of a byte of the first `keptSize` that differs from the pattern of `size` bytes, or -1. */
  damage(address: number, size: number, keptSize: number, key: number): number;
  /** @returns Offset of a byte that is not zero, or -1. */
  firstNonZero(address: number, size: number): number;
  /** The damage of these will be asked for next, one by one in this order, of all their bytes. */
  lookAhead?(payloads: readonly Payload[]): void;
}

/** A payload by its place, and by what it was filled with. */
export interface Payload {
  readonly address: number;
  readonly size: number;
  readonly key: number;
}

/** A target's whole state, to come back to and to tell from others: its memory, and what it keeps beside it. */
export interface Snapshots<State> {
  capture(): State;
  /** Back to where the target was then, as often as is wanted. What it only counts may go on. */
  restore(state: State): void;
  /** Tells all that any answer from here on can depend on, in an order that depends on nothing else. */
  describe(sink: StateSink): void;
}

/** Whoever is told a state, piece by piece. */
export interface StateSink {
  number(value: number): void;
  /** Memory: the words [start, end) of these, the places of which tell them apart; an even number of them. */
  words(words: Int32Array, start: number, end: number): void;
}

/** A block as a target's own walk reports it: the whole block in bytes, header included. */
export interface WalkedBlock extends Range {
  readonly state: 'used' | 'free' | 'big';
}

/** Rules about a target's own structures, all asked of one reading of them. */
export interface InvariantSet<State> {
  /** In the order in which they are asked: each may rely on the ones before it. */
  readonly rules: readonly Invariant<State>[];
  read(): State;
}

/** A rule about a target's own structures. */
export interface Invariant<State> extends Rule {
  /** @returns What is wrong, with numbers, or undefined. */
  check(state: State): string | undefined;
}
