import { InterruptListener } from '../cli/interrupt.ts';
import { JobCampaign } from '../cli/job-campaign.ts';
import type { LoadedTarget } from '../cli/loaded-target.ts';
import type { FuzzOptions } from '../cli/fuzz-campaign.ts';

/** A campaign by one worker, as `heapcheck fuzz` has it of a library, for as long as it is used. */
export async function withJob<T>(
  target: LoadedTarget,
  options: Pick<FuzzOptions, 'opsMax' | 'seed' | 'timeLimitMs'>,
  use: (campaign: JobCampaign) => Promise<T>,
): Promise<T> {
  const interrupt = new InterruptListener();
  const all = { ...options, runs: Infinity, known: [] };
  const campaign = new JobCampaign({ target, cwd: '.' }, all, { count: 1, interrupt });
  try {
    return await use(campaign);
  } finally {
    await campaign.close();
    interrupt.close();
  }
}
