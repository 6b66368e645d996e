import type { Range } from '../base/range.ts';
import { fillPayload, payloadDamage } from './payload.ts';
import type { AllocatorTarget, Memory } from './target.ts';

/** Payloads of up to so many bytes are looked at in full, larger ones in samples. */
const PIECE_BYTES = 128;

/** Memory that a target was not given, filled with a pattern that depends on the place. */
export class Guards {
  /** Small enough that each byte is looked at. */
  readonly ranges: readonly Range[];
  readonly #memory: Memory;

  constructor(ranges: readonly Range[], memory: Memory) {
    this.ranges = inPieces(ranges);
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

/** The same memory in ranges that are looked at in full. */
export function inPieces(ranges: readonly Range[]): readonly Range[] {
  return ranges.flatMap(({ end, start }) =>
    Array.from({ length: Math.ceil((end - start) / PIECE_BYTES) }, (_, index) => {
      const first = start + index * PIECE_BYTES;
      return { start: first, end: Math.min(end, first + PIECE_BYTES) };
    }),
  );
}

/** The guards of a target, filled; none where it has none, or no memory to look at. */
export function guardsOf({ guards, memory }: AllocatorTarget): Guards | undefined {
  if (guards === undefined || memory === undefined) return undefined;
  const filled = new Guards(guards, memory);
  filled.fill();
  return filled;
}
