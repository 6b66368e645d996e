/**
 * First fit over a list of gaps, with a subtle bug: when a freed block has a gap at both sides, the gap in front grows
 * over all three, but the one behind stays listed.
 *
 *     npx heapcheck check examples/first-fit-with-a-bug.js
 */
const CAPACITY = 4096;

export default function makeAllocator() {
  const gaps = [{ start: 0, end: CAPACITY }];
  const sizes = new Map();

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { alignment: 8, repeats: true },

    malloc(size) {
      const need = Math.max(8, Math.ceil(size / 8) * 8);
      const gap = gaps.find(({ start, end }) => end - start >= need);
      if (gap === undefined) return null;
      const address = gap.start;
      gap.start += need;
      sizes.set(address, need);
      return address;
    },

    free(address) {
      if (address === null) return;
      const end = address + sizes.get(address);
      sizes.delete(address);
      const after = gaps.find((gap) => gap.start === end);
      const before = gaps.find((gap) => gap.end === address);
      if (after !== undefined) after.start = address;
      else if (before !== undefined) before.end = end;
      else gaps.push({ start: address, end });
      if (after !== undefined && before !== undefined) before.end = after.end;
      gaps.sort((a, b) => a.start - b.start);
    },
  };
}
