/**
 * The umalloc of xv6, whose sizes have 32 bits: malloc(4294967295) rounds up past the end of its type, to a block that is
 * a header and nothing else, and is granted.
 */
const HEADER = 8;
const CAPACITY = 65_536;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY);
  const units = new Map();
  const free = [];
  let top = HEADER;

  return {
    memory,
    promises: { alignment: 8, sizeMax: 2 ** 32 - 1 },

    malloc(size) {
      const count = Math.floor(((size + HEADER - 1) >>> 0) / HEADER) + 1;
      const at = free.findIndex((header) => units.get(header) >= count);
      if (at >= 0) return free.splice(at, 1)[0] + HEADER;
      if (top + count * HEADER > CAPACITY) return 0;
      const header = top;
      top += count * HEADER;
      units.set(header, count);
      return header + HEADER;
    },

    free(address) {
      if (address !== 0) free.push(address - HEADER);
    },
  };
}
