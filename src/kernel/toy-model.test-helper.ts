/** Address spaces with a model on the toy machine: what the tests of the model share. */
import type { AddressSpaceOptions } from './address-space.ts';
import { Kernel, type KernelOptions } from './kernel.ts';
import { ModelledSpace } from './modelled-space.ts';

export const PAGE = 64;
/** Where maps go first; the break is from 0x400 on. */
export const MAPS = 0x1000;
export const BREAK = 0x400;
export const LIMIT = 2 ** 14;

/** A model of an address space on the toy machine: pages of 64 bytes, 2^14 addresses. */
export function makeModel(
  space: AddressSpaceOptions = {},
  kernel: KernelOptions = {},
): ModelledSpace {
  const own = new Kernel({ preset: 'toy', framesCount: 32, ...kernel });
  const breakRange = { start: BREAK, end: MAPS };
  return new ModelledSpace(own, own.newSpace({ placement: 'up', breakRange, ...space }));
}
