import type { AllocatorTarget, MakeTarget } from '../../src/check/target.ts';
import { referenceTarget } from '../../src/targets/reference.ts';
import { derive } from './op-meter.ts';
import type { Task } from './task.ts';

/** The size at which `exact-size` goes wrong: no power of two or threshold is near. */
const WRONG_SIZE = 1234;
/** `every-16th-free` forgets each so many frees. */
const FORGOTTEN_EACH = 16;

/**
 * Two bugs that are hard for two sorts of strategy, planted around the reference: one needs one size of many, the other
 * so many frees in one program.
 */
export const PLANTED_TASKS: readonly Omit<Task, 'shortestLengths'>[] = [
  {
    name: 'exact-size',
    family: 'allocator',
    shortestLength: 1,
    load: () => Promise.resolve(planted('exact-size', serveOneSizeTooSmall)),
  },
  {
    name: 'every-16th-free',
    family: 'allocator',
    // A block and fifteen frees of null; the free that closes the run is the sixteenth.
    shortestLength: FORGOTTEN_EACH,
    load: () => Promise.resolve(planted('every-16th-free', refuseSomeFrees)),
  },
];

function planted(
  name: string,
  changes: (target: AllocatorTarget) => Partial<AllocatorTarget>,
): MakeTarget {
  const makeTarget = referenceTarget({ name });
  return () => {
    const target = makeTarget();
    return derive(target, changes(target));
  };
}

function serveOneSizeTooSmall(target: AllocatorTarget): Partial<AllocatorTarget> {
  return { malloc: (size) => target.malloc(size === WRONG_SIZE ? 1 : size) };
}

/** Counts from the beginning of each program. */
function refuseSomeFrees(target: AllocatorTarget): Partial<AllocatorTarget> {
  let freesCount = 0;
  return {
    // The count is no part of what the reference describes of itself.
    snapshots: undefined,
    free: (address) => {
      freesCount += 1;
      return freesCount % FORGOTTEN_EACH !== 0 && target.free(address);
    },
    reset: () => {
      freesCount = 0;
      target.reset!();
    },
  };
}
