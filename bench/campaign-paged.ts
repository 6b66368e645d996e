import { blockPrograms, offeredKinds } from '../fuzz/block-programs.ts';
import type { DrawProgram } from '../fuzz/draw-program.ts';
import { KIB, MIB, type Size } from '../src/base/units.ts';
import type { Placement } from '../src/kernel/placement.ts';
import type { PresetName } from '../src/machine/geometry.ts';
import type { Op } from '../src/program/op.ts';
import type { PagedArenaOptions } from '../src/targets/paged-arena.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { type Combination, runCombinations } from './combination.ts';

const OPS = 1_000_000;
/** Walking everything costs as much as some hundred ops. */
const OPS_MAX = 512;
/** How often each law is to be asked in each combination. */
const ASKED = 1000;
export const PLACEMENTS: readonly Placement[] = ['up', 'down', 'gaps', 'random'];
export const MACHINES: readonly PresetName[] = ['x86-64', 'x86-32', 'toy'];

/** What fits a preset: memory that programs of the fuzzer fill, and frames for all of it and its tables. */
const ROOM: Readonly<
  Record<PresetName, Pick<PagedArenaOptions, 'mapSize' | 'framesCount'> & { sizeMax: number }>
> = {
  'x86-64': { mapSize: 2 * MIB, framesCount: 600, sizeMax: Infinity },
  'x86-32': { mapSize: 2 * MIB, framesCount: 600, sizeMax: Infinity },
  toy: { mapSize: 12 * KIB, framesCount: 255, sizeMax: 2 * KIB },
};

/**
 * The reference on the pages of each machine, placed in each way, against the fuzzer.
 *
 * @param share 1 for all of it, 10 for a tenth of the ops.
 * @returns How many findings there were, and laws that were asked too rarely in a combination.
 */
export function campaignOnPages(seed: number, share: number): number {
  console.log(`the reference on pages, ${OPS / share} ops a combination\n`);
  const all = MACHINES.flatMap((preset) =>
    PLACEMENTS.flatMap((placement) => [
      combinationOf(preset, placement, 'off'),
      combinationOf(preset, placement, 'on'),
    ]),
  );
  return runCombinations(all, { seed, ops: OPS / share, askedMin: ASKED / share });
}

/** A watch sees each translation and each frame, and quarters the speed: with it, a tenth of the ops. */
function combinationOf(preset: PresetName, placement: Placement, watch: 'on' | 'off'): Combination {
  const { sizeMax, ...room } = ROOM[preset];
  const makeTarget = referenceTarget({ machine: { ...room, preset, placement, watch } });
  return {
    name: `${preset} ${placement}${watch === 'on' ? ' watched' : ''}`,
    part: watch === 'on' ? 0.1 : 1,
    makeTarget,
    draw: fitted(blockPrograms(offeredKinds(makeTarget())), sizeMax),
    opsMax: OPS_MAX,
    checkEvery: OPS_MAX,
    notHere:
      placement === 'random'
        ? { 'same-program-same-addresses': 'a random place depends on the places before' }
        : {},
  };
}

/** Programs whose sizes fit a small machine, all but one op in sixteen, which may ask for what nobody has. */
function fitted(draw: DrawProgram, sizeMax: number): DrawProgram {
  const fit = (size: Size): Size =>
    size > sizeMax ? Number(BigInt(size) % BigInt(sizeMax)) : size;
  return (prng, opsMax) =>
    draw(prng, opsMax).map((op: Op, index) =>
      'slot' in op && 'size' in op && index % 16 !== 15 ? { ...op, size: fit(op.size) } : op,
    );
}
