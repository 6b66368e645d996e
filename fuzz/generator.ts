import type { Prng } from '../src/base/prng.ts';
import type { Size } from '../src/base/units.ts';
import type { Target } from '../src/check/target.ts';
import { OP_KINDS, type Op, type OpKind, type Slot } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { SizeSource } from './sizes.ts';
import { drawKind, drawSwarm, type Swarm } from './swarm.ts';

/** The kinds of op that a target can be sent. */
export function offeredKinds(target: Target): readonly OpKind[] {
  const offers: Readonly<Record<OpKind, boolean>> = {
    malloc: true,
    free: true,
    realloc: target.realloc !== undefined,
    calloc: target.calloc !== undefined,
    aligned: target.aligned !== undefined,
    'double-free': target.promises.doubleFree !== undefined,
    'free-inside': target.promises.freeInside !== undefined,
  };
  return OP_KINDS.filter((kind) => offers[kind]);
}

/** Draws a program of up to `opsMax` ops, of the kinds offered. The same state of `prng` gives the same program. */
export function drawProgram(prng: Prng, offered: readonly OpKind[], opsMax: number): Program {
  const draft = new Draft(prng, drawSwarm(prng, offered));
  const length = prng.oneIn(4) ? prng.between(1, Math.min(8, opsMax)) : prng.between(1, opsMax);
  return Array.from({ length }, () => draft.op());
}

/** A program in the making. It supposes that every request is granted, to choose slots for which an op does something. */
class Draft {
  readonly #prng: Prng;
  readonly #swarm: Swarm;
  readonly #sizes: SizeSource;
  readonly #empty: Slot[];
  readonly #live: Slot[] = [];

  constructor(prng: Prng, swarm: Swarm) {
    this.#prng = prng;
    this.#swarm = swarm;
    this.#sizes = new SizeSource(prng);
    const slotsCount = prng.pick([2, 4, 8, 16, 32]);
    this.#empty = Array.from({ length: slotsCount }, (_, slot) => slotsCount - 1 - slot);
  }

  op(): Op {
    const kind = drawKind(this.#prng, this.#swarm);
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

  #realloc(): Op {
    const size = this.#sizes.draw();
    if (this.#live.length === 0)
      return { kind: 'realloc', slot: this.#fillOne(), source: null, size };
    const source = this.#prng.pick(this.#live);
    return { kind: 'realloc', slot: source, source, size };
  }

  #misuse(kind: 'double-free' | 'free-inside'): Op {
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

  #freeOne(): Op {
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
