import type { RunCounts } from '../src/check/run-counts.ts';

/*
 * A campaign that finds nothing may have asked for nothing. Health warnings tell when it tested less than it seems to.
 *
 * Source: the health checks of Hypothesis, and the stability figure of AFL.
 */

type HealthName =
  | 'mostly-skipped'
  | 'mostly-refused'
  | 'never-freed'
  | 'no-big-blocks'
  | 'too-slow'
  | 'unstable';

export interface HealthWarning {
  readonly name: HealthName;
  /** What was seen, in numbers, and what it means. */
  readonly says: string;
}

/** What a campaign is judged by. */
export interface Vitals {
  readonly counts: Readonly<RunCounts>;
  readonly elapsedMs: number;
  /** Findings that did not show in every run of their program. */
  readonly flakyCount: number;
  /** Whether the target is an allocator: only those owe blocks. */
  readonly isAllocator: boolean;
}

/** Fewer ops say nothing about the rest. */
const OPS_MIN = 1000;
/** Random sizes come to a big one long before so many ops. */
const OPS_MIN_FOR_BIG = 20_000;
const OPS_PER_SECOND_MIN = 1000;

/** @returns What is wrong with a campaign, worst first; nothing for a healthy one, or for one that has hardly begun. */
export function healthOf(vitals: Vitals): readonly HealthWarning[] {
  const { counts, elapsedMs, flakyCount, isAllocator } = vitals;
  const warnings: HealthWarning[] = [];
  const warn = (name: HealthName, says: string): void => void warnings.push({ name, says });
  if (flakyCount > 0)
    warn(
      'unstable',
      `${flakyCount} of the findings did not show in every run of their program: something outlives the heap, or its reset.`,
    );
  if (counts.ops < OPS_MIN) return warnings;

  const skipped = percent(counts.skipped, counts.ops);
  if (skipped > 50)
    warn('mostly-skipped', `${skipped} % of the ops did nothing: their slots forbade it.`);
  if (isAllocator) warnOfBlocks(counts, warn);
  const perSecond = Math.round((counts.ops / elapsedMs) * 1000);
  if (perSecond < OPS_PER_SECOND_MIN)
    warn('too-slow', `${perSecond} ops a second are too few for a search at random.`);
  return warnings;
}

function warnOfBlocks(
  counts: Readonly<RunCounts>,
  warn: (name: HealthName, says: string) => void,
): void {
  const refused = percent(counts.refused, counts.refused + counts.granted);
  if (refused > 50)
    warn(
      'mostly-refused',
      `${refused} % of the requests were refused: the heap is too small for what is asked.`,
    );
  if (counts.granted > 0 && counts.freed === 0)
    warn('never-freed', 'no op freed a block, so no memory was used twice.');
  if (counts.ops >= OPS_MIN_FOR_BIG && counts.grantedBig === 0)
    warn(
      'no-big-blocks',
      'no block of 128 KiB or more was handed out, so paths for big blocks were not taken.',
    );
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 100);
}
