import { readsOf } from '../src/machine/meter.ts';
import type { MeteredThreads } from '../src/targets/metered-threads.ts';
import {
  always,
  costCounts,
  type CostCount,
  type CostGroup,
  meterGroups,
  namedCounts,
  whenCounted,
} from './cost-counts.ts';

type Group = CostGroup<MeteredThreads>;

/** All that is counted of programs of threads. */
export function threadGroups(runs: readonly MeteredThreads[]): readonly Group[] {
  return [
    { name: 'program', counts: OP_COUNTS },
    ...meterGroups(runs),
    { name: 'system calls', counts: callCounts(runs) },
    { name: 'at peak', counts: [always('frames', ({ framesPeak }) => framesPeak)] },
    { name: 'cost', counts: costCounts() },
    { name: 'switches', counts: switchCounts(runs) },
    {
      name: 'registers',
      counts: [
        always('data reads', ({ switching }) => switching.dataReads),
        always('data writes', ({ switching }) => switching.dataWrites),
        always('translation reads', ({ switching }) => sumOf(switching.translationReads)),
        always('TLB misses', ({ switching }) => switching.tlbMisses),
      ],
    },
    {
      name: 'TLB refills',
      counts: [
        always('entries', ({ refills }) => refills.entries),
        {
          ...always('reads', ({ refills }) => refills.reads),
          wholeOf: ({ meter, switching }) => readsOf(meter) + readsOf(switching),
        },
      ],
    },
    { name: 'ticks', counts: TICK_COUNTS },
  ];
}

const OP_COUNTS: readonly CostCount<MeteredThreads>[] = [
  always('ops', ({ counts }) => counts.ops),
  whenCounted('refused', ({ counts }) => counts.refused),
  whenCounted('faulted', ({ counts }) => counts.faulted),
  whenCounted('waiting for ever', ({ counts }) => counts.blocked),
  whenCounted('skipped', ({ counts }) => counts.skipped),
  whenCounted('not performed', ({ counts }) => counts.notSent),
];

const TICK_COUNTS: readonly CostCount<MeteredThreads>[] = [
  ...(['user', 'kernel', 'switching', 'idle'] as const).map((account) =>
    shareOfClock(account, ({ ticks }) => ticks[account]),
  ),
  shareOfClock('lost', ({ ticks }) => ticks.clock - ticks.user),
  always('in all', ({ ticks }) => ticks.clock),
];

function shareOfClock(
  label: string,
  countOf: (run: MeteredThreads) => number,
): CostCount<MeteredThreads> {
  return { ...always(label, countOf), wholeOf: ({ ticks }) => ticks.clock };
}

function callCounts(runs: readonly MeteredThreads[]): readonly CostCount<MeteredThreads>[] {
  return [
    ...namedCounts(runs, NONE, ({ systemCalls }) => systemCalls),
    always('in all', ({ systemCalls }) => sumOf(Object.values(systemCalls))),
  ];
}

function switchCounts(runs: readonly MeteredThreads[]): readonly CostCount<MeteredThreads>[] {
  return [
    ...namedCounts(runs, NONE, ({ switches }) => switches),
    always('in all', ({ switches }) => sumOf(Object.values(switches))),
    always('roots set', ({ rootsSet }) => rootsSet),
    always('timer strikes', ({ timerStrikes }) => timerStrikes),
  ];
}

/** All are left out that are 0. */
const NONE = '';

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
