import { machineState, type MachineState, type Tree } from '../machine/machine-state.ts';
import { frameOf } from '../machine/page-table-entry.ts';
import type { AddressSpace } from './address-space.ts';
import type { Kernel } from './kernel.ts';
import type { ModelledSpace } from './modelled-space.ts';

/** One live address space, read. */
export interface SpaceState {
  readonly space: AddressSpace;
  /** Its tables, as their bytes tell them. */
  readonly tree: Tree;
  /** What it should be, where it is driven with a model. */
  readonly model: ModelledSpace | undefined;
}

/** A leaf that leads to a frame. */
interface Lead {
  readonly space: AddressSpace;
  readonly address: number;
}

/** What the invariants look at: one reading of areas, frames, bytes and TLB, shared by all of them. */
export interface KernelState {
  readonly kernel: Kernel;
  readonly machine: MachineState;
  readonly spaces: readonly SpaceState[];
  /** The frames that have an owner. */
  readonly owned: readonly number[];
  /** The leaves that lead to each frame. */
  readonly leads: ReadonlyMap<number, readonly Lead[]>;
}

/** Reads a kernel for its invariants. It changes nothing. */
export function kernelState(kernel: Kernel, models: readonly ModelledSpace[] = []): KernelState {
  const alive = [...kernel.spaces];
  const owned = kernel.frames.owned();
  const machine = machineState({
    mmu: kernel.mmu,
    spaces: alive.map((space) => space.view(owned)),
    ...(kernel.saturated && { saturated: kernel.saturated }),
  });
  const spaces = alive.map((space, index) => ({
    space,
    tree: machine.trees[index]!,
    model: models.find((model) => model.space === space),
  }));
  const leads = new Map<number, Lead[]>();
  for (const { space, tree } of spaces) {
    for (const { address, entry } of tree.leaves.values()) {
      const frame = frameOf(entry);
      const known = leads.get(frame);
      if (known === undefined) leads.set(frame, [{ space, address }]);
      else known.push({ space, address });
    }
  }
  return { kernel, machine, spaces, owned, leads };
}
