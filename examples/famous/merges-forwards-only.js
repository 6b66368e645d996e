/**
 * A freed block is merged with the free one behind it and never with the one in front, so two large blocks that are
 * freed in order stay two, and the next request of both their sizes grows the heap. Issue 106 of wee_alloc.
 */
const PAGE = 4096;
const CAPACITY = 256 * PAGE;

export default function makeAllocator() {
  const memory = new ArrayBuffer(CAPACITY);
  const sizes = new Map();
  const gaps = new Map();
  let end = PAGE;

  return {
    memory,
    promises: { alignment: 16, recovers: PAGE },
    footprint: () => end - PAGE,

    malloc(size) {
      const need = Math.max(16, Math.ceil(size / 16) * 16);
      let [address] = [...gaps].find(([, extent]) => extent >= need) ?? [];
      if (address === undefined) {
        const more = Math.ceil(need / PAGE) * PAGE;
        if (end + more > CAPACITY) return 0;
        address = end;
        gaps.set(address, more);
        end += more;
      }
      const rest = gaps.get(address) - need;
      gaps.delete(address);
      if (rest > 0) gaps.set(address + need, rest);
      sizes.set(address, need);
      return address;
    },

    free(address) {
      if (address === 0) return;
      const size = sizes.get(address);
      const behind = gaps.get(address + size) ?? 0;
      gaps.delete(address + size);
      sizes.delete(address);
      gaps.set(address, size + behind);
    },
  };
}
