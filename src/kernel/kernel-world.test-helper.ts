/** A kernel and what its programs see of it: what the tests of the kernel share. */
import type { PageFault } from '../machine/page-fault.ts';
import type { AddressSpace, AddressSpaceOptions } from './address-space.ts';
import { Kernel, type KernelOptions } from './kernel.ts';

export const PAGE = 4096;

export interface World {
  readonly kernel: Kernel;
  readonly space: AddressSpace;
}

/** The module `kernel/kernel`, as it is or with a line changed. */
export interface KernelModule {
  readonly Kernel: typeof Kernel;
}

/** A watched machine on which one address space is active. */
export function makeWorld(
  space: AddressSpaceOptions = {},
  kernel: KernelOptions = {},
  module: KernelModule = { Kernel },
): World {
  const made = new module.Kernel({ watch: 'on', ...kernel });
  const first = made.newSpace(space);
  first.activate();
  return { kernel: made, space: first };
}

/** What an access came to: the byte that a load found, `done`, or why it faulted. */
export function outcomeOf(access: () => number | void): number | string {
  try {
    return access() ?? 'done';
  } catch (error) {
    if (isPageFault(error)) return error.cause;
    if (error instanceof Error && error.name === 'OutOfFrames') return error.name;
    throw error;
  }
}

/** By name, since a module with a line changed has a class of its own. */
function isPageFault(error: unknown): error is PageFault {
  return error instanceof Error && error.name === 'PageFault';
}

/** The areas as `first page + pages protection`, in pages of a base address. */
export function areasOf({ space }: World, base: number): string[] {
  return space.areas
    .all()
    .map(
      ({ start, end, protection }) =>
        `${(start - base) / PAGE}+${(end - start) / PAGE} ${protection}`,
    );
}
