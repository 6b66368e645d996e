import { loadTarget } from '../cli/load-target.ts';
import { refineGuarded } from '../cli/refine-finding.ts';
import { fold, Prng } from '../src/base/prng.ts';
import { printOp } from '../src/program/text.ts';
import { BROKEN, type BrokenAllocator, withBrokenLibrary } from './broken-library.ts';
import { withJob } from './job.ts';
import { killLoop } from './kill-loop.ts';

const SEEDS = 20;
const KILLS = 50;
const FOUND_WITHIN_MS = 5000;
/** As the command has it where nothing is said. */
const TIME_LIMIT_MS = 1000;

/**
 * The three of `examples/broken.c`: each found within 5 s and shrunk to the shortest program; and heapcheck killed while
 * it hunts them.
 *
 * @returns How many trials missed that, findings that were lost, and processes that were left behind.
 */
export function campaignOnBroken(seed: number, share: number): Promise<number> {
  return withBrokenLibrary(async (library, folder) => {
    let troublesCount = 0;
    for (const broken of BROKEN)
      troublesCount += await huntBroken(library, broken, part(SEEDS, share));
    const prng = new Prng(fold(`${seed} kills`));
    troublesCount += await killLoop(library, { folder, prng, rounds: part(KILLS, share) });
    console.log('');
    return troublesCount;
  });
}

/** A share of some trials, one for each of the broken allocators at the least. */
function part(count: number, share: number): number {
  return Math.max(BROKEN.length, Math.ceil(count / share));
}

async function huntBroken(
  library: string,
  { laws, malloc, opsCount }: BrokenAllocator,
  seedsCount: number,
): Promise<number> {
  const target = await loadTarget(library, { cwd: '.', symbols: { malloc, free: 'keep' } });
  const timeLimitMs = TIME_LIMIT_MS;
  let goodCount = 0;
  let slowestMs = 0;
  for (let seed = 1; seed <= seedsCount; seed += 1) {
    const start = performance.now();
    const raw = await withJob(target, { seed, timeLimitMs }, async (campaign) => {
      for (;;) {
        const found = await campaign.next();
        if (found !== undefined || performance.now() - start > FOUND_WITHIN_MS) return found;
      }
    });
    const foundMs = performance.now() - start;
    slowestMs = Math.max(slowestMs, foundMs);
    if (raw === undefined || foundMs > FOUND_WITHIN_MS) continue;
    const refined = refineGuarded({ target, timeLimitMs }, raw.program, raw.finding, {});
    const isGood =
      refined.kind === 'confirmed' &&
      laws.includes(refined.finding.law) &&
      refined.program.length <= opsCount;
    if (isGood) goodCount += 1;
    else console.log(`    ${refined.finding.law}: ${refined.program.map(printOp).join('; ')}`);
  }
  console.log(
    `  ${malloc.padEnd(16)} ${goodCount} of ${seedsCount} seeds found and shrunk to ${opsCount} ops, slowest to find ${Math.round(slowestMs)} ms`,
  );
  return seedsCount - goodCount;
}
