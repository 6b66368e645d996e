/**
 * The package malloc: a skip list of free blocks with a header and a footer each, in a buffer of the caller's.
 *
 *     npx heapcheck fuzz examples/packages/codemix-malloc.js
 *
 * What it breaks of this is told in docs/packages.md.
 */
import Allocator from 'malloc';

const CAPACITY = 1 << 14;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY);
  const allocator = new Allocator(memory);

  return {
    memory,
    promises: {
      alignment: 8,
      zeroSize: 'block',
      // Its type for sizes is int32.
      sizeMax: 2 ** 31 - 1,
      // All but the list's head, and a header and a footer.
      recovers: CAPACITY - 280,
    },
    malloc(size) {
      try {
        return allocator.alloc(size);
      } catch (error) {
        // More than the whole buffer is refused so; less than that, by 0.
        if (error instanceof RangeError) return 0;
        throw error;
      }
    },
    usableSize: (address) => allocator.sizeOf(address),
    free(address) {
      if (address !== 0) allocator.free(address);
    },
  };
}

/** For sizes that its arithmetic holds. */
export function asFarAsItHolds() {
  const allocator = makeAllocator();
  return { ...allocator, promises: { ...allocator.promises, sizeMax: 2 ** 31 - 8 } };
}
