import { Engine } from '../fuzz/engine.ts';
import { fold, Prng } from '../src/base/prng.ts';
import { LAW } from '../src/check/law.ts';
import { refine } from '../src/minimize/refine.ts';
import { printOp } from '../src/program/text.ts';
import { guardedRun } from '../src/supervise/guarded-run.ts';
import { servedNative } from '../src/targets/native/served-native.ts';
import { BROKEN, type BrokenAllocator, withBrokenLibrary } from './broken-library.ts';
import { killLoop } from './kill-loop.ts';
import { runBatch } from './run-batch.ts';

const SEEDS = 20;
const KILLS = 50;
const HANG_MS = 500;
/** While a hang is shrunk, each step on the way waits for so long. */
const SHRINK_HANG_MS = 100;
const FOUND_WITHIN_MS = 5000;

/**
 * The three of `examples/broken.c`: each found within 5 s and shrunk to the shortest program; and heapcheck killed while
 * it hunts them.
 *
 * @returns How many trials missed that, findings that were lost, and processes that were left behind.
 */
export function campaignOnBroken(seed: number, share: number): Promise<number> {
  return withBrokenLibrary(async (library, folder) => {
    let troublesCount = 0;
    for (const broken of BROKEN) troublesCount += huntBroken(library, broken, part(SEEDS, share));
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

function huntBroken(
  library: string,
  { laws, malloc, opsCount }: BrokenAllocator,
  seedsCount: number,
): number {
  let goodCount = 0;
  let slowestMs = 0;
  const makeTarget = servedNative({ library, symbols: { malloc, free: 'keep' } }, malloc);
  for (let seed = 1; seed <= seedsCount; seed += 1) {
    const start = performance.now();
    const engine = new Engine(makeTarget, { seed });
    let raw;
    while (raw === undefined && performance.now() - start < FOUND_WITHIN_MS)
      raw = runBatch(engine, { count: 1, hangMs: HANG_MS });
    slowestMs = Math.max(slowestMs, performance.now() - start);
    if (raw === undefined) continue;
    const limitMs = raw.finding.law === LAW.answersInTime.name ? SHRINK_HANG_MS : HANG_MS;
    const refined = refine(guardedRun(makeTarget, limitMs), raw.program, raw.finding);
    const isGood = laws.includes(refined.finding.law) && refined.program.length <= opsCount;
    if (isGood) goodCount += 1;
    else console.log(`    ${refined.finding.law}: ${refined.program.map(printOp).join('; ')}`);
  }
  console.log(
    `  ${malloc.padEnd(16)} ${goodCount} of ${seedsCount} seeds found and shrunk to ${opsCount} ops, slowest to find ${Math.round(slowestMs)} ms`,
  );
  return seedsCount - goodCount;
}
