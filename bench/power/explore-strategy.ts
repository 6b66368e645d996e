import { EXPLORED_KINDS, Explorer, offeredKinds } from '../../fuzz/index.ts';
import type { MakeAllocatorTarget } from '../../src/check/target.ts';
import { withinTime } from '../../src/supervise/watchdog.ts';
import { shrinkProgram } from './shrink.ts';
import { HANG_MS, type Strategy } from './strategy.ts';

/** Small ones next to the smallest block, and both sides of what a size may wrap at or be mapped from. */
const SIZES = [0, 16, 25, 1000, 131_072, 2 ** 32];
const ALIGNMENT = 64;
const STEPS_A_BATCH = 256;

/** Every program of one op, then of two, and so on: what is found first has the fewest ops there are over its sizes. */
export const EXPLORE: Strategy = {
  name: 'explore',
  says: `our exhaustive search over sizes ${SIZES.join(', ')}, which knows no seed`,
  families: 'allocators',
  isSeeded: false,
  begin: (makeTarget) => {
    const makeAllocator = makeTarget as MakeAllocatorTarget;
    const offered = offeredKinds(makeAllocator());
    const kinds = EXPLORED_KINDS.filter((kind) => offered.includes(kind));
    const explorer = new Explorer(makeAllocator, { kinds, sizes: SIZES, alignment: ALIGNMENT });
    return {
      next: () => {
        const raw = withinTime(HANG_MS, () => explorer.run(STEPS_A_BATCH));
        if (raw !== undefined)
          return { shrink: () => shrinkProgram(makeTarget, raw.program, raw.finding) };
        return explorer.end === undefined ? 'nothing' : 'exhausted';
      },
    };
  },
};
