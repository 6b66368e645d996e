/**
 * Gaps lie in bins by their size rounded down, and a request looks from its own size rounded up on: a gap of exactly the
 * size that is asked for is passed over, and all the room there is does not help. Issues 11 and 14 of OffsetAllocator.
 */
const CAPACITY = 1000;

export default function makeAllocator() {
  const bins = Array.from({ length: 32 }, () => []);
  const sizes = new Map();
  const insert = (start, end) => {
    if (start < end) bins[Math.floor(Math.log2(end - start))].push({ start, end });
  };
  const takeAt = (edge, address) => {
    for (const bin of bins) {
      const at = bin.findIndex((gap) => gap[edge] === address);
      if (at >= 0) return bin.splice(at, 1)[0];
    }
    return undefined;
  };
  insert(0, CAPACITY);

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { recovers: CAPACITY },

    malloc(size) {
      const need = Math.max(1, size);
      const bin = bins.slice(Math.ceil(Math.log2(need))).find(({ length }) => length > 0);
      if (bin === undefined) return null;
      const { start, end } = bin.pop();
      insert(start + need, end);
      sizes.set(start, need);
      return start;
    },

    free(address) {
      if (address === null) return;
      const before = takeAt('end', address);
      const after = takeAt('start', address + sizes.get(address));
      insert(before?.start ?? address, after?.end ?? address + sizes.get(address));
    },
  };
}
