import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import type * as jobs from './job-campaign.ts';
import type * as interrupts from './interrupt.ts';
import type * as targets from './load-target.ts';

/** As they were built: workers load no TypeScript. */
const built = createRequire(import.meta.url);
const { JobCampaign } = built('../dist/cli/job-campaign.js') as typeof jobs;
const { InterruptListener } = built('../dist/cli/interrupt.js') as typeof interrupts;
const { loadTarget } = built('../dist/cli/load-target.js') as typeof targets;

test('Ctrl-C between two waits is not lost, and after the end nobody listens', async () => {
  const target = await loadTarget('reference', { cwd: '.' });
  const options = { seed: 1, runs: Infinity, timeLimitMs: 1000, known: [] };
  const listenersBefore = process.listenerCount('SIGINT');
  const interrupt = new InterruptListener();
  const campaign = new JobCampaign({ target, cwd: '.' }, options, { count: 1, interrupt });
  await campaign.next();
  process.emit('SIGINT');
  await expect(campaign.next()).rejects.toThrow('stopped by Ctrl-C');
  await campaign.close();
  interrupt.close();
  expect(process.listenerCount('SIGINT')).toBe(listenersBefore);
});

test('a process that ends before its first program is followed by none', async () => {
  const reference = await loadTarget('reference', { cwd: '.' });
  const target = { ...reference, native: { library: '/nowhere/libgone.so' } };
  const options = { seed: 1, runs: Infinity, timeLimitMs: 1000, known: [] };
  const interrupt = new InterruptListener();
  const campaign = new JobCampaign({ target, cwd: '.' }, options, { count: 1, interrupt });
  await expect(campaign.next()).rejects.toThrow(
    'reference: the process that calls it ended before the first program; see what it does when it is loaded a second time.',
  );
  await campaign.close();
  interrupt.close();
});
