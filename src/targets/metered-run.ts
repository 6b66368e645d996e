import { unreachable } from '../base/kit-bug.ts';
import type { Size } from '../base/units.ts';
import type { HeapCounters } from '../heap/free-list.ts';
import { Heap } from '../heap/heap.ts';
import { completeOptions, type HeapOptions } from '../heap/options.ts';
import { costOf, type Cost } from '../kernel/cost.ts';
import { OutOfFrames } from '../kernel/out-of-frames.ts';
import type { SystemCall } from '../kernel/system-calls.ts';
import type { MeterReading } from '../machine/meter.ts';
import { type BlockOp, isPageOp, isThreadOp, type Op, type Slot } from '../program/op.ts';
import { printOp } from '../program/text.ts';
import { heapOptionsOn, PagedArena, placedFor, type PagedArenaOptions } from './paged-arena.ts';

/** The configuration under which a program is counted. */
export interface MeteredRunOptions {
  readonly heap?: Partial<HeapOptions>;
  readonly machine?: PagedArenaOptions;
  /** What the program does with its blocks: it leaves them alone, or writes each byte that it gets once. Default `nothing`. */
  readonly writes?: 'nothing' | 'granted-bytes';
}

/** What became of the ops. */
interface OpCounts {
  ops: number;
  /** Ops that do nothing, since their slots do not allow it. */
  skipped: number;
  /** Misuse, which the reference promises no answer to, and ops that are no requests. */
  notSent: number;
  refused: number;
}

/** Where the machine ended the program, and why. */
interface EarlyEnd {
  /** Index of the op. */
  readonly step: number;
  readonly op: string;
  readonly reason: string;
}

/** What a program did to the machine: plain data, from its first op to its last, and nothing that comes after. */
export interface MeteredRun {
  readonly counts: Readonly<OpCounts>;
  readonly meter: MeterReading;
  readonly systemCalls: Readonly<Record<SystemCall, number>>;
  /** Frames of pages and of tables. */
  readonly framesPeak: number;
  readonly mappedPeakBytes: number;
  readonly pageSize: number;
  readonly heap: Readonly<HeapCounters>;
  readonly cost: Cost;
  /** Missing when every op was run. */
  readonly earlyEnd?: EarlyEnd;
}

/**
 * Runs a program on the reference heap over the pages of a fresh machine, and reads what was counted. Nobody judges, so
 * each access counted is the allocator's own, or the program's if it writes. Blocks that the program leaves live stay.
 *
 * A machine without frames ends the program, and what was counted until then is returned.
 *
 * @throws {UsageError} Options that do not go together.
 */
export function meteredRun(program: Iterable<Op>, options: MeteredRunOptions = {}): MeteredRun {
  const { machine = {}, writes = 'nothing' } = options;
  const preset = machine.preset ?? 'x86-64';
  const heapOptions = completeOptions({ ...heapOptionsOn(preset), ...options.heap });
  const arena = new PagedArena(placedFor(heapOptions, machine));
  const { frames, mmu } = arena.kernel;
  // Making the machine flushes its TLB once, which is not the program's doing.
  mmu.meter.reset();
  const process = new Process(arena, new Heap(arena, heapOptions), writes);
  const earlyEnd = process.run(program);
  const meter = mmu.meter.read();
  const systemCalls = { ...arena.space.calls };
  return {
    counts: process.counts,
    meter,
    systemCalls,
    framesPeak: frames.ownedPeak,
    mappedPeakBytes: arena.space.areas.mappedPeak,
    pageSize: arena.pageSize,
    heap: { ...process.heap.counters },
    cost: costOf(meter, systemCalls),
    ...(earlyEnd && { earlyEnd }),
  };
}

interface Block {
  readonly address: number;
  /** Bytes asked for. */
  readonly size: number;
}

/** An op that asks for a block and gives none back. */
type Request = Exclude<Extract<BlockOp, { readonly size: Size }>, { readonly kind: 'realloc' }>;
type Realloc = Extract<BlockOp, { readonly kind: 'realloc' }>;

/** A program while it runs: its heap and its live blocks. */
class Process {
  readonly counts: OpCounts = { ops: 0, skipped: 0, notSent: 0, refused: 0 };
  readonly heap: Heap;
  readonly #arena: PagedArena;
  readonly #writes: 'nothing' | 'granted-bytes';
  readonly #blocks = new Map<Slot, Block>();

  constructor(arena: PagedArena, heap: Heap, writes: 'nothing' | 'granted-bytes') {
    this.heap = heap;
    this.#arena = arena;
    this.#writes = writes;
  }

  /** @returns Where it ended, if not with its last op. */
  run(program: Iterable<Op>): EarlyEnd | undefined {
    for (const op of program) {
      this.counts.ops += 1;
      try {
        this.#send(op);
      } catch (error) {
        if (!(error instanceof OutOfFrames)) throw error;
        return { step: this.counts.ops - 1, op: printOp(op), reason: error.message };
      }
    }
    return undefined;
  }

  #send(op: Op): void {
    if (isPageOp(op) || isThreadOp(op)) {
      this.counts.notSent += 1;
      return;
    }
    switch (op.kind) {
      case 'malloc':
      case 'calloc':
      case 'aligned':
        return this.#request(op);
      case 'realloc':
        return this.#realloc(op);
      case 'free':
        return this.#free(op.slot);
      case 'double-free':
      case 'free-inside':
      case 'free-foreign':
      case 'write-freed':
        this.counts.notSent += 1;
        return;
      default:
        return unreachable(op);
    }
  }

  #request(op: Request): void {
    if (this.#blocks.has(op.slot)) return this.#skip();
    const size = op.kind === 'calloc' ? Number(op.count) * Number(op.size) : Number(op.size);
    this.#granted(op.slot, { address: this.#call(op), size, known: 0 });
  }

  #call(op: Request): number | null {
    if (op.kind === 'malloc') return this.heap.malloc(Number(op.size));
    if (op.kind === 'calloc') return this.heap.calloc(Number(op.count), Number(op.size));
    return this.heap.aligned(op.alignment, Number(op.size));
  }

  #realloc({ size, slot, source }: Realloc): void {
    const before = source === null ? undefined : this.#blocks.get(source);
    const hasSource = source === null || before !== undefined;
    if (!hasSource || (slot !== source && this.#blocks.has(slot))) return this.#skip();
    const address = this.heap.realloc(before?.address ?? null, Number(size));
    if (address !== null && source !== null) this.#blocks.delete(source);
    this.#granted(slot, { address, size: Number(size), known: before?.size ?? 0 });
  }

  #free(slot: Slot | null): void {
    if (slot === null) return this.heap.free(null);
    const block = this.#blocks.get(slot);
    if (block === undefined) return this.#skip();
    this.#blocks.delete(slot);
    this.heap.free(block.address);
  }

  #skip(): void {
    this.counts.skipped += 1;
  }

  /** Takes the answer to a request. `known` bytes at its start are the program's from before. */
  #granted(slot: Slot, block: { address: number | null; size: number; known: number }): void {
    const { address, known, size } = block;
    if (address === null) {
      this.counts.refused += 1;
      return;
    }
    this.#blocks.set(slot, { address, size });
    if (this.#writes === 'granted-bytes')
      write(this.#arena, { start: address + known, end: address + size });
  }
}

/** What a program writes: anything but zero. */
const WRITTEN = 0xa5;

/** Writes a range in words of 8 bytes, and byte by byte what lies before the first and behind the last of them. */
function write(arena: PagedArena, { end, start }: { start: number; end: number }): void {
  let at = start;
  for (; at < end && at % 8 !== 0; at += 1) arena.storeByte(at, WRITTEN);
  for (; at + 8 <= end; at += 8) arena.store(at, WRITTEN);
  for (; at < end; at += 1) arena.storeByte(at, WRITTEN);
}
