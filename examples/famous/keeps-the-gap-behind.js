/**
 * With A and C free, freeing B between them makes the gap in front as large as all three, and leaves the one behind on
 * the list: two free blocks that overlap. The coalescing of a lecture's slides. The largest gap is cut.
 */
const CAPACITY = 4096;

export default function makeAllocator() {
  const gaps = [{ start: 0, end: CAPACITY }];
  const sizes = new Map();

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { alignment: 8 },

    malloc(size) {
      const need = Math.max(8, Math.ceil(size / 8) * 8);
      const [gap] = gaps.toSorted((a, b) => b.end - b.start - (a.end - a.start));
      if (gap === undefined || gap.end - gap.start < need) return null;
      const address = gap.start;
      gap.start += need;
      sizes.set(address, need);
      return address;
    },

    free(address) {
      if (address === null) return;
      const end = address + sizes.get(address);
      const front = gaps.find((gap) => gap.end === address && gap.start < gap.end);
      const behind = gaps.find((gap) => gap.start === end && gap.start < gap.end);
      if (front !== undefined) front.end = behind?.end ?? end;
      else if (behind !== undefined) behind.start = address;
      else gaps.unshift({ start: address, end });
    },
  };
}
