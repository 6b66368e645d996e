import type { Prng } from '../src/base/prng.ts';
import type { BlockOpKind } from '../src/program/op.ts';
import { Deck } from './deck.ts';

/** A sweep goes over all sizes below this, for a bug may be in exactly one. */
const SWEEP_END = 4096;

/** The sizes below 4096 bytes, dealt to each kind of op without putting back, over all programs of a campaign. */
export class SizeSweep {
  readonly #decks = new Map<BlockOpKind, Deck<number>>();

  /** A size that ops of this kind have not had since they had all. */
  draw(prng: Prng, kind: BlockOpKind): number {
    const deck =
      this.#decks.get(kind) ?? new Deck(Array.from({ length: SWEEP_END }, (_, size) => size));
    this.#decks.set(kind, deck);
    return deck.deal(prng);
  }
}
