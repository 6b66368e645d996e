import { existsSync } from 'node:fs';
import { InterruptListener } from '../cli/interrupt.ts';
import { JobCampaign } from '../cli/job-campaign.ts';
import { loadTarget } from '../cli/load-target.ts';
import type { LoadedTarget } from '../cli/loaded-target.ts';
import type { RawFinding } from '../fuzz/engine.ts';
import { LAW } from '../src/check/law.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { refine } from '../src/minimize/refine.ts';
import { printOp } from '../src/program/text.ts';
import { guardedRun } from '../src/supervise/guarded-run.ts';

const OPS = 10_000_000;
const TIME_LIMIT_MS = 2000;

interface Library {
  readonly file: string;
  /** A law that it is known to break; docs/libraries.md tells how. */
  readonly breaks?: string;
}

/** Debian's packages: libc6, libjemalloc2, libmimalloc2.0, libtcmalloc-minimal4. */
const LIBRARIES: readonly Library[] = [
  { file: 'libc.so.6' },
  { file: 'libjemalloc.so.2' },
  { file: 'libmimalloc.so.2.0', breaks: LAW.mallocAligns.name },
  { file: 'libtcmalloc_minimal.so.4' },
];

/**
 * The allocators that the world runs on, 10,000,000 ops each.
 *
 * @returns How many findings there were, but for those that are known.
 */
export async function campaignOnNative(seed: number, share: number): Promise<number> {
  console.log('libraries of the system: ops, findings\n');
  let findingsCount = 0;
  for (const library of LIBRARIES)
    findingsCount += await fuzzLibrary(library, { seed, opsCount: OPS / share });
  console.log('');
  return findingsCount;
}

async function fuzzLibrary(
  { breaks, file }: Library,
  { opsCount, seed }: { readonly opsCount: number; readonly seed: number },
): Promise<number> {
  const target = await loadTarget(pathOf(file), { cwd: '.' });
  const interrupt = new InterruptListener();
  const options = { seed, runs: Infinity, timeLimitMs: TIME_LIMIT_MS, known: [] };
  const campaign = new JobCampaign({ target, cwd: '.' }, options, { count: 1, interrupt });
  const start = performance.now();
  let [newCount, knownCount] = [0, 0];
  while (campaign.opsCount < opsCount && newCount === 0) {
    const raw = await campaign.next();
    if (raw === undefined) continue;
    if (raw.finding.law === breaks) knownCount += 1;
    else newCount += tell(target, raw);
  }
  const perSecond = Math.round((campaign.opsCount / (performance.now() - start)) * 1000);
  await campaign.close();
  interrupt.close();
  const known = breaks === undefined ? '' : `, and ${knownCount} times ${breaks}, as is known`;
  console.log(
    `  ${file.padEnd(26)} ${campaign.opsCount.toLocaleString('en')} ops, ${newCount} findings${known}, ${perSecond.toLocaleString('en')} ops/s`,
  );
  return newCount;
}

function tell({ makeTarget, name }: LoadedTarget, { finding, program }: RawFinding): number {
  const refined = refine(guardedRun(makeTarget, TIME_LIMIT_MS), program, finding);
  const how = refined.kind === 'flaky' ? ' (flaky)' : '';
  console.log(`  ${name}: ${refined.finding.law}${how}: ${refined.finding.observed}`);
  console.log(refined.program.map((op) => `    ${printOp(op)}`).join('\n'));
  return 1;
}

function pathOf(file: string): string {
  const path = ['x86_64', 'aarch64']
    .map((machine) => `/usr/lib/${machine}-linux-gnu/${file}`)
    .find((each) => existsSync(each));
  if (path === undefined)
    throw new UsageError(
      `native: there is no ${file}; apt-get install libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4.`,
    );
  return path;
}
