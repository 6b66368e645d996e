import { fold } from '../src/base/prng.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { SMALL_ALLOCATORS } from '../src/targets/small-allocators.ts';
import { type Combination, runCombinations } from './combination.ts';

const SEEDS = 30;
const OPS = 10_000_000;
/** How often each law is to be asked with each seed. */
const ASKED = 1000;

/** The allocators that are ours, and the laws that they promise too little for. */
const ALLOCATORS: readonly Combination[] = [
  { name: 'reference', makeTarget: referenceTarget() },
  {
    name: 'buddy',
    makeTarget: SMALL_ALLOCATORS.buddy(),
    notHere: {
      'slack-is-bounded': 'a block may be twice its request',
      'big-blocks-go-back': 'the pool stays',
      'refused-memory-is-survived': 'the pool is had before the first request',
    },
  },
  {
    name: 'slab',
    makeTarget: SMALL_ALLOCATORS.slab(),
    notHere: { 'freed-space-returns': 'a slab serves its own class only' },
  },
  {
    name: 'bump',
    makeTarget: SMALL_ALLOCATORS.bump(),
    notHere: { 'big-blocks-go-back': 'the break stays' },
  },
];

/**
 * Each allocator of ours in its default options with many seeds against the fuzzer.
 *
 * @param share 1 for all of it, 10 for a tenth of the ops with each seed.
 * @returns How many findings there were, and laws that were asked too rarely with a seed.
 */
export function campaignOnAllocators(seed: number, share: number): number {
  console.log(`the allocators, ${SEEDS} seeds, ${OPS / share} ops each\n`);
  const all = ALLOCATORS.flatMap((allocator) =>
    Array.from({ length: SEEDS }, (_, index) => ({
      ...allocator,
      name: `${allocator.name} ${index + 1}`,
      seed: fold(`${seed} ${index}`),
    })),
  );
  return runCombinations(all, { seed, ops: OPS / share, askedMin: ASKED / share });
}
