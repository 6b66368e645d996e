/**
 * The allocator of Kernighan and Ritchie over a large address space, with its count of units in 32 bits: malloc(2^36 + 64)
 * is a block of 5 units, 80 bytes. Addresses have no memory behind them, as mapped pages have none until they are touched.
 */
const UNIT = 16;
const CAPACITY = 2 ** 40;

export default function makeAllocator() {
  const free = new Map();
  const units = new Map();
  let top = UNIT;

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { alignment: UNIT, sizeMax: CAPACITY },

    malloc(size) {
      const count = (Math.floor((size + UNIT - 1) / UNIT) + 1) >>> 0;
      const reused = free.get(count)?.pop();
      if (reused === undefined && top + count * UNIT > CAPACITY) return null;
      const header = reused ?? top;
      if (reused === undefined) top += count * UNIT;
      units.set(header, count);
      return header + UNIT;
    },

    free(address) {
      if (address === null) return;
      const header = address - UNIT;
      const count = units.get(header);
      units.delete(header);
      free.set(count, [...(free.get(count) ?? []), header]);
    },
  };
}
