/**
 * The MemPool of @thi.ng/malloc: a free list by address over one buffer, with its state in that buffer.
 *
 *     npx heapcheck fuzz examples/packages/thing-malloc.js
 *
 * What it breaks of this is told in docs/packages.md.
 */
import { MemPool } from '@thi.ng/malloc';

const CAPACITY = 1 << 16;
/** Bytes behind the pool that are not its own. */
const GUARD = 64;
/** Sizes are rounded up with 32-bit operators: from here on the sum has its sign bit set. */
const SIZE_LIMIT = 2 ** 31 - 16;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY + GUARD);
  const pool = new MemPool({ buf: memory, end: CAPACITY, align: 8 });

  return {
    memory,
    bounds: { start: 0, end: CAPACITY },
    guards: [{ start: CAPACITY, end: CAPACITY + GUARD }],
    promises: {
      alignment: 8,
      zeroSize: 'null',
      doubleFree: 'refused',
      freeInside: 'refused',
      repeats: true,
      // All but the pool's own state and one header.
      recovers: CAPACITY - 40,
    },
    malloc: (size) => pool.malloc(size),
    calloc: (count, size) => pool.calloc(count * size),
    realloc: (address, size) => (address === 0 ? pool.malloc(size) : pool.realloc(address, size)),
    free: (address) => address === 0 || pool.free(address),
    reset: () => pool.freeAll(),
  };
}

/** Without realloc, and for sizes that its arithmetic holds. */
export function asFarAsItHolds() {
  const { calloc, promises, realloc: _, ...rest } = makeAllocator();
  return {
    ...rest,
    promises: { ...promises, sizeMax: SIZE_LIMIT },
    calloc: (count, size) => (count * size > SIZE_LIMIT ? 0 : calloc(count, size)),
  };
}
