import type { AddressSpace } from '../kernel/address-space.ts';
import type { CoreStep, CoreWatcher } from '../kernel/core.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Thread } from '../kernel/thread.ts';

/**
 * Counts what switches between address spaces take from a TLB without ids: entries that setting a root threw away, and
 * that the TLB had again when its address space next left the core. It looks before each switch and counts no access.
 */
export class TlbRefills implements CoreWatcher {
  /** Entries. Each was one walk. */
  count = 0;
  readonly #kernel: Kernel;
  /** The pages of the entries that each address space lost and has not got back. */
  readonly #lost = new Map<AddressSpace, Set<number>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  stepped(step: CoreStep, next: Thread | undefined): void {
    const { tlb } = this.#kernel.mmu;
    if (step !== 'pick' || tlb.options.ids === 'on') return;
    const space = [...this.#kernel.spaces].find(({ isActive }) => isActive);
    if (space === undefined) return;
    const lost = this.#lost.get(space) ?? new Set();
    const isLeft = next !== undefined && next.process.memory.space !== space;
    if (lost.size === 0 && !isLeft) return;
    const pages = tlb.entries().map(({ address }) => address);
    for (const page of pages) this.count += Number(lost.delete(page));
    if (isLeft) this.#lost.set(space, new Set([...lost, ...pages]));
  }
}
