import { loadTarget } from '../cli/load-target.ts';
import type { LoadedTarget } from '../cli/loaded-target.ts';
import { refineGuarded } from '../cli/refine-finding.ts';
import type { RawFinding } from '../fuzz/engine.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { LAW } from '../src/check/law.ts';
import { printOp } from '../src/program/text.ts';
import { withJob } from './job.ts';
import { systemLibrary } from './system-library.ts';

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
  const start = performance.now();
  return withJob(target, { seed, timeLimitMs: TIME_LIMIT_MS }, async (campaign) => {
    let [newCount, knownCount] = [0, 0];
    while (campaign.opsCount < opsCount && newCount === 0) {
      const raw = await campaign.next();
      if (raw === undefined) continue;
      if (raw.finding.law === breaks) knownCount += 1;
      else newCount += tell(target, raw);
    }
    const perSecond = Math.round((campaign.opsCount / (performance.now() - start)) * 1000);
    const known = breaks === undefined ? '' : `, and ${knownCount} times ${breaks}, as is known`;
    console.log(
      `  ${file.padEnd(26)} ${campaign.opsCount.toLocaleString('en')} ops, ${newCount} findings${known}, ${perSecond.toLocaleString('en')} ops/s`,
    );
    return newCount;
  });
}

function tell(target: LoadedTarget, { finding, program }: RawFinding): number {
  const context = { target, timeLimitMs: TIME_LIMIT_MS };
  const refined = refineGuarded(context, program, finding, {});
  const how = refined.kind === 'flaky' ? ' (flaky)' : '';
  console.log(`  ${target.name}: ${refined.finding.law}${how}: ${refined.finding.observed}`);
  console.log(refined.program.map((op) => `    ${printOp(op)}`).join('\n'));
  return 1;
}

function pathOf(file: string): string {
  const path = systemLibrary(file);
  if (path === undefined)
    throw new UsageError(
      `native: there is no ${file}; apt-get install libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4.`,
    );
  return path;
}
