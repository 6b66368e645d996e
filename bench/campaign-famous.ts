import { fold } from '../src/base/prng.ts';
import { FAMOUS, famousNames, hunt, isShortest, loadFamous } from './famous-hunt.ts';

const SEEDS = 20;
const PROGRAMS_MAX = 1_000_000;
/** To find and to shrink it. */
const SECONDS_MAX = 10;

/**
 * Each famous mistake with many seeds: found, shrunk to as few ops as there are, in time.
 *
 * @returns How often it was not.
 */
export async function campaignOnFamous(seed: number, share: number): Promise<number> {
  const seeds = Math.max(1, Math.round(SEEDS / share));
  console.log(`famous mistakes, ${seeds} seeds each, to find and to shrink\n`);
  let missedCount = 0;
  for (const name of famousNames()) {
    const mistake = FAMOUS[name]!;
    const makeTarget = await loadFamous(name);
    let rightCount = 0;
    let opsMax = 0;
    let secondsMax = 0;
    for (let index = 0; index < seeds; index += 1) {
      const start = performance.now();
      const found = hunt(makeTarget, fold(`${seed} ${index}`), PROGRAMS_MAX);
      const seconds = (performance.now() - start) / 1000;
      const isRight = found !== undefined && isShortest(found.refined, mistake, makeTarget);
      if (isRight && seconds < SECONDS_MAX) rightCount += 1;
      else if (found !== undefined)
        console.log(`  ${found.refined.finding.law} in ${found.refined.program.length} ops`);
      opsMax = Math.max(opsMax, found?.opsCount ?? Infinity);
      secondsMax = Math.max(secondsMax, seconds);
    }
    missedCount += seeds - rightCount;
    console.log(
      `  ${name.padEnd(28)} ${rightCount} of ${seeds} shortest, after ${opsMax} ops and ${secondsMax.toFixed(2)} s at most`,
    );
  }
  console.log(`\n  ${missedCount} missed\n`);
  return missedCount;
}
