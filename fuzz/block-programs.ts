import type { Prng } from '../src/base/prng.ts';
import type { Size } from '../src/base/units.ts';
import { type AllocatorTarget, misusePromise } from '../src/check/target.ts';
import {
  BLOCK_OP_KINDS,
  type BlockOp,
  type BlockOpKind,
  isMisuse,
  MISUSE_KINDS,
  type MisuseKind,
  type Slot,
} from '../src/program/op.ts';
import { type DrawProgram, programLength } from './draw-program.ts';
import type { HeapView } from './heap-view.ts';
import type { SizeSweep } from './size-sweep.ts';
import { SizeSource, type Thresholds } from './sizes.ts';
import { type EnginePart, NOTHING } from './parts.ts';
import { drawKind, drawSwarm, offeredSwarm, fixedSwarm, type Odds, type Swarm } from './swarm.ts';

/** A program without malloc does nothing, and one without free now and then fills the heap. */
export const BLOCK_ODDS: Readonly<Record<BlockOpKind, Odds>> = {
  malloc: { offOneIn: 0, weightMax: 100 },
  free: { offOneIn: 12, weightMax: 100 },
  realloc: { offOneIn: 2, weightMax: 50 },
  calloc: { offOneIn: 2, weightMax: 30 },
  aligned: { offOneIn: 2, weightMax: 30 },
  'double-free': { offOneIn: 2, weightMax: 5 },
  'free-inside': { offOneIn: 2, weightMax: 5 },
  'free-foreign': { offOneIn: 2, weightMax: 5 },
  'write-freed': { offOneIn: 2, weightMax: 5 },
};

/** Short programs are one of everything: each call is as likely as any other, and half as likely to be misuse. */
const SHORT_WEIGHTS: Swarm<BlockOpKind> = {
  malloc: 2,
  free: 2,
  realloc: 2,
  calloc: 2,
  aligned: 2,
  'double-free': 1,
  'free-inside': 1,
  'free-foreign': 1,
  'write-freed': 1,
};

/** Ops of the longest short program: enough to use memory again, and few enough to begin often on a fresh heap. */
export const SHORT_BLOCKS_MAX = 32;

/** The kinds of op that an allocator can be sent. */
export function offeredKinds(target: AllocatorTarget): readonly BlockOpKind[] {
  const offers: Readonly<Record<BlockOpKind, boolean>> = {
    malloc: true,
    free: true,
    realloc: target.realloc !== undefined,
    calloc: target.calloc !== undefined,
    aligned: target.aligned !== undefined,
    ...misuseOffers(target),
  };
  return BLOCK_OP_KINDS.filter((kind) => offers[kind]);
}

/** Whether each kind of misuse is promised an answer. */
function misuseOffers(target: AllocatorTarget): Readonly<Record<MisuseKind, boolean>> {
  const isOffered = (kind: MisuseKind): boolean => misusePromise(target, kind) !== undefined;
  return Object.fromEntries(MISUSE_KINDS.map((kind) => [kind, isOffered(kind)])) as Record<
    MisuseKind,
    boolean
  >;
}

/** Programs for an allocator, of the kinds of op offered. */
export function blockPrograms(
  offered: readonly BlockOpKind[],
  without: ReadonlySet<EnginePart> = NOTHING,
): DrawProgram {
  return (prng, opsMax) => {
    const draft = new BlockDraft(prng, offered, { without });
    return Array.from(
      { length: programLength(prng, { opsMax, shortMax: SHORT_BLOCKS_MAX }) },
      () => {
        const op = draft.op();
        draft.note(op, op.kind === 'free' ? 'freed' : 'granted');
        return op;
      },
    );
  };
}

/** The largest alignment that is asked for. */
const ALIGNMENT_MAX = 2 ** 13;
/** A free is one of null once in so many. */
const NULL_ONE_IN = 16;
/** How far behind the heap what is freed there lies, or in front of it: at its ends, and where a page or a map wraps. */
const FOREIGN_OFFSETS = [
  0,
  0,
  8,
  16,
  4096,
  2 ** 20,
  2 ** 32 - 2 ** 20,
  2 ** 32,
  -16,
  -4096,
] as const;

/** In which order slots are freed and filled. */
const ORDERS = ['newest', 'oldest', 'any', 'mixed', 'mixed'] as const;
type Order = (typeof ORDERS)[number];

/**
 * A program in the making, op by op. It chooses slots for which an op does something, going by what it is told of the
 * ops before.
 */
export class BlockDraft {
  readonly #prng: Prng;
  readonly #swarm: Swarm<BlockOpKind>;
  readonly #order: Order;
  /** How often an op is of the same kind as the one before it, in eighths: programs are phases, or are not. */
  readonly #goesOn: number;
  readonly #sizes: SizeSource;
  readonly #empty: Slot[];
  readonly #live: Slot[] = [];
  #last: BlockOpKind = 'malloc';

  constructor(
    prng: Prng,
    offered: readonly BlockOpKind[],
    { heap, isShort = false, sweep, thresholds, without = NOTHING }: DraftOptions,
  ) {
    this.#prng = prng;
    const isFixed = without.has('swarm');
    const isAny = isShort && !isFixed;
    this.#swarm = isFixed
      ? fixedSwarm(BLOCK_ODDS, offered)
      : isAny
        ? offeredSwarm(SHORT_WEIGHTS, offered)
        : drawSwarm(prng, BLOCK_ODDS, offered);
    this.#order = isFixed || isAny ? 'mixed' : prng.pick(ORDERS);
    this.#goesOn = isFixed || isAny ? 0 : prng.pick([0, 0, 0, 4, 6, 7]);
    this.#sizes = new SizeSource(prng, { heap, isShort: isAny, sweep, thresholds, without });
    const slotsCount = prng.pick([2, 4, 8, 16, 32, 64]);
    this.#empty = Array.from({ length: slotsCount }, (_, slot) => slotsCount - 1 - slot);
  }

  /** The next op; what became of it is to be noted before the one after it. */
  op(): BlockOp {
    const isMore = this.#prng.below(8) < this.#goesOn;
    const kind = isMore ? this.#last : (drawKind(this.#prng, this.#swarm) ?? 'malloc');
    this.#last = kind;
    switch (kind) {
      case 'malloc':
      case 'calloc':
      case 'aligned':
        return this.#request(kind);
      case 'realloc':
        return this.#realloc();
      case 'free':
        return this.#free();
      default:
        return this.#misuse(kind);
    }
  }

  /** An op of another program, with slots for which it does something here; those that it names, if it does so. */
  fitted(op: BlockOp): BlockOp {
    if (isMisuse(op)) return op;
    if (op.kind === 'free') {
      if (op.slot === null || this.#live.includes(op.slot) || this.#live.length === 0) return op;
      return { ...op, slot: this.#pick(this.#live) };
    }
    if (op.kind === 'realloc' && op.source !== null) {
      const isIn = this.#live.includes(op.source);
      if ((isIn && op.slot === op.source) || this.#live.length === 0) return op;
      const source = isIn ? op.source : this.#pick(this.#live);
      return { ...op, source, slot: source };
    }
    if (!this.#live.includes(op.slot) || this.#empty.length === 0) return op;
    return { ...op, slot: this.#pick(this.#empty) };
  }

  /** Follows an op, of this draft or not, that took or gave back a block; a realloc may do both. */
  note(op: BlockOp, outcome: 'granted' | 'freed'): void {
    if (isMisuse(op)) return;
    const source = op.kind === 'realloc' ? op.source : op.kind === 'free' ? op.slot : null;
    if (source !== null) moveSlot(source, { from: this.#live, to: this.#empty });
    if (outcome === 'granted' && op.slot !== null)
      moveSlot(op.slot, { from: this.#empty, to: this.#live });
  }

  #request(kind: 'malloc' | 'calloc' | 'aligned'): BlockOp {
    if (this.#empty.length === 0) return this.#free();
    const slot = this.#pick(this.#empty);
    if (kind === 'calloc') return { kind, slot, ...this.#factors() };
    const size = this.#sizes.draw(kind);
    return kind === 'malloc'
      ? { kind, slot, size }
      : { kind, slot, alignment: this.#alignment(size), size };
  }

  /** Up to two pages; often the power of two below the size, and seldom one that every block has. */
  #alignment(size: Size): number {
    const prng = this.#prng;
    const isPower = size >= 8 && size <= ALIGNMENT_MAX && prng.oneIn(2);
    if (isPower) return 2 ** Math.floor(Math.log2(Number(size)));
    return 2 ** (prng.oneIn(8) ? prng.below(3) : prng.between(3, 13));
  }

  #realloc(): BlockOp {
    const prng = this.#prng;
    if (this.#live.length === 0)
      return {
        kind: 'realloc',
        slot: this.#pick(this.#empty),
        source: null,
        size: this.#sizes.draw('realloc'),
      };
    const source = this.#order === 'mixed' ? prng.pick(this.#live) : this.#pick(this.#live);
    return { kind: 'realloc', slot: source, source, size: this.#sizes.drawFor(source) };
  }

  #misuse(kind: MisuseKind): BlockOp {
    const prng = this.#prng;
    if (kind === 'free-foreign') return { kind, slot: null, offset: prng.pick(FOREIGN_OFFSETS) };
    const [first, second] =
      kind === 'free-inside' ? [this.#live, this.#empty] : [this.#empty, this.#live];
    const slot = prng.pick(first.length > 0 ? first : second);
    if (kind === 'double-free') return { kind, slot };
    const offset = prng.pick([1, 4, 8, 16, 32, 4096]);
    // A list's links lie at the start of what is freed.
    return kind === 'free-inside' ? { kind, slot, offset } : { kind, slot, offset: offset % 10 };
  }

  #factors(): { readonly count: Size; readonly size: Size } {
    return {
      count: this.#sizes.draw('calloc'),
      size: this.#prng.pick([1, 1, 2, 8, 2 ** 31, 2 ** 32]),
    };
  }

  #free(): BlockOp {
    const isNone = this.#live.length === 0;
    if (isNone && !this.#prng.oneIn(8))
      return { kind: 'malloc', slot: this.#pick(this.#empty), size: this.#sizes.draw('malloc') };
    if (isNone || this.#prng.oneIn(NULL_ONE_IN)) return { kind: 'free', slot: null };
    return { kind: 'free', slot: this.#pick(this.#live) };
  }

  /** One of some slots, in the program's order; the newest stands last. */
  #pick(slots: readonly Slot[]): Slot {
    const order =
      this.#order === 'mixed' ? this.#prng.pick(['newest', 'any'] as const) : this.#order;
    if (order === 'any') return this.#prng.pick(slots);
    return order === 'newest' ? slots.at(-1)! : slots[0]!;
  }
}

export interface DraftOptions {
  /** What is known of the heap, for sizes that fit it. */
  readonly heap?: HeapView;
  /** Sizes from which on the target may do something else. */
  readonly thresholds?: Thresholds;
  /** What goes over sizes in all programs of a campaign; default one of this program alone. */
  readonly sweep?: SizeSweep;
  /** Whether the program is a short one, in which every kind of op comes up, and sizes of every sort. */
  readonly isShort?: boolean;
  readonly without?: ReadonlySet<EnginePart> | undefined;
}

/** Puts a slot last in the list that it now belongs to. */
function moveSlot(slot: Slot, lists: { readonly from: Slot[]; readonly to: Slot[] }): void {
  const index = lists.from.indexOf(slot);
  if (index >= 0) lists.from.splice(index, 1);
  if (!lists.to.includes(slot)) lists.to.push(slot);
}
