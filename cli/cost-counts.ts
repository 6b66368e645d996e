import type { Cost } from '../src/kernel/cost.ts';
import type { MeterReading } from '../src/machine/meter.ts';
import type { MeteredPages } from '../src/targets/metered-pages.ts';
import type { MeteredRun } from '../src/targets/metered-run.ts';

/** One count of a run, and how a table names it. */
export interface CostCount<Run> {
  readonly label: string;
  /** Whether it is shown when it is 0 in every run. */
  readonly shows: 'always' | 'when-counted';
  /** Nothing where the machine of a run has no such thing. */
  readonly countOf: (run: Run) => number | undefined;
  /** The whole of which it is shown as a share. */
  readonly wholeOf?: (run: Run) => number;
}

/** Counts that belong together. */
export interface CostGroup<Run> {
  readonly name: string;
  readonly counts: readonly CostCount<Run>[];
}

/** What is counted of every program. */
interface AnyRun {
  readonly meter: MeterReading;
  readonly systemCalls: Readonly<Record<string, number>>;
  readonly cost: Cost;
}

/** All that is counted of programs of blocks. */
export function blockGroups(runs: readonly MeteredRun[]): readonly CostGroup<MeteredRun>[] {
  return [
    { name: 'program', counts: OP_COUNTS },
    ...meterGroups(runs),
    { name: 'system calls', counts: namedCounts(runs, 'mmap', ({ systemCalls }) => systemCalls) },
    { name: 'at peak', counts: peakCounts() },
    {
      name: 'heap',
      counts: [
        always('list steps', ({ heap }) => heap.listSteps),
        always('splits', ({ heap }) => heap.splits),
        always('merges', ({ heap }) => heap.mergesLeft + heap.mergesRight + heap.mergesBoth),
      ],
    },
    { name: 'cost', counts: costCounts() },
  ];
}

/** All that is counted of programs of ops on pages. */
export function pageGroups(runs: readonly MeteredPages[]): readonly CostGroup<MeteredPages>[] {
  return [
    {
      name: 'program',
      counts: [
        always('ops', ({ counts }) => counts.ops),
        whenCounted('refused', ({ counts }) => counts.refused),
        whenCounted('faulted', ({ counts }) => counts.faulted),
        whenCounted('skipped', ({ counts }) => counts.skipped),
      ],
    },
    ...meterGroups(runs),
    { name: 'system calls', counts: namedCounts(runs, 'mmap', ({ systemCalls }) => systemCalls) },
    { name: 'at peak', counts: peakCounts() },
    { name: 'cost', counts: costCounts() },
  ];
}

/** What the meter counts. */
export function meterGroups<Run extends AnyRun>(runs: readonly Run[]): readonly CostGroup<Run>[] {
  return [
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
  ];
}

const OP_COUNTS: readonly CostCount<MeteredRun>[] = [
  always('ops', ({ counts }) => counts.ops),
  whenCounted('refused', ({ counts }) => counts.refused),
  whenCounted('skipped', ({ counts }) => counts.skipped),
  whenCounted('misuse, not sent', ({ counts }) => counts.notSent),
];

function peakCounts<Run extends MeteredRun | MeteredPages>(): readonly CostCount<Run>[] {
  return [
    always('frames', ({ framesPeak }) => framesPeak),
    always('bytes mapped', ({ mappedPeakBytes }) => mappedPeakBytes),
    always('pages mapped', ({ mappedPeakBytes, pageSize }) => mappedPeakBytes / pageSize),
  ];
}

export function costCounts<Run extends AnyRun>(): readonly CostCount<Run>[] {
  return (['accesses', 'faults', 'calls', 'total'] as const).map((part) => ({
    ...always<Run>(part, ({ cost }) => cost[part]),
    ...(part !== 'total' && { wholeOf: ({ cost }: Run) => cost.total }),
  }));
}

/** Reads by level, the root first, as many as the deepest tables have, and in all. */
function translationCounts<Run extends AnyRun>(runs: readonly Run[]): readonly CostCount<Run>[] {
  const levelsCount = Math.max(...runs.map(({ meter }) => meter.translationReads.length));
  return [
    ...Array.from({ length: levelsCount }, (_, level) =>
      always<Run>(`reads, level ${level}`, ({ meter }) => meter.translationReads.at(level)),
    ),
    always<Run>('reads in all', ({ meter }) =>
      meter.translationReads.reduce((sum, reads) => sum + reads, 0),
    ),
    always('writes', ({ meter }) => meter.translationWrites),
  ];
}

/** Counts that have names of their own; of those that are 0 only one is shown, or none. */
export function namedCounts<Run, Name extends string>(
  [first]: readonly Run[],
  shown: Name | '',
  countsOf: (run: Run) => Readonly<Record<Name, number>>,
): readonly CostCount<Run>[] {
  const names = first === undefined ? [] : (Object.keys(countsOf(first)) as Name[]);
  return names.map((name) => {
    const make = name === shown ? always<Run> : whenCounted<Run>;
    return make(name.replaceAll('-', ' '), (run) => countsOf(run)[name]);
  });
}

export function always<Run>(label: string, countOf: CostCount<Run>['countOf']): CostCount<Run> {
  return { label, shows: 'always', countOf };
}

export function whenCounted<Run>(
  label: string,
  countOf: CostCount<Run>['countOf'],
): CostCount<Run> {
  return { label, shows: 'when-counted', countOf };
}
