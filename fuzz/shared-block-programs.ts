import type { Prng } from '../src/base/prng.ts';
import type { Op, Slot } from '../src/program/op.ts';
import type { DrawProgram } from './draw-program.ts';
import { drawKind, drawSwarm, type Odds } from './swarm.ts';

const ODDS = {
  malloc: { offOneIn: 0, weightMax: 60 },
  free: { offOneIn: 0, weightMax: 60 },
  realloc: { offOneIn: 2, weightMax: 30 },
  calloc: { offOneIn: 3, weightMax: 20 },
  aligned: { offOneIn: 3, weightMax: 15 },
} as const satisfies Partial<Record<Op['kind'], Odds>>;

type Kind = keyof typeof ODDS;

/** Powers of two that the sizes of a program lie below. */
const POWERS = [5, 8, 10, 12, 16];
const ALIGNMENTS = [16, 64, 256];
/** Once in so many, a block is handed over: another thread frees it, or moves it, than the one that asked for it. */
const HAND_OVER_ONE_IN = [1, 2, 8, 64];

/** A block of a program in the making, and the thread that asked for it. */
interface Held {
  readonly slot: Slot;
  readonly thread: Slot;
}

/**
 * Programs of several threads on one heap, which hand blocks over to each other. A handful of sizes a program, since
 * threads meet where blocks are used again.
 */
export function sharedBlockPrograms(
  threadsCount: number,
  offered: ReadonlySet<string>,
): DrawProgram {
  const kinds = (Object.keys(ODDS) as Kind[]).filter((kind) => offered.has(kind));
  return (prng, opsMax) => {
    const swarm = drawSwarm<Kind>(prng, ODDS, kinds);
    const draft = new Draft(prng, threadsCount);
    const length = prng.between(Math.min(2 * threadsCount, opsMax), opsMax);
    return Array.from({ length }, () => draft.op(drawKind(prng, swarm)!));
  };
}

class Draft {
  readonly #prng: Prng;
  readonly #threadsCount: number;
  readonly #sizes: readonly number[];
  readonly #handOverOneIn: number;
  readonly #held: Held[] = [];
  #slotsCount = 0;

  constructor(prng: Prng, threadsCount: number) {
    this.#prng = prng;
    this.#threadsCount = threadsCount;
    const powerMax = prng.pick(POWERS);
    this.#sizes = Array.from({ length: prng.between(1, 4) }, () => {
      const power = prng.below(powerMax);
      return prng.between(2 ** power, 2 ** (power + 1));
    });
    this.#handOverOneIn = prng.pick(HAND_OVER_ONE_IN);
  }

  op(kind: Kind): Op {
    const taken = kind === 'free' || kind === 'realloc' ? this.#take() : undefined;
    if (taken !== undefined) {
      const { slot, thread } = taken;
      if (kind === 'free') return onThread({ kind, slot }, thread);
      this.#held.push(taken);
      return onThread({ kind: 'realloc', slot, source: slot, size: this.#size() }, thread);
    }
    return this.#request(kind);
  }

  /** A block to free or to move, and the thread that does it; none where none is held. */
  #take(): Held | undefined {
    const prng = this.#prng;
    if (this.#held.length === 0) return undefined;
    const [held] = this.#held.splice(prng.below(this.#held.length), 1);
    return prng.oneIn(this.#handOverOneIn)
      ? { ...held!, thread: prng.below(this.#threadsCount) }
      : held!;
  }

  #request(kind: Kind): Op {
    const prng = this.#prng;
    const slot = this.#slotsCount;
    this.#slotsCount += 1;
    const thread = prng.below(this.#threadsCount);
    this.#held.push({ slot, thread });
    const size = this.#size();
    if (kind === 'calloc') return onThread({ kind, slot, count: prng.between(1, 4), size }, thread);
    if (kind !== 'aligned') return onThread({ kind: 'malloc', slot, size }, thread);
    const alignment = prng.pick(ALIGNMENTS);
    // C17 7.22.3.1 asks for a multiple of the alignment.
    return onThread(
      { kind, slot, alignment, size: Math.ceil(size / alignment) * alignment },
      thread,
    );
  }

  #size(): number {
    return this.#prng.pick(this.#sizes);
  }
}

function onThread(op: Op, thread: Slot): Op {
  return thread === 0 ? op : { ...op, thread };
}
