import type { Broken } from './finding.ts';

/** Which of a target's requests for memory the system refuses: `count` of them from the one numbered `first` on. */
export interface RefusedMemory {
  readonly first: number;
  readonly count: number;
}

/** What a repeated program owes. */
export const CHURN_IS_BOUNDED = {
  name: 'churn-is-bounded',
  says: 'A program done over and over, with all freed after each time, comes to take no more memory from the system.',
  rows: 'B12',
  source: 'rustwasm/wee_alloc issue 106: a heap that grew without end passed 50,000 random ops.',
  needs: 'footprint, promise steady',
  check: (
    times: number,
    [first, second, third]: readonly [number, number, number],
  ): Broken | undefined =>
    second <= first || third - second < second - first
      ? undefined
      : {
          observed: `done ${times}, ${2 * times} and ${4 * times} times, the program took ${first}, ${second} and ${third} bytes from the system`,
          expected: 'less growth in twice the time',
        },
} as const;

/** What is owed when the system refuses memory. */
export const REFUSED_MEMORY_IS_SURVIVED = {
  name: 'refused-memory-is-survived',
  says: 'When the system refuses memory, all laws hold, and what was granted before is granted again once there is memory.',
  rows: 'B13 B18',
  source: 'SQLite, "How SQLite Is Tested", out-of-memory tests: fail once, and fail from then on.',
  needs: 'refusals',
  check: (
    refused: RefusedMemory,
    broken: { readonly law: string; readonly observed: string } | undefined,
  ) =>
    broken === undefined
      ? undefined
      : {
          observed: `with ${formatRefused(refused)}, ${broken.law}: ${broken.observed}`,
          expected: 'an allocator that goes on',
        },
} as const;

/** What the largest request owes. */
export const LARGEST_FITS = {
  name: 'largest-fits',
  says: 'The largest request that is granted is granted again once it is freed, as is every smaller one, and no larger one is.',
  rows: 'B10',
  source: 'sebbbi/OffsetAllocator issues 11 and 14; rlsf.',
  needs: 'bounds, promise largest',
  check: (size: number, answer: 'granted' | 'refused', largest: number) =>
    (answer === 'granted') === size <= largest
      ? undefined
      : {
          observed: `malloc(${size}) was ${answer}`,
          expected: `what is granted up to ${largest} bytes, and refused from ${largest + 1} on`,
        },
} as const;

function formatRefused({ count, first }: RefusedMemory): string {
  return `request ${first + 1} for memory${count === 1 ? '' : ' and all later ones'} refused`;
}
