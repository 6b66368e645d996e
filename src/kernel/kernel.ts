import { UsageError } from '../base/usage-error.ts';
import { PRESETS, type Geometry, type PresetName } from '../machine/geometry.ts';
import { Mmu } from '../machine/mmu.ts';
import { PhysicalMemory } from '../machine/physical-memory.ts';
import { SaturatedTlb } from '../machine/saturated-tlb.ts';
import { TableLayout } from '../machine/table-layout.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import { AddressSpace, type AddressSpaceOptions } from './address-space.ts';
import { FrameWatch } from './frame-watch.ts';
import { Frames } from './frames.ts';

export interface KernelOptions {
  /** Default `x86-64`. */
  readonly preset?: PresetName;
  /** Default 4096. */
  readonly framesCount?: number;
  readonly tlb?: Partial<TlbOptions>;
  /** Whether each translation and each frame handed out is looked at, for the invariants; that costs the speed. */
  readonly watch?: 'on' | 'off';
}

/** One machine, its frames, and the address spaces that live on it. */
export class Kernel {
  readonly mmu: Mmu;
  readonly frames: Frames;
  readonly saturated: SaturatedTlb | undefined;
  readonly frameWatch: FrameWatch | undefined;
  readonly #spaces = new Set<AddressSpace>();

  /** @throws {UsageError} No machine can be built so. */
  constructor({ framesCount = 4096, preset = 'x86-64', tlb = {}, watch }: KernelOptions = {}) {
    const geometry: Geometry = PRESETS[preset];
    const memory = new PhysicalMemory({ frameSize: geometry.pageSize, framesCount });
    if (watch === 'on') {
      this.saturated = new SaturatedTlb(new TableLayout(geometry, memory));
      this.frameWatch = new FrameWatch(memory, this.saturated);
    }
    const watcher = this.saturated && { watcher: this.saturated };
    this.mmu = new Mmu({ geometry, memory, tlb, ...watcher });
    this.frames = new Frames(memory, this.frameWatch);
  }

  /** The address spaces that are alive. */
  get spaces(): ReadonlySet<AddressSpace> {
    return this.#spaces;
  }

  /**
   * Makes an address space.
   *
   * @throws {UsageError} Options that do not fit this machine, or no frame is left.
   */
  newSpace(options: AddressSpaceOptions = {}): AddressSpace {
    const space = this.openSpace(options);
    if (space === null)
      throw new UsageError(
        `framesCount: none of the ${this.frames.totalCount} frames is left for a root; pass more.`,
      );
    return space;
  }

  /**
   * Makes an address space for a process.
   *
   * @returns Null when no frame is left for its root.
   * @throws {UsageError} Options that do not fit this machine.
   */
  openSpace(options: AddressSpaceOptions = {}): AddressSpace | null {
    const space = AddressSpace.create(this.mmu, this.frames, options);
    if (space !== null) this.#spaces.add(space);
    return space;
  }

  /** Ends an address space, and takes back all that it had. */
  endSpace(space: AddressSpace): void {
    space.release();
    this.#spaces.delete(space);
  }
}
