/** One worker of a campaign on several cores: searches until it is told to stop, and tells what it finds. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RawFinding } from '../fuzz/engine.ts';
import type { Program } from '../src/program/program.ts';
import { FuzzCampaign, type FuzzOptions } from './fuzz-campaign.ts';
import { inTurn } from './interrupt.ts';
import { loadTarget } from './load-target.ts';
import type { LoadedTarget } from './loaded-target.ts';
import type { Tally } from './tally.ts';

/** What a worker is started with. */
export interface WorkerTask {
  /** The target, as it stands on the command line. */
  readonly target: Pick<LoadedTarget, 'spec' | 'options'>;
  /** Folder from which paths are read. */
  readonly cwd: string;
  readonly options: FuzzOptions;
}

export type ToWorker = 'stop';

export type FromWorker =
  | {
      readonly kind: 'batch';
      readonly programsCount: number;
      readonly opsCount: number;
      readonly raw: RawFinding | undefined;
    }
  /** The last message. */
  | {
      readonly kind: 'over';
      readonly tally: Pick<Tally, 'asked' | 'counts' | 'events'>;
      readonly kept: readonly Program[];
    };

const task = workerData as WorkerTask;
const port = parentPort!;
const stop = new AbortController();
port.once('message', () => stop.abort());

const { makeTarget } = await loadTarget(task.target.spec, {
  ...task.target.options,
  cwd: task.cwd,
});
const campaign = new FuzzCampaign(makeTarget, task.options, {
  now: () => performance.now(),
  // Ctrl-C is the main thread's.
  run: inTurn,
});
while (!stop.signal.aborted && !campaign.isDone) {
  const raw = await campaign.next();
  const { opsCount, programsCount } = campaign;
  port.postMessage({ kind: 'batch', programsCount, opsCount, raw } satisfies FromWorker);
}
campaign.close();
const { asked, counts, events } = campaign.tally;
const { kept } = campaign;
port.postMessage({ kind: 'over', tally: { asked, counts, events }, kept } satisfies FromWorker);
port.close();
