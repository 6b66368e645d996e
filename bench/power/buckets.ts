import { assert } from '../../src/base/kit-bug.ts';
import type { Trial } from './trial.ts';

/** Trials by ops to the first finding; the last one holds those that found nothing. */
export const BUCKETS: readonly { readonly label: string; readonly opsMax: number }[] = [
  { label: '≤ 100', opsMax: 100 },
  { label: '≤ 1k', opsMax: 1000 },
  { label: '≤ 10k', opsMax: 10_000 },
  { label: '≤ 100k', opsMax: 100_000 },
  { label: '≤ 1M', opsMax: Infinity },
  { label: 'not found', opsMax: NaN },
];

/** How many trials lie in each bucket. */
export function bucketCounts(trials: readonly Trial[]): readonly number[] {
  const counts = BUCKETS.map(() => 0);
  for (const trial of trials) {
    const index = trial.found
      ? BUCKETS.findIndex(({ opsMax }) => trial.ops <= opsMax)
      : BUCKETS.length - 1;
    assert(index >= 0, 'a trial lies in a bucket');
    counts[index]! += 1;
  }
  return counts;
}
