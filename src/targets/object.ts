import { isPowerOfTwo } from '../base/bits.ts';
import type { Range } from '../base/range.ts';
import { UsageError } from '../base/usage-error.ts';
import type {
  InvariantSet,
  MakeAllocatorTarget,
  Memory,
  MemoryRefusals,
  Promises,
  AllocatorTarget,
  Snapshots,
  WalkedBlock,
} from '../check/target.ts';

/**
 * Any object that allocates, as a user wrote it: `malloc` and `free` are enough; the rest is what a `AllocatorTarget` offers.
 * Sizes are plain numbers, unless `promises.sizeMax` is above 2^53-1.
 */
export interface AllocatorObject {
  /** @returns An address; null, undefined or `nullAddress` when the request is refused. */
  malloc(size: number): unknown;
  /** @returns False when the address is refused; anything else counts as freed. */
  free(address: number | null): unknown;
  calloc?(count: number, size: number): unknown;
  realloc?(address: number | null, size: number): unknown;
  aligned?(alignment: number, size: number): unknown;
  usableSize?(address: number): number;
  /** Memory behind the addresses, each an offset into it. Read anew when it is used, since it may grow. */
  readonly memory?: AllocatorMemory;
  /** Where blocks may lie. Default: the memory, where there is one. */
  readonly bounds?: Range;
  /** Parts of the memory that the allocator was not given: they are filled, and watched. */
  readonly guards?: readonly Range[];
  /** The number that stands for a null pointer. Default: 0 where there is memory, else none. */
  readonly nullAddress?: number;
  readonly promises?: Promises;
  footprint?(): number;
  readonly refusals?: MemoryRefusals;
  walk?(): Iterable<WalkedBlock>;
  readonly invariants?: InvariantSet<unknown>;
  readonly snapshots?: Snapshots<unknown>;
  events?(): Readonly<Record<string, number>>;
  reset?(): void;
}

/** A buffer, a view of a part of one, or what holds one, such as a `WebAssembly.Memory`. */
type AllocatorMemory =
  | ArrayBufferLike
  | {
      readonly buffer: ArrayBufferLike;
      readonly byteOffset?: number;
      readonly byteLength?: number;
    };

/** Makes a fresh allocator object. */
export type MakeAllocator = () => AllocatorObject;

/**
 * Makes a target of a function that makes an allocator object. What the allocator throws is a finding of its run.
 *
 * @throws {UsageError} `makeAllocator` is no function, or what it returns has no `malloc` or no `free`.
 */
export function objectTarget(name: string, makeAllocator: MakeAllocator): MakeAllocatorTarget {
  if (typeof makeAllocator !== 'function') {
    throw new UsageError(
      `${name}: expected a function that returns a fresh allocator, but got ${describe(makeAllocator)}; pass () => allocator instead, so that every run starts on an empty heap.`,
    );
  }
  requireAllocator(name, makeAllocator());
  return () => adapt(name, makeAllocator());
}

function requireAllocator(name: string, allocator: AllocatorObject): void {
  const alignment = allocator?.promises?.alignment ?? 1;
  if (!isPowerOfTwo(alignment)) {
    throw new UsageError(
      `${name}: promises.alignment is ${alignment}; pass a power of two, such as 8 or 16.`,
    );
  }
  for (const method of ['malloc', 'free'] as const) {
    if (typeof allocator?.[method] !== 'function') {
      throw new UsageError(
        `${name}: the allocator has no ${method} (it is ${describe(allocator)}); give it malloc(size) and free(address).`,
      );
    }
  }
}

function adapt(name: string, allocator: AllocatorObject): AllocatorTarget {
  const { memory } = allocator;
  const nullAddress = allocator.nullAddress ?? (memory === undefined ? undefined : 0);
  const answer = (address: unknown): number | null =>
    // What is no number at all is passed on as it is: the law calls-return names it.
    address === undefined || address === null || address === nullAddress
      ? null
      : (address as number);
  const sent = (address: number | null): number | null => address ?? nullAddress ?? null;
  return {
    name,
    promises: allocator.promises ?? {},
    malloc: (size) => answer(allocator.malloc(size as number)),
    free: (address) => allocator.free(sent(address)) !== false,
    ...(allocator.calloc && {
      calloc: (count, size) => answer(allocator.calloc!(count as number, size as number)),
    }),
    ...(allocator.realloc && {
      realloc: (address, size) => answer(allocator.realloc!(sent(address), size as number)),
    }),
    ...(allocator.aligned && {
      aligned: (alignment, size) => answer(allocator.aligned!(alignment, size as number)),
    }),
    ...(allocator.usableSize && { usableSize: (address) => allocator.usableSize!(address) }),
    ...(allocator.footprint && { footprint: () => allocator.footprint!() }),
    ...(allocator.walk && { walk: () => allocator.walk!() }),
    ...(allocator.events && { events: () => allocator.events!() }),
    ...(allocator.reset && { reset: () => allocator.reset!() }),
    memory: memory && new BufferMemory(allocator),
    get bounds() {
      const { memory: current } = allocator;
      return allocator.bounds ?? (current && { start: 0, end: byteLengthOf(current) });
    },
    guards: allocator.guards,
    refusals: allocator.refusals,
    invariants: allocator.invariants,
    snapshots: allocator.snapshots,
  };
}

/** The memory of an allocator object, whose buffer may be exchanged when it grows. */
class BufferMemory implements Memory {
  readonly #allocator: AllocatorObject;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(allocator: AllocatorObject) {
    this.#allocator = allocator;
  }

  loadDouble(address: number): number {
    return this.#current().getFloat64(address, true);
  }

  storeDouble(address: number, value: number): void {
    this.#current().setFloat64(address, value, true);
  }

  loadByte(address: number): number {
    return this.#current().getUint8(address);
  }

  storeByte(address: number, byte: number): void {
    this.#current().setUint8(address, byte);
  }

  #current(): DataView {
    const memory = this.#allocator.memory!;
    if (this.#view.buffer !== bufferOf(memory)) this.#view = viewOf(memory);
    return this.#view;
  }
}

function bufferOf(memory: AllocatorMemory): ArrayBufferLike {
  return 'buffer' in memory ? memory.buffer : memory;
}

function byteLengthOf(memory: AllocatorMemory): number {
  return 'buffer' in memory ? (memory.byteLength ?? memory.buffer.byteLength) : memory.byteLength;
}

function viewOf(memory: AllocatorMemory): DataView {
  const offset = 'buffer' in memory ? (memory.byteOffset ?? 0) : 0;
  return new DataView(bufferOf(memory), offset, byteLengthOf(memory));
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'nothing'}`;
}
