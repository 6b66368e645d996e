import { unreachable } from '../base/kit-bug.ts';
import type { Prng } from '../base/prng.ts';
import type { Range } from '../base/range.ts';

/**
 * Where the next area goes that may lie anywhere: in the lowest gap that holds it; in the highest, at its end; in the
 * lowest with a page left out to its neighbours; or in any gap, anywhere.
 */
export type Placement = 'up' | 'down' | 'gaps' | 'random';

/** What a place is searched for. */
export interface PlaceRequest {
  /** Bytes, whole pages. */
  readonly size: number;
  readonly pageSize: number;
  readonly placement: Placement;
  /** Where the area has to lie. */
  readonly within: Range;
  /** What is taken, by rising address. */
  readonly taken: readonly Range[];
  /** For `random`. */
  readonly prng: Prng;
}

/** @returns The first address of a place that nothing has, or null: there is none. */
export function findPlace(request: PlaceRequest): number | null {
  const { pageSize, placement, prng, size, taken, within } = request;
  switch (placement) {
    case 'up':
      return lowest(gaps(taken, within), size);
    case 'gaps':
      return lowest(gaps(taken, within, pageSize), size);
    case 'down': {
      const fitting = [...gaps(taken, within)].findLast(({ start, end }) => end - start >= size);
      return fitting === undefined ? null : fitting.end - size;
    }
    case 'random': {
      const fitting = [...gaps(taken, within)].filter(({ start, end }) => end - start >= size);
      if (fitting.length === 0) return null;
      const { start, end } = prng.pick(fitting);
      const placesCount = (end - start - size) / pageSize + 1;
      return start + prng.below(Math.min(placesCount, 2 ** 32)) * pageSize;
    }
    default:
      return unreachable(placement);
  }
}

function lowest(all: Iterable<Range>, size: number): number | null {
  for (const { start, end } of all) if (end - start >= size) return start;
  return null;
}

/** What nothing has, by rising address, `margin` bytes away from what is taken. */
function* gaps(taken: readonly Range[], within: Range, margin = 0): Generator<Range> {
  let start = within.start;
  for (const range of taken) {
    if (range.end <= within.start) continue;
    if (range.start >= within.end) break;
    yield { start, end: range.start - margin };
    start = range.end + margin;
  }
  yield { start, end: within.end };
}
