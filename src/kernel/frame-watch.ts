import { formatAddress } from '../base/units.ts';
import type { PhysicalMemory } from '../machine/physical-memory.ts';
import type { SaturatedTlb } from '../machine/saturated-tlb.ts';
import type { FrameWatcher } from './frames.ts';

/** The first thing of each kind that went wrong. */
export interface FrameProblems {
  /** A frame was freed while a table or the TLB still led to it. */
  order?: string;
  /** A frame was handed out with something in it. */
  contents?: string;
}

/**
 * Looks at each frame in the moment in which it is freed or handed out, since what goes wrong then may be mended when
 * the system call is over.
 *
 * What a TLB may still lead to is what the saturated one has: a page that was used and not invalidated since.
 */
export class FrameWatch implements FrameWatcher {
  readonly problems: FrameProblems = {};
  readonly #memory: PhysicalMemory;
  readonly #saturated: SaturatedTlb;

  constructor(memory: PhysicalMemory, saturated: SaturatedTlb) {
    this.#memory = memory;
    this.#saturated = saturated;
  }

  allocated(frame: number): void {
    const start = frame * this.#memory.frameSize;
    const end = start + this.#memory.frameSize;
    const at = this.#memory.nextNonZero(start, end);
    if (at < end)
      this.problems.contents ??= `frame ${frame} was handed out with byte ${at - start} or one of the next 3 not zero`;
  }

  freed(frame: number): void {
    for (const { address, frame: known, root } of this.#saturated.entries()) {
      if (known !== frame) continue;
      const isHooked = this.#saturated.mappingAt(root, address)?.frame === frame;
      const holder = isHooked ? 'its page table' : 'the TLB';
      this.problems.order ??= `frame ${frame} was freed while ${holder} still led to it from ${formatAddress(address)}`;
    }
  }
}
