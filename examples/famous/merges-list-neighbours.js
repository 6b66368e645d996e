/**
 * A free list in the order of the frees that merges entries only where they also stand next to each other in the list:
 * of A, B and C freed as A, C, B nothing ends as one block. The `-C` of malloc.py in "Operating Systems: Three Easy
 * Pieces" works so on lists that are not sorted by address.
 */
const CAPACITY = 4096;

export default function makeAllocator() {
  let list = [{ start: 0, end: CAPACITY }];
  const sizes = new Map();

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { alignment: 8, recovers: CAPACITY },

    malloc(size) {
      const need = Math.max(8, Math.ceil(size / 8) * 8);
      const gap = list.find(({ start, end }) => end - start >= need);
      if (gap === undefined) return null;
      const address = gap.start;
      gap.start += need;
      if (gap.start === gap.end) list.splice(list.indexOf(gap), 1);
      sizes.set(address, need);
      return address;
    },

    free(address) {
      if (address === null) return;
      list.push({ start: address, end: address + sizes.get(address) });
      sizes.delete(address);
      const merged = [];
      for (const gap of list) {
        const last = merged.at(-1);
        if (last?.end === gap.start) last.end = gap.end;
        else if (last?.start === gap.end) last.start = gap.start;
        else merged.push({ ...gap });
      }
      list = merged;
    },
  };
}
