import type { Range } from '../base/range.ts';
import { fillPayload, payloadDamage } from './payload.ts';
import type { AllocatorTarget, Memory } from './target.ts';

/** Memory that a target was not given, filled with a pattern that depends on the place. */
export class Guards {
  readonly ranges: readonly Range[];
  readonly #memory: Memory;

  constructor(ranges: readonly Range[], memory: Memory) {
    this.ranges = ranges;
    this.#memory = memory;
  }

  fill(): void {
    for (const { end, start } of this.ranges) fillPayload(this.#memory, start, end - start, start);
  }

  /** @returns The address of a byte (or of the 8-byte word that holds it) that was written to, or -1. */
  damage({ end, start }: Range): number {
    const size = end - start;
    const offset = payloadDamage(this.#memory, start, size, size, start);
    return offset < 0 ? -1 : start + offset;
  }
}

/** The guards of a target, filled; none where it has none, or no memory to look at. */
export function guardsOf({ guards, memory }: AllocatorTarget): Guards | undefined {
  if (guards === undefined || memory === undefined) return undefined;
  const filled = new Guards(guards, memory);
  filled.fill();
  return filled;
}
