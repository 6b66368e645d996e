/**
 * A correct allocator by another design than the reference: size classes of powers of two from 32 bytes, each with a
 * stack of free offsets, cut from the front of one buffer. Nothing is split or merged.
 *
 *     npx heapcheck check examples/size-classes.js
 */
const CAPACITY = 1 << 20;
const SMALLEST = 32;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY);
  const classOf = new Map();
  const free = new Map();
  let fresh = SMALLEST;

  const classFor = (size) => {
    let bytes = SMALLEST;
    while (bytes < size) bytes *= 2;
    return bytes;
  };

  return {
    memory,
    promises: {
      alignment: 32,
      zeroSize: 'block',
      doubleFree: 'refused',
      freeInside: 'refused',
      repeats: true,
    },

    malloc(size) {
      const bytes = classFor(size);
      const address = free.get(bytes)?.pop() ?? (fresh + bytes <= CAPACITY ? fresh : 0);
      if (address === 0) return 0;
      if (address === fresh) fresh += bytes;
      classOf.set(address, bytes);
      return address;
    },

    free(address) {
      if (address === 0) return true;
      const bytes = classOf.get(address);
      if (bytes === undefined) return false;
      classOf.delete(address);
      if (!free.has(bytes)) free.set(bytes, []);
      free.get(bytes).push(address);
      return true;
    },

    usableSize: (address) => classOf.get(address),
  };
}
