import { type Size, sizeOf } from '../base/units.ts';
import type { Slot } from '../program/op.ts';
import type { TraceSummary } from './trace-format.ts';

/** A block that the recorded program holds: the slot it lies in, its bytes, and the line that asked for it. */
export interface LiveBlock {
  readonly slot: Slot;
  readonly size: Size;
  readonly line: number;
}

/**
 * The blocks that a trace holds at the line being read, by whatever the format names blocks by (an id, an ordinal, an
 * address), and the sums over the lines before.
 */
export class LiveBlocks {
  readonly #blocks = new Map<number, LiveBlock>();
  #blocksCount = 0;
  #bytes: Size = 0;
  #peakBytes: Size = 0;

  get(key: number): LiveBlock | undefined {
    return this.#blocks.get(key);
  }

  /** How many blocks were ever added, which is the ordinal of the next. */
  get blocksCount(): number {
    return this.#blocksCount;
  }

  add(key: number, block: LiveBlock): void {
    this.#blocksCount += 1;
    this.#put(key, block);
  }

  /** A realloc: the block named by `key` is now `block`, named by `keyAfter`. */
  replace(key: number, keyAfter: number, block: LiveBlock): void {
    this.remove(key);
    this.#put(keyAfter, block);
  }

  remove(key: number): void {
    this.#bytes = difference(this.#bytes, this.#blocks.get(key)!.size);
    this.#blocks.delete(key);
  }

  /** The summary of a trace that ends here. */
  summary(counts: { opsCount: number; linesPassedOverCount: number }): TraceSummary {
    return {
      ...counts,
      blocksCount: this.#blocksCount,
      peakBytes: this.#peakBytes,
      leftCount: this.#blocks.size,
      leftBytes: this.#bytes,
    };
  }

  #put(key: number, block: LiveBlock): void {
    this.#blocks.set(key, block);
    this.#bytes = sum(this.#bytes, block.size);
    if (this.#bytes > this.#peakBytes) this.#peakBytes = this.#bytes;
  }
}

function sum(a: Size, b: Size): Size {
  if (typeof a === 'number' && typeof b === 'number' && a + b <= Number.MAX_SAFE_INTEGER)
    return a + b;
  return sizeOf(BigInt(a) + BigInt(b));
}

function difference(a: Size, b: Size): Size {
  return typeof a === 'number' && typeof b === 'number' ? a - b : sizeOf(BigInt(a) - BigInt(b));
}
