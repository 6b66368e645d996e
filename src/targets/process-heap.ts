import { Prng } from '../base/prng.ts';
import type { Range } from '../base/range.ts';
import type { Arena } from '../heap/arena.ts';
import { Heap } from '../heap/heap.ts';
import type { HeapOptions } from '../heap/options.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { findPlace } from '../kernel/placement.ts';
import type { ProcessMemory } from '../kernel/process-memory.ts';
import { Semaphore } from '../kernel/semaphore.ts';
import type { Answer, Thread } from '../kernel/thread.ts';
import type { Action } from '../kernel/user-code.ts';

/** What a heap did with its memory, in the order in which it did it. */
type Deed =
  | { readonly kind: 'load' | 'store'; readonly address: number; readonly value: number }
  | { readonly kind: 'unmap'; readonly address: number; readonly size: number };

/**
 * The memory of a process as its heap sees it while a request is worked out: what it stores lies in a draft beside the
 * memory, and each access is written down, to be made by the thread afterwards.
 */
class DraftArena implements Arena {
  readonly pageSize: number;
  deeds: Deed[] = [];
  /** System calls that were made at once, which the core does not see. */
  readonly calls = { mmap: 0, brk: 0 };
  readonly #kernel: Kernel;
  readonly #memory: ProcessMemory;
  readonly #within: Range;
  readonly #prng = new Prng(0);
  /** What was stored and not made yet, in words of 4 bytes. */
  readonly #draft = new Map<number, number>();

  constructor(kernel: Kernel, memory: ProcessMemory, within: Range) {
    this.#within = within;
    this.pageSize = kernel.mmu.geometry.pageSize;
    this.#kernel = kernel;
    this.#memory = memory;
  }

  /** Forgets what was drafted: the thread has made it, or never will. */
  clear(): void {
    this.deeds = [];
    this.#draft.clear();
  }

  load(address: number): number {
    return this.load32(address) + this.load32(address + 4) * 2 ** 32;
  }

  store(address: number, value: number): void {
    this.store32(address, value % 2 ** 32);
    this.store32(address + 4, Math.floor(value / 2 ** 32));
  }

  load32(address: number): number {
    const value = this.#draft.get(address) ?? this.#peek(address);
    this.deeds.push({ kind: 'load', address, value });
    return value;
  }

  store32(address: number, value: number): void {
    this.#draft.set(address, value);
    this.deeds.push({ kind: 'store', address, value });
  }

  copy(target: number, source: number, size: number): void {
    for (let offset = 0; offset < size; offset += 4)
      this.store32(target + offset, this.load32(source + offset));
  }

  zero(address: number, size: number): void {
    for (let offset = 0; offset < size; offset += 4) this.store32(address + offset, 0);
  }

  /** Pages are mapped at once: where they lie must be known, and nobody else knows of them yet. */
  map(size: number): number | null {
    const [prng, pageSize, within] = [this.#prng, this.pageSize, this.#within];
    const taken = this.#memory.space.areas.all();
    const address = findPlace({ pageSize, placement: 'up', prng, size, taken, within });
    if (address === null) return null;
    this.calls.mmap += 1;
    return this.#memory.mmap({ address, size }) === address ? address : null;
  }

  unmap(address: number, size: number): void {
    this.deeds.push({ kind: 'unmap', address, size });
  }

  brk(increment: number): number | null {
    this.calls.brk += 1;
    const before = this.#memory.sbrk(increment);
    return typeof before === 'number' ? before : null;
  }

  /** What the memory holds, read past TLB and meter. A page that nobody touched holds zero. */
  #peek(address: number): number {
    const mapping = this.#memory.space.table.lookup(address);
    if (mapping === undefined) return 0;
    return this.#kernel.mmu.memory.load32(
      mapping.frame * this.pageSize + (address % this.pageSize),
    );
  }
}

/**
 * A reference heap that the threads of a process share, behind a lock. The heap's code knows nothing of threads: a
 * request is worked out in one go against a draft, then the thread makes the accesses one by one, at its own pace. The
 * timer may strike between any two of them. As long as nobody else changes the heap meanwhile, which is what the lock
 * is for, that is what the heap's code would have done itself; a load that finds something else tells that somebody did.
 */
export class ProcessHeap {
  readonly heap: Heap;
  readonly memory: ProcessMemory;
  readonly lock = new Semaphore('the heap', 1);
  /** The thread that is at work in it. One that ended inside stays so, which nobody can mend. */
  inside: Thread | undefined;
  /** The first thing that showed that a thread was not alone in it. */
  problem: string | undefined;
  readonly #arena: DraftArena;

  /** @param within Where the heap's memory lies: where no address that a program makes up can lead. */
  constructor(
    kernel: Kernel,
    memory: ProcessMemory,
    { options, within }: { options: Partial<HeapOptions>; within: Range },
  ) {
    this.memory = memory;
    this.#arena = new DraftArena(kernel, memory, within);
    this.heap = new Heap(this.#arena, options);
  }

  /** Whether what its memory holds is all that it has done. */
  get isAtRest(): boolean {
    return this.inside === undefined;
  }

  /** System calls of the heap that the core does not see. */
  get calls(): Readonly<Record<'mmap' | 'brk', number>> {
    return this.#arena.calls;
  }

  /** Reads without leaving traces, for whoever looks at it at rest. */
  forget(): void {
    this.#arena.clear();
  }

  *malloc(thread: Thread, size: number): Generator<Action, number | null, Answer> {
    yield { kind: 'call', call: { name: 'down', semaphore: this.lock } };
    const address = yield* this.#work(thread, () => this.heap.malloc(size));
    yield { kind: 'call', call: { name: 'up', semaphore: this.lock } };
    return address ?? null;
  }

  *free(thread: Thread, address: number): Generator<Action, void, Answer> {
    yield { kind: 'call', call: { name: 'down', semaphore: this.lock } };
    yield* this.#work(thread, () => this.heap.free(address));
    yield { kind: 'call', call: { name: 'up', semaphore: this.lock } };
  }

  /** Works a request out, and makes its accesses. Undefined for one that finds another thread inside. */
  *#work<Result>(
    thread: Thread,
    request: () => Result,
  ): Generator<Action, Result | undefined, Answer> {
    if (this.inside !== undefined) {
      this.problem ??= `t${thread.id} came into the heap while t${this.inside.id} was inside`;
      return undefined;
    }
    this.inside = thread;
    this.#arena.clear();
    const result = request();
    for (const deed of this.#arena.deeds) yield* this.#make(thread, deed);
    this.#arena.clear();
    this.inside = undefined;
    return result;
  }

  *#make(thread: Thread, deed: Deed): Generator<Action, void, Answer> {
    const { address } = deed;
    if (deed.kind === 'unmap') {
      yield { kind: 'call', call: { name: 'munmap', address, size: deed.size } };
    } else if (deed.kind === 'store') {
      yield { kind: 'store', address, size: 4, value: deed.value };
    } else {
      const found = yield { kind: 'load', address, size: 4 };
      if (found !== deed.value)
        this.problem ??= `t${thread.id} read ${found} in the heap, where ${deed.value} was`;
    }
  }
}
