/** One worker of a campaign on several cores. */
import { parentPort, workerData } from 'node:worker_threads';
import { search, type WorkerTask } from './campaign-worker.ts';
import { FuzzCampaign } from './fuzz-campaign.ts';
import { inTurn } from './interrupt.ts';
import { loadTarget } from './load-target.ts';

const { cwd, options, target } = workerData as WorkerTask;
const port = parentPort!;
const stop = new AbortController();
port.once('message', () => stop.abort());

const { makeTarget } = await loadTarget(target.spec, { ...target.options, cwd });
const campaign = new FuzzCampaign(makeTarget, options, {
  now: () => performance.now(),
  // Ctrl-C is the main thread's.
  run: inTurn,
});
await search(campaign, {
  get isStopped() {
    return stop.signal.aborted;
  },
  post: (message) => port.postMessage(message),
});
port.close();
