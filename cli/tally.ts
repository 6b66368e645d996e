import { LAW } from '../src/check/law.ts';
import { noCounts, type RunCounts } from '../src/check/run-counts.ts';
import type { Runner } from '../src/check/runner.ts';

/** What several runners did, in all. */
export class Tally {
  readonly counts = noCounts();
  readonly asked = new Map<string, number>();
  readonly events = new Map<string, number>();

  /** Adds what a runner did, once it is done. */
  add(runner: Runner): void {
    this.addHung(runner);
    addAll(this.events, runner.events);
  }

  /** Adds what others have added up. */
  addTally({ asked, counts, events }: Pick<Tally, 'asked' | 'counts' | 'events'>): void {
    this.addHung({ asked, counts });
    addAll(this.events, events);
  }

  /** Adds what a runner did that was stopped in the middle: its target can be asked nothing more. */
  addHung({ asked, counts }: Pick<Runner, 'asked' | 'counts'>): void {
    for (const key of Object.keys(counts) as (keyof RunCounts)[]) this.counts[key] += counts[key];
    addAll(this.asked, asked);
    // Every program ran under the watchdog.
    const { name } = LAW.answersInTime;
    this.asked.set(name, this.counts.programs);
  }
}

function addAll(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}
