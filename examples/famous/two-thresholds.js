/**
 * A threshold that malloc tests with the header and free without: a block of just under the threshold comes from the
 * system and goes to the free list, so its pages never go back.
 */
const HEADER = 16;
const PAGE = 4096;
const THRESHOLD = 4 * PAGE;

export default function makeAllocator() {
  const sizes = new Map();
  const free = [];
  let top = PAGE;
  let footprint = 0;
  const pages = (size) => Math.ceil((size + HEADER) / PAGE) * PAGE;

  return {
    promises: { alignment: 16, returnsFrom: THRESHOLD - HEADER },
    footprint: () => footprint,

    malloc(size) {
      if (size > 2 ** 40) return null;
      const isBig = size + HEADER >= THRESHOLD;
      const at = isBig ? -1 : free.findIndex((address) => sizes.get(address) >= size);
      const [reused] = at < 0 ? [] : free.splice(at, 1);
      if (reused !== undefined) return reused;
      const address = top + HEADER;
      top += pages(size);
      footprint += pages(size);
      sizes.set(address, size);
      return address;
    },

    free(address) {
      if (address === null) return;
      const size = sizes.get(address);
      if (size >= THRESHOLD) footprint -= pages(size);
      else free.push(address);
    },
  };
}
