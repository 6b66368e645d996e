import type { Cost } from '../src/kernel/cost.ts';
import type { MeteredRun } from '../src/targets/metered-run.ts';

/** One count of a run, and how a table names it. */
export interface CostCount {
  readonly label: string;
  /** Whether it is shown when it is 0 in every run. */
  readonly shows: 'always' | 'when-counted';
  /** Nothing where the machine of a run has no such thing. */
  readonly countOf: (run: MeteredRun) => number | undefined;
  /** The whole of which it is shown as a share. */
  readonly wholeOf?: (run: MeteredRun) => number;
}

/** Counts that belong together. */
export interface CostGroup {
  readonly name: string;
  readonly counts: readonly CostCount[];
}

/** All that is counted in some runs. */
export function costGroups(runs: readonly MeteredRun[]): readonly CostGroup[] {
  return [
    { name: 'program', counts: OP_COUNTS },
    {
      name: 'data',
      counts: [
        always('reads', ({ meter }) => meter.dataReads),
        always('writes', ({ meter }) => meter.dataWrites),
      ],
    },
    { name: 'translation', counts: translationCounts(runs) },
    {
      name: 'TLB',
      counts: [
        always('hits', ({ meter }) => meter.tlbHits),
        always('misses', ({ meter }) => meter.tlbMisses),
        always('evictions', ({ meter }) => meter.tlbEvictions),
        always('flushes', ({ meter }) => meter.tlbFlushes),
      ],
    },
    { name: 'faults', counts: namedCounts(runs, 'not-mapped', ({ meter }) => meter.faults) },
    {
      name: 'system calls',
      counts: namedCounts(runs, 'mmap', ({ systemCalls }) => systemCalls),
    },
    {
      name: 'at peak',
      counts: [
        always('frames', ({ framesPeak }) => framesPeak),
        always('bytes mapped', ({ mappedPeakBytes }) => mappedPeakBytes),
        always('pages mapped', ({ mappedPeakBytes, pageSize }) => mappedPeakBytes / pageSize),
      ],
    },
    {
      name: 'heap',
      counts: [
        always('list steps', ({ heap }) => heap.listSteps),
        always('splits', ({ heap }) => heap.splits),
        always('merges', ({ heap }) => heap.mergesLeft + heap.mergesRight + heap.mergesBoth),
      ],
    },
    { name: 'cost', counts: COST_COUNTS },
  ];
}

const OP_COUNTS: readonly CostCount[] = [
  always('ops', ({ counts }) => counts.ops),
  whenCounted('refused', ({ counts }) => counts.refused),
  whenCounted('skipped', ({ counts }) => counts.skipped),
  whenCounted('misuse, not sent', ({ counts }) => counts.notSent),
];

const COST_COUNTS: readonly CostCount[] = (['accesses', 'faults', 'calls', 'total'] as const).map(
  (part: keyof Cost) => ({
    ...always(part, ({ cost }) => cost[part]),
    ...(part !== 'total' && { wholeOf: ({ cost }: MeteredRun) => cost.total }),
  }),
);

/** Reads by level, the root first, as many as the deepest tables have, and in all. */
function translationCounts(runs: readonly MeteredRun[]): readonly CostCount[] {
  const levelsCount = Math.max(...runs.map(({ meter }) => meter.translationReads.length));
  return [
    ...Array.from({ length: levelsCount }, (_, level) =>
      always(`reads, level ${level}`, ({ meter }) => meter.translationReads.at(level)),
    ),
    always('reads in all', ({ meter }) =>
      meter.translationReads.reduce((sum, reads) => sum + reads, 0),
    ),
    always('writes', ({ meter }) => meter.translationWrites),
  ];
}

/** Counts that have names of their own; of those that are 0 only one is shown. */
function namedCounts<Name extends string>(
  [first]: readonly MeteredRun[],
  shown: Name,
  countsOf: (run: MeteredRun) => Readonly<Record<Name, number>>,
): readonly CostCount[] {
  const names = first === undefined ? [] : (Object.keys(countsOf(first)) as Name[]);
  return names.map((name) => {
    const make = name === shown ? always : whenCounted;
    return make(name.replaceAll('-', ' '), (run) => countsOf(run)[name]);
  });
}

function always(label: string, countOf: CostCount['countOf']): CostCount {
  return { label, shows: 'always', countOf };
}

function whenCounted(label: string, countOf: CostCount['countOf']): CostCount {
  return { label, shows: 'when-counted', countOf };
}
