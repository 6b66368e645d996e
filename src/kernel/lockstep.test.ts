/** Random programs of system calls, loads and stores, driven in lockstep with the model of an address space. */
import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import type { PresetName } from '../machine/geometry.ts';
import type { Protection } from './areas.ts';
import { KERNEL_INVARIANTS } from './invariants.ts';
import { kernelState } from './kernel-state.ts';
import { Kernel } from './kernel.ts';
import { ModelledSpace } from './modelled-space.ts';
import type { Placement } from './placement.ts';

const PRESETS: readonly PresetName[] = ['x86-64', 'x86-32', 'toy'];
const PLACEMENTS: readonly Placement[] = ['up', 'down', 'gaps', 'random'];
const PROTECTIONS: readonly Protection[] = ['none', 'read', 'read-write'];

interface Setting {
  readonly kernel: Kernel;
  readonly models: readonly ModelledSpace[];
  readonly prng: Prng;
}

/** One step, anywhere in the first 32 pages of the break's range and in the 12 of the range for areas. */
function step({ kernel, models, prng }: Setting): void {
  const { pageSize } = kernel.mmu.geometry;
  const model = prng.pick(models);
  const { start } = model.space.breakRange;
  const page = start + prng.below(32) * pageSize;
  const near = page + prng.pick([0, 0, 0, 1, pageSize - 1]);
  const size = prng.below(4 * pageSize);
  switch (prng.below(8)) {
    case 0:
      model.mmap({ size, protection: prng.pick(PROTECTIONS) });
      break;
    case 1:
      model.mmap({ size, address: near });
      break;
    case 2:
      model.munmap(near, size);
      break;
    case 3:
      model.protect(near, size, prng.pick(PROTECTIONS));
      break;
    case 4:
      model.sbrk(prng.between(-2 * pageSize, 2 * pageSize));
      break;
    case 5:
      model.load(near);
      break;
    default:
      model.store(near, prng.between(1, 255));
  }
}

function brokenIn({ kernel, models }: Setting): string[] {
  const state = kernelState(kernel, models);
  return KERNEL_INVARIANTS.map(({ check, name }) => `${name}: ${check(state)}`).filter(
    (line) => !line.endsWith(': undefined'),
  );
}

test.each(
  PRESETS.flatMap((preset) =>
    PLACEMENTS.flatMap((placement) =>
      (['on', 'off'] as const).map((ids) => [preset, placement, ids] as const),
    ),
  ),
)(
  'an address space on %s, placement %s, ids %s, keeps its invariants and equals its model',
  (preset, placement, ids) => {
    for (let seed = 0; seed < 4; seed += 1) {
      // So few frames that some programs run out of them.
      const kernel = new Kernel({ preset, framesCount: 32, tlb: { ids, sets: 2 }, watch: 'on' });
      const { pageSize } = kernel.mmu.geometry;
      const start = 8 * pageSize;
      const models = [0, 1].map((id) => {
        const space = kernel.newSpace({
          id,
          placement,
          seed,
          frames: seed % 2 === 0 ? 'on-touch' : 'on-map',
          breakRange: { start, end: start + 16 * pageSize },
          mapRange: { start: start + 16 * pageSize, end: start + 28 * pageSize },
        });
        return new ModelledSpace(kernel, space);
      });
      const setting = { kernel, models, prng: new Prng(seed) };
      for (let round = 0; round < 12; round += 1) {
        for (let count = 0; count < 20; count += 1) step(setting);
        expect(brokenIn(setting)).toEqual([]);
      }
      for (const { space } of models) kernel.endSpace(space);
      expect(kernel.frames.freeCount).toBe(32);
      expect(brokenIn(setting)).toEqual([]);
    }
  },
);
