/**
 * An aligned block is cut from the middle of a gap; what lies behind it stays a gap, and what lies in front is forgotten:
 * issue 66 of linked-list-allocator.
 */
const CAPACITY = 4096;

export default function makeAllocator() {
  const gaps = new Map([[0, CAPACITY]]);
  const sizes = new Map();

  const take = (size, alignment) => {
    const need = Math.max(8, Math.ceil(size / 8) * 8);
    for (const [start, end] of gaps) {
      const address = Math.ceil(start / alignment) * alignment;
      if (address + need > end) continue;
      gaps.delete(start);
      if (address + need < end) gaps.set(address + need, end);
      sizes.set(address, need);
      return address;
    }
    return null;
  };

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { alignment: 8, recovers: CAPACITY },
    malloc: (size) => take(size, 8),
    aligned: (alignment, size) => take(size, Math.max(8, alignment)),

    free(address) {
      if (address === null) return;
      let [start, end] = [address, address + sizes.get(address)];
      for (const [gapStart, gapEnd] of gaps) {
        if (gapEnd !== start && gapStart !== end) continue;
        gaps.delete(gapStart);
        [start, end] = [Math.min(start, gapStart), Math.max(end, gapEnd)];
      }
      gaps.set(start, end);
    },
  };
}
