/**
 * The package number-allocator, which MQTT.js draws message ids from, as an allocator of runs of numbers: offsets with
 * no memory behind them, as sub-allocators of GPU buffers hand them out. No payload is filled; ranges alone are judged.
 *
 *     npx heapcheck fuzz examples/packages/number-allocator.js
 *
 * What it breaks of this is told in docs/packages.md.
 */
import { NumberAllocator } from 'number-allocator';

const CAPACITY = 64;

export default function makeAllocator() {
  const numbers = new NumberAllocator(0, CAPACITY - 1);
  const sizes = new Map();
  const give = (first, size) => {
    for (let number = first; number < first + size; number += 1) numbers.free(number);
  };

  return {
    bounds: { start: 0, end: CAPACITY },
    promises: { zeroSize: 'null', repeats: true, recovers: CAPACITY },

    malloc(size) {
      const first = numbers.firstVacant();
      if (size === 0 || first === null) return null;
      for (let taken = 0; taken < size; taken += 1) {
        if (numbers.use(first + taken)) continue;
        give(first, taken);
        return null;
      }
      sizes.set(first, size);
      return first;
    },

    free(address) {
      if (address === null) return;
      give(address, sizes.get(address));
      sizes.delete(address);
    },

    /** For pictures: the runs that were handed out, and the gaps between them. */
    *walk() {
      let start = 0;
      for (const [first, size] of [...sizes, [CAPACITY, 0]].toSorted(([a], [b]) => a - b)) {
        if (start < first) yield { start, end: first, state: 'free' };
        if (size > 0) yield { start: first, end: first + size, state: 'used' };
        start = first + size;
      }
    },
  };
}

/** Without its promise to have all numbers again once all are given back. */
export function asFarAsItHolds() {
  const { promises, ...rest } = makeAllocator();
  return { ...rest, promises: { ...promises, recovers: 1 } };
}
