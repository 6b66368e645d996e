import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { type Slot, SLOTS_LIMIT } from '../program/op.ts';

/** Slots for formats whose names of blocks only grow: the slot given back last is the next one taken. */
export class SlotPool {
  readonly #free: Slot[] = [];
  readonly #limit: number;
  #next: Slot = 0;

  /** @param limit One past the highest slot. */
  constructor(limit: number = SLOTS_LIMIT) {
    this.#limit = limit;
  }

  /** @throws {UsageError} All slots are taken. */
  take(place: Place): Slot {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#next === this.#limit) {
      throw usageErrorAt(
        place,
        `more than ${this.#limit} blocks live at one time`,
        'record a shorter run',
      );
    }
    this.#next += 1;
    return this.#next - 1;
  }

  give(slot: Slot): void {
    this.#free.push(slot);
  }
}
