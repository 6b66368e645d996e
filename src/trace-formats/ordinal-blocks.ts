import type { Size } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import type { Op } from '../program/op.ts';
import { LiveBlocks } from './live-blocks.ts';
import { SlotPool } from './slot-pool.ts';
import type { TraceSummary } from './trace-format.ts';

/** What the formats have in common that name a block by the number of the line that asked for it, from 0. */
export class OrdinalBlocks {
  readonly #blocks = new LiveBlocks();
  readonly #slots = new SlotPool();
  readonly #place: Place;

  /** @param place Where reading has come to, for messages. */
  constructor(place: Place) {
    this.#place = place;
  }

  allocate(size: Size): Op {
    const slot = this.#slots.take(this.#place);
    this.#blocks.add(this.#blocks.blocksCount, { slot, size, line: this.#place.line });
    return { kind: 'malloc', slot, size };
  }

  /** @param lineName What the format calls a line that asks for a block. */
  free(ordinal: number, lineName: string): Op {
    const { slot } = this.#blocks.get(ordinal) ?? this.#notLive(ordinal, lineName);
    this.#blocks.remove(ordinal);
    this.#slots.give(slot);
    return { kind: 'free', slot };
  }

  summary(counts: { opsCount: number; linesPassedOverCount: number }): TraceSummary {
    return this.#blocks.summary(counts);
  }

  #notLive(ordinal: number, lineName: string): never {
    const { blocksCount } = this.#blocks;
    if (ordinal < blocksCount)
      throw usageErrorAt(this.#place, `block ${ordinal} was freed before`, 'free each block once');
    throw usageErrorAt(
      this.#place,
      `block ${ordinal} is freed, but ${blocksCount} ${lineName} lines stand above`,
      `name a block by the number of its ${lineName} line, counted from 0`,
    );
  }
}
