/** Two address spaces with their models, and what is wrong with them: what the tests of the invariants share. */
import { RIGHTS } from '../machine/page-table-entry.ts';
import type { AddressSpace } from './address-space.ts';
import { KERNEL_INVARIANTS } from './invariants.ts';
import { kernelState } from './kernel-state.ts';
import { type KernelModule, PAGE } from './kernel-world.test-helper.ts';
import { Kernel } from './kernel.ts';
import { ModelledSpace } from './modelled-space.ts';

export const BASE = 2 ** 30;

/** A kernel with two address spaces that have used some pages, each with its model. */
export class House {
  readonly kernel: Kernel;
  readonly models: readonly ModelledSpace[];

  constructor(module: KernelModule = { Kernel }) {
    this.kernel = new module.Kernel({ framesCount: 64, watch: 'on' });
    this.models = [0, 1].map((id) => {
      const space = this.kernel.newSpace({
        id,
        placement: 'up',
        breakRange: { start: BASE - 4 * PAGE, end: BASE },
        mapRange: { start: BASE, end: BASE + 16 * PAGE },
      });
      return new ModelledSpace(this.kernel, space);
    });
    for (const model of this.models) this.use(model);
  }

  /** Maps six pages, takes away the fourth, and has a break of one page, a page to read and one for nobody. */
  use(model: ModelledSpace): void {
    model.mmap({ size: 6 * PAGE });
    for (const page of [0, 1, 3, 5]) model.store(BASE + page * PAGE, page + 1);
    model.munmap(BASE + 3 * PAGE, 1);
    model.mmap({ address: BASE + 8 * PAGE, size: PAGE, protection: 'read' });
    model.protect(BASE + 5 * PAGE, PAGE, 'none');
    model.sbrk(PAGE + 1);
    model.sbrk(-1);
  }

  get model(): ModelledSpace {
    return this.models[0]!;
  }

  get space(): AddressSpace {
    return this.model.space;
  }

  get other(): AddressSpace {
    return this.models[1]!.space;
  }

  /** The frame that holds a page of the first address space. */
  frameAt(page: number): number {
    return this.space.table.lookup(BASE + page * PAGE)!.frame;
  }

  /** The physical address of the last entry for a page of the first address space. */
  entryAt(page: number): number {
    const { layout } = this.kernel.mmu;
    let table = this.space.table.root;
    const address = BASE + page * PAGE;
    for (let level = 0; level < layout.lastLevel; level += 1)
      table = layout.read(layout.entryFor(table, level, address)) >>> 12;
    return layout.entryFor(table, layout.lastLevel, address);
  }

  /** Maps a page in the table of the first address space, behind its back. */
  hookUp(page: number, frame: number, rights: number = RIGHTS): void {
    this.space.table.map(BASE + page * PAGE, { frame, size: PAGE, rights });
  }

  /** What each broken invariant says, by name. */
  problems(): Readonly<Record<string, string>> {
    const state = kernelState(this.kernel, this.models);
    const found = KERNEL_INVARIANTS.map(({ check, name }) => [name, check(state)] as const);
    return Object.fromEntries(
      found.filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }
}
