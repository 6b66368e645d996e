/** A machine, and what its programs see of it: what the tests of the MMU share. */
import { assert } from '../base/kit-bug.ts';
import { PRESETS, type PresetName } from './geometry.ts';
import { Mmu } from './mmu.ts';
import { PageFault } from './page-fault.ts';
import { frameOf, RIGHTS } from './page-table-entry.ts';
import { PageTable } from './page-table.ts';
import { PhysicalMemory } from './physical-memory.ts';
import type { TlbOptions } from './tlb.ts';

/** An MMU with one page table in use. Frames are handed out by rising number and never come back. */
export class Machine {
  readonly mmu: Mmu;
  readonly table: PageTable;
  #framesCount = 1;

  constructor(tlb: Partial<TlbOptions> = {}, name: PresetName = 'x86-64') {
    const geometry = PRESETS[name];
    const memory = new PhysicalMemory({ frameSize: geometry.pageSize, framesCount: 2048 });
    this.mmu = new Mmu({ geometry, memory, tlb });
    this.table = this.newTable();
    this.mmu.setRoot(this.table.root);
  }

  newTable(): PageTable {
    return PageTable.create(this.mmu.layout, { allocate: () => this.newFrame(), free: () => {} })!;
  }

  newFrame(): number {
    this.#framesCount += 1;
    return this.#framesCount;
  }

  map(address: number, rights = RIGHTS): number {
    const frame = this.newFrame();
    const size = this.mmu.geometry.pageSize;
    assert(
      this.table.map(address, { frame, size, rights }) === 'mapped',
      'a test maps a page once',
    );
    return frame;
  }

  /** Reads of memory that a call costs. */
  readsOf(call: () => unknown): number {
    const before = this.mmu.meter.reads;
    call();
    return this.mmu.meter.reads - before;
  }

  /** The bits that the leaf of an address has, without its frame. */
  leafBits(address: number): number {
    const { layout } = this.mmu;
    let table = this.table.root;
    for (let level = 0; level < layout.lastLevel; level += 1) {
      table = frameOf(layout.read(layout.entryFor(table, level, address)));
    }
    return layout.read(layout.entryFor(table, layout.lastLevel, address)) & 0xfff;
  }
}

/** The fault that a call ends in, as plain data. */
export function faultOf(call: () => unknown): Partial<PageFault> | undefined {
  try {
    call();
  } catch (error) {
    if (!(error instanceof PageFault)) throw error;
    const { access, address, cause } = error;
    return { access, address, cause };
  }
  return undefined;
}
