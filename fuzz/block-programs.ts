import type { Prng } from '../src/base/prng.ts';
import type { Size } from '../src/base/units.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import { BLOCK_OP_KINDS, type BlockOp, type BlockOpKind, type Slot } from '../src/program/op.ts';
import { type DrawProgram, programLength } from './draw-program.ts';
import { SizeSource } from './sizes.ts';
import { type EnginePart, NOTHING } from './parts.ts';
import { drawKind, drawSwarm, fixedSwarm, type Odds, type Swarm } from './swarm.ts';

/** A program without malloc does nothing, and one without free now and then fills the heap. */
export const BLOCK_ODDS: Readonly<Record<BlockOpKind, Odds>> = {
  malloc: { offOneIn: 0, weightMax: 100 },
  free: { offOneIn: 12, weightMax: 100 },
  realloc: { offOneIn: 2, weightMax: 50 },
  calloc: { offOneIn: 2, weightMax: 30 },
  aligned: { offOneIn: 2, weightMax: 30 },
  'double-free': { offOneIn: 2, weightMax: 5 },
  'free-inside': { offOneIn: 2, weightMax: 5 },
};

/** The kinds of op that an allocator can be sent. */
export function offeredKinds(target: AllocatorTarget): readonly BlockOpKind[] {
  const offers: Readonly<Record<BlockOpKind, boolean>> = {
    malloc: true,
    free: true,
    realloc: target.realloc !== undefined,
    calloc: target.calloc !== undefined,
    aligned: target.aligned !== undefined,
    'double-free': target.promises.doubleFree !== undefined,
    'free-inside': target.promises.freeInside !== undefined,
  };
  return BLOCK_OP_KINDS.filter((kind) => offers[kind]);
}

/** Programs for an allocator, of the kinds of op offered. */
export function blockPrograms(
  offered: readonly BlockOpKind[],
  without: ReadonlySet<EnginePart> = NOTHING,
): DrawProgram {
  return (prng, opsMax) => {
    const swarm = without.has('swarm')
      ? fixedSwarm(BLOCK_ODDS, offered)
      : drawSwarm(prng, BLOCK_ODDS, offered);
    const draft = new Draft(prng, swarm, without);
    return Array.from({ length: programLength(prng, opsMax) }, () => draft.op());
  };
}

/** A program in the making. It supposes that every request is granted, to choose slots for which an op does something. */
class Draft {
  readonly #prng: Prng;
  readonly #swarm: Swarm<BlockOpKind>;
  readonly #sizes: SizeSource;
  readonly #empty: Slot[];
  readonly #live: Slot[] = [];

  constructor(prng: Prng, swarm: Swarm<BlockOpKind>, without: ReadonlySet<EnginePart>) {
    this.#prng = prng;
    this.#swarm = swarm;
    this.#sizes = new SizeSource(prng, without);
    const slotsCount = prng.pick([2, 4, 8, 16, 32]);
    this.#empty = Array.from({ length: slotsCount }, (_, slot) => slotsCount - 1 - slot);
  }

  op(): BlockOp {
    const kind = drawKind(this.#prng, this.#swarm) ?? 'malloc';
    const size = this.#sizes.draw();
    switch (kind) {
      case 'malloc':
        return this.#empty.length === 0 ? this.#freeOne() : { kind, slot: this.#fillOne(), size };
      case 'calloc':
        if (this.#empty.length === 0) return this.#freeOne();
        return { kind, slot: this.#fillOne(), ...this.#factors() };
      case 'aligned':
        if (this.#empty.length === 0) return this.#freeOne();
        return { kind, slot: this.#fillOne(), alignment: 2 ** this.#prng.below(14), size };
      case 'realloc':
        return this.#realloc();
      case 'free':
        return this.#freeOne();
      default:
        return this.#misuse(kind);
    }
  }

  #realloc(): BlockOp {
    const size = this.#sizes.draw();
    if (this.#live.length === 0)
      return { kind: 'realloc', slot: this.#fillOne(), source: null, size };
    const source = this.#prng.pick(this.#live);
    return { kind: 'realloc', slot: source, source, size };
  }

  #misuse(kind: 'double-free' | 'free-inside'): BlockOp {
    if (kind === 'double-free')
      return { kind, slot: this.#prng.pick(this.#empty.length > 0 ? this.#empty : this.#live) };
    const slot = this.#prng.pick(this.#live.length > 0 ? this.#live : this.#empty);
    return { kind, slot, offset: this.#prng.pick([1, 4, 8, 16, 32]) };
  }

  #factors(): { readonly count: Size; readonly size: Size } {
    return { count: this.#sizes.draw(), size: this.#prng.pick([1, 1, 2, 8, 2 ** 32]) };
  }

  /** Takes an empty slot, mostly the one that was emptied last. */
  #fillOne(): Slot {
    const slot = takeOne(this.#empty, this.#prng);
    this.#live.push(slot);
    return slot;
  }

  #freeOne(): BlockOp {
    if (this.#live.length === 0 && !this.#prng.oneIn(8)) {
      return { kind: 'malloc', slot: this.#fillOne(), size: this.#sizes.draw() };
    }
    if (this.#live.length === 0 || this.#prng.oneIn(200)) return { kind: 'free', slot: null };
    const slot = takeOne(this.#live, this.#prng);
    this.#empty.push(slot);
    return { kind: 'free', slot };
  }
}

/** Takes a slot out: the newest one time in two, else any. */
function takeOne(slots: Slot[], prng: Prng): Slot {
  const index = prng.oneIn(2) ? slots.length - 1 : prng.below(slots.length);
  const [slot] = slots.splice(index, 1);
  return slot!;
}
