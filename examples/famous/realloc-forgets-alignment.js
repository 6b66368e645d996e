/**
 * Every block is aligned to 16 bytes but those that realloc moves, which asks the heap below for any address: issue 36
 * of mattconte/tlsf.
 */
const CAPACITY = 65_536;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY);
  const sizes = new Map();
  let top = 16;

  const take = (size, alignment) => {
    const address = Math.ceil(top / alignment) * alignment;
    if (address + size > CAPACITY) return 0;
    top = address + Math.max(1, size);
    sizes.set(address, size);
    return address;
  };

  return {
    memory,
    promises: { alignment: 16 },
    malloc: (size) => take(size, 16),
    free() {},

    realloc(address, size) {
      if (address === 0) return take(size, 16);
      if (size <= sizes.get(address)) return address;
      const moved = take(size, 8);
      if (moved !== 0)
        new Uint8Array(memory).copyWithin(moved, address, address + sizes.get(address));
      return moved;
    },
  };
}
