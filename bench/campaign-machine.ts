import { machineTarget } from '../src/targets/machine.ts';
import { MACHINES, PLACEMENTS } from './campaign-paged.ts';
import { type Combination, runCombinations } from './combination.ts';

const OPS = 1_000_000;
/** How often each invariant is to be asked in each combination. */
const ASKED = 1000;
/** Walking everything costs as much as some hundred ops. */
const OPS_MAX = 512;

/**
 * Each machine, placing areas in each way and giving frames on touch and on map, against the fuzzer.
 *
 * @param share 1 for all of it, 10 for a tenth of the ops.
 * @returns How many findings there were, and invariants that were asked too rarely in a combination.
 */
export function campaignOnMachines(seed: number, share: number): number {
  console.log(`the machine, ${OPS / share} ops a combination\n`);
  const all = MACHINES.flatMap((preset) =>
    PLACEMENTS.flatMap((placement) =>
      (['on-touch', 'on-map'] as const).map((frames): Combination => {
        const space = { placement, frames, seed };
        return {
          name: `${preset} ${placement} ${frames}`,
          makeTarget: machineTarget({ preset, space }),
          opsMax: OPS_MAX,
          checkEvery: OPS_MAX,
        };
      }),
    ),
  );
  return runCombinations(all, { seed, ops: OPS / share, askedMin: ASKED / share });
}
