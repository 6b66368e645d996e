/**
 * A bump allocator that goes down from the end of its chunk, with a realloc that copies as many bytes as the new block
 * has, and so reads past the old one: GHSA-vqx7-pw4r-29rr of bumpalo. The view refuses what lies outside the chunk.
 */
const CAPACITY = 65_536;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY);
  const view = new DataView(memory);
  let bottom = CAPACITY;

  const malloc = (size) => {
    const address = Math.floor((bottom - Math.max(1, size)) / 8) * 8;
    if (address <= 0) return 0;
    bottom = address;
    return address;
  };

  return {
    memory,
    promises: { alignment: 8 },
    malloc,
    free() {},

    realloc(address, size) {
      const moved = malloc(size);
      if (address === 0 || moved === 0) return moved;
      for (let offset = 0; offset < size; offset += 1)
        view.setUint8(moved + offset, view.getUint8(address + offset));
      return moved;
    },
  };
}
