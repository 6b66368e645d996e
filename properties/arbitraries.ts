import * as fc from 'fast-check';
import { SIZE_MAX, type Size, sizeOf } from '../src/base/units.ts';
import { ALIGNMENT_EXPONENT_MAX, type Op, type Slot } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';

/*
 * Programs as fast-check arbitraries. A program is an `fc.array` of ops and not `fc.commands`, which loses fast-check's
 * bias towards edge values.
 *
 * What finds bugs in allocators is use again: so slots are few, and a program draws a handful of sizes first (its
 * *palette*), from which most of its ops pick, exactly or a few bytes off. Everything shrinks towards fewer ops,
 * smaller sizes and slot 0; since every program is valid, so is every shrunk one.
 */

/** How often ops of a sort come up, next to each other; a sort that is left out never does. */
export interface OpWeights {
  readonly malloc: number;
  readonly free: number;
  readonly calloc?: number;
  readonly realloc?: number;
  readonly aligned?: number;
  readonly doubleFree?: number;
  readonly freeInside?: number;
  readonly freeForeign?: number;
  readonly writeFreed?: number;
  /** `free null`, and `realloc null` where realloc comes up at all. */
  readonly nulls?: number;
}

/** What the programs of an arbitrary look like. */
export interface ProgramShape {
  readonly weights: OpWeights;
  readonly sizes: fc.Arbitrary<Size>;
  readonly slotsCount: number;
  readonly opsMax: number;
  /** Each program leaves out some sorts of op, and has its own slots and its own order in which they are freed. */
  readonly isSwarm?: true;
}

/** What is of one program and not of the next. */
interface Style {
  readonly slotsCount: number;
  readonly order: 'as drawn' | 'newest' | 'oldest';
  /** Sorts of op that this program leaves out. */
  readonly without: readonly (keyof OpWeights)[];
}

/** Sizes up to this many are drawn for a program's palette. */
const PALETTE_MAX = 6;

/** A size as an op holds it before its program's palette is known: itself, or a palette index and bytes to add. */
type SizeChoice = Size | readonly [index: number, more: number];

/** Makes an op once it is known what stands before it. */
type Draft = (writing: Writing) => Op;

/** Programs of any length up to `opsMax`, their ops drawn one by one. */
export function programs(shape: ProgramShape): fc.Arbitrary<Program> {
  const palette = fc.array(shape.sizes, { minLength: 1, maxLength: PALETTE_MAX, size: 'max' });
  const drafts = fc.array(draftsOf(shape), { maxLength: shape.opsMax, size: 'max' });
  return fc.tuple(stylesOf(shape), palette, drafts).map(([style, sizes, ops]) => {
    const writing = new Writing(sizes, style);
    const kept = ops.filter(([sort]) => !style.without.includes(sort));
    return kept.map(([, draft]) => draft(writing));
  });
}

/** Sorts of op that a program may leave out; without malloc it does nothing, without free it uses nothing again. */
const LEFT_OUT = [
  'calloc',
  'realloc',
  'aligned',
  'doubleFree',
  'freeInside',
  'freeForeign',
  'writeFreed',
] as const;

/** The one style of a shape, or the styles of its swarm. */
function stylesOf({ isSwarm, slotsCount, weights }: ProgramShape): fc.Arbitrary<Style> {
  if (isSwarm === undefined) return fc.constant({ slotsCount, order: 'as drawn', without: [] });
  const sorts = LEFT_OUT.filter((sort) => weights[sort] !== undefined);
  const without = fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray(sorts) },
  );
  return fc.record({
    slotsCount: fc.constantFrom(...SLOTS_COUNTS.filter((count) => count <= slotsCount)),
    order: fc.constantFrom('as drawn', 'newest', 'oldest'),
    without,
  });
}

/** How many slots a program of a swarm has. */
const SLOTS_COUNTS = [8, 16, 4, 32, 64, 2] as const;

/** Sizes from here on are taken to be refused. */
const GRANTED_END = 2 ** 31;

/**
 * A program while it is written, op by op. A slot that an op cannot use as the program stands is moved to the next one
 * that it can, so that few ops do nothing.
 */
class Writing {
  readonly #palette: readonly Size[];
  readonly #order: Style['order'];
  readonly #isLive: boolean[];
  /** Live slots, the newest last. */
  readonly #live: Slot[] = [];
  /** Slots whose block was freed, which may hold another by now. */
  readonly #freed: Slot[] = [];

  constructor(palette: readonly Size[], { order, slotsCount }: Style) {
    this.#palette = palette;
    this.#order = order;
    this.#isLive = Array.from({ length: slotsCount }, () => false);
  }

  size(choice: SizeChoice): Size {
    return resolve(choice, this.#palette);
  }

  /** This slot or the next one that is live; this one where none is. */
  live(slot: Slot): Slot {
    return this.#nextOf(slot, true);
  }

  /** The live slot whose turn it is to be freed, in the program's order; as `live` has it where it has none. */
  next(slot: Slot): Slot {
    const inTurn = this.#order === 'newest' ? this.#live.at(-1) : this.#live[0];
    return this.#order === 'as drawn' || inTurn === undefined ? this.live(slot) : inTurn;
  }

  /** One of the slots whose blocks were freed; this one where none was. */
  freed(slot: Slot): Slot {
    const free = this.#freed.filter((each) => this.#isLive[each] === false);
    return free.length === 0 ? this.#own(slot) : free[slot % free.length]!;
  }

  /** This slot or the next one that is empty; this one where none is. */
  empty(slot: Slot): Slot {
    return this.#nextOf(slot, false);
  }

  /** Notes a request that will probably be granted. */
  request<O extends Op & { readonly slot: Slot; readonly size: Size }>(op: O): O {
    this.#forget(op.slot);
    this.#isLive[op.slot] = op.size < GRANTED_END;
    if (this.#isLive[op.slot]) this.#live.push(op.slot);
    return op;
  }

  release(slot: Slot): void {
    if (!this.#freed.includes(slot)) this.#freed.push(slot);
    this.#forget(slot);
    this.#isLive[slot] = false;
  }

  #forget(slot: Slot): void {
    const index = this.#live.indexOf(slot);
    if (index >= 0) this.#live.splice(index, 1);
  }

  /** The slot of this program that a drawn number stands for. */
  #own(drawn: Slot): Slot {
    return drawn % this.#isLive.length;
  }

  #nextOf(drawn: Slot, wanted: boolean): Slot {
    const slot = this.#own(drawn);
    const above = this.#isLive.indexOf(wanted, slot);
    const next = above < 0 ? this.#isLive.indexOf(wanted) : above;
    return next < 0 ? slot : next;
  }
}

/**
 * Programs that fill all their slots, free them in some order, and start over: what merges with what, in each order.
 */
export function fillAndFreePrograms(shape: ProgramShape): fc.Arbitrary<Program> {
  const slots = Array.from({ length: shape.slotsCount }, (_, slot) => slot);
  const order = fc.shuffledSubarray(slots);
  const sizes = fc.array(choicesOf(shape.sizes), { maxLength: shape.slotsCount, size: 'max' });
  const palette = fc.array(shape.sizes, { minLength: 1, maxLength: PALETTE_MAX, size: 'max' });
  const rounds = fc.array(fc.tuple(sizes, order), {
    maxLength: Math.max(1, Math.floor(shape.opsMax / (2 * shape.slotsCount))),
    size: 'max',
  });
  return fc.tuple(palette, rounds).map(([known, each]) =>
    each.flatMap(([choices, frees]) => [
      ...choices.map((choice, slot): Op => ({
        kind: 'malloc',
        slot,
        size: resolve(choice, known),
      })),
      ...frees.map((slot): Op => ({ kind: 'free', slot })),
    ]),
  );
}

function resolve(choice: SizeChoice, palette: readonly Size[]): Size {
  if (typeof choice !== 'object') return choice;
  const [index, more] = choice;
  const size = palette[index % palette.length]!;
  if (more === 0) return size;
  const sum = typeof size === 'number' ? size + more : size + BigInt(more);
  return sum < 0 || sum > SIZE_MAX || !isExact(sum) ? size : sum;
}

/** Whether a sum of sizes is what the sum says, in the one form that a size has. */
function isExact(sum: Size): boolean {
  return typeof sum === 'bigint'
    ? sum > BigInt(Number.MAX_SAFE_INTEGER)
    : Number.isSafeInteger(sum);
}

function choicesOf(sizes: fc.Arbitrary<Size>): fc.Arbitrary<SizeChoice> {
  const index = fc.nat({ max: PALETTE_MAX - 1 });
  return fc.oneof(
    { weight: 5, arbitrary: fc.tuple(index, fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(index, fc.integer({ min: -32, max: 32 })) },
    { weight: 3, arbitrary: sizes },
  );
}

/** An op to be, and the sort by which a program may leave it out. */
type Sorted = readonly [sort: keyof OpWeights, draft: Draft];

function draftsOf({ weights, sizes, slotsCount }: ProgramShape): fc.Arbitrary<Sorted> {
  const slot = fc.nat({ max: slotsCount - 1 });
  const size = choicesOf(sizes);
  const all: readonly (readonly [keyof OpWeights, fc.Arbitrary<Draft>])[] = [
    ['malloc', fc.tuple(slot, size).map(mallocDraft)],
    ['free', slot.map(freeDraft)],
    ['calloc', callocDrafts(slot, size)],
    ['realloc', reallocDrafts(slot, size)],
    ['aligned', fc.tuple(slot, alignments(), size).map(alignedDraft)],
    ['doubleFree', slot.map(doubleFreeDraft)],
    ['freeInside', fc.tuple(slot, offsets()).map(freeInsideDraft)],
    ['freeForeign', foreignOffsets().map(freeForeignDraft)],
    ['writeFreed', fc.tuple(slot, fc.nat({ max: 16 })).map(writeFreedDraft)],
    ['nulls', fc.constant((): Op => ({ kind: 'free', slot: null }))],
    ...(weights.realloc === undefined
      ? []
      : [['nulls', fc.tuple(slot, size).map(reallocNullDraft)] as const]),
  ];
  return fc.oneof(
    ...all.flatMap(([sort, drafts]) => {
      const { [sort]: weight = 0 } = weights;
      if (weight === 0) return [];
      return [{ weight, arbitrary: drafts.map((draft): Sorted => [sort, draft]) }];
    }),
  );
}

function mallocDraft([slot, size]: readonly [Slot, SizeChoice]): Draft {
  return (writing) =>
    writing.request({ kind: 'malloc', slot: writing.empty(slot), size: writing.size(size) });
}

function freeDraft(slot: Slot): Draft {
  return (writing) => {
    const freed = writing.next(slot);
    writing.release(freed);
    return { kind: 'free', slot: freed };
  };
}

/** Reallocs whose block mostly stays in its slot. */
function reallocDrafts(
  slot: fc.Arbitrary<Slot>,
  size: fc.Arbitrary<SizeChoice>,
): fc.Arbitrary<Draft> {
  const own = fc.tuple(slot, size).map(([into, choice]): Draft => (writing) => {
    const source = writing.live(into);
    return { kind: 'realloc', slot: source, source, size: writing.size(choice) };
  });
  const moving = fc.tuple(slot, slot, size).map(([into, from, choice]): Draft => (writing) => {
    const source = writing.live(from);
    const moved = { slot: writing.empty(into), source, size: writing.size(choice) };
    writing.release(source);
    return writing.request({ kind: 'realloc', ...moved });
  });
  return fc.oneof({ weight: 4, arbitrary: own }, { weight: 1, arbitrary: moving });
}

function reallocNullDraft([slot, size]: readonly [Slot, SizeChoice]): Draft {
  return (writing) => {
    const asked = { slot: writing.empty(slot), source: null, size: writing.size(size) };
    return writing.request({ kind: 'realloc', ...asked });
  };
}

function alignedDraft([slot, alignment, size]: readonly [Slot, number, SizeChoice]): Draft {
  return (writing) => {
    const asked = { slot: writing.empty(slot), alignment, size: writing.size(size) };
    return writing.request({ kind: 'aligned', ...asked });
  };
}

function doubleFreeDraft(slot: Slot): Draft {
  return (writing) => ({ kind: 'double-free', slot: writing.freed(slot) });
}

function freeInsideDraft([slot, offset]: readonly [Slot, number]): Draft {
  return (writing) => ({ kind: 'free-inside', slot: writing.live(slot), offset });
}

function freeForeignDraft(offset: number): Draft {
  return () => ({ kind: 'free-foreign', slot: null, offset });
}

function writeFreedDraft([slot, offset]: readonly [Slot, number]): Draft {
  return (writing) => ({ kind: 'write-freed', slot: writing.freed(slot), offset });
}

/** Powers of two from 1, mostly up to two pages, now and then up to the largest that an op may ask for. */
function alignments(): fc.Arbitrary<number> {
  const exponent = fc.oneof(
    { weight: 12, arbitrary: fc.nat({ max: 13 }) },
    { weight: 1, arbitrary: fc.nat({ max: ALIGNMENT_EXPONENT_MAX }) },
  );
  return exponent.map((power) => 2 ** power);
}

/** Offsets into a block: small, or at multiples of 8, where a header could be believed to be. */
function offsets(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 64 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 32 }).map((words) => words * 8) },
  );
}

/** Offsets behind a heap, and in front of it: near its ends, or at powers of two, where maps of addresses wrap. */
function foreignOffsets(): fc.Arbitrary<number> {
  const far = fc.integer({ min: 6, max: 40 }).map((exponent) => 2 ** exponent);
  return fc.oneof(
    { weight: 2, arbitrary: fc.nat({ max: 64 }) },
    { weight: 1, arbitrary: fc.integer({ min: -4096, max: -1 }) },
    { weight: 2, arbitrary: far },
  );
}

/** Callocs of few elements, and now and then of a count and a size whose product wraps to a small number. */
function callocDrafts(
  slot: fc.Arbitrary<Slot>,
  size: fc.Arbitrary<SizeChoice>,
): fc.Arbitrary<Draft> {
  const count = fc.oneof(fc.constant(1), fc.nat({ max: 16 }));
  const plain = fc.tuple(slot, count, size).map(([into, times, choice]): Draft => (writing) => {
    const asked = { slot: writing.empty(into), count: times, size: writing.size(choice) };
    return writing.request({ kind: 'calloc', ...asked });
  });
  const wrapping = fc
    .tuple(slot, wrappingProducts())
    .map(([into, [times, each]]): Draft => (writing) => ({
      kind: 'calloc',
      slot: writing.empty(into),
      count: times,
      size: each,
    }));
  return fc.oneof({ weight: 12, arbitrary: plain }, { weight: 1, arbitrary: wrapping });
}

/** Bits of the size types whose overflow is asked for; 53 is where numbers stop being exact. */
const WORD_BITS = [32, 53, 64] as const;

/** Two numbers whose product is 2^bits, or a little more: 0 or a small number to whoever computes in so many bits. */
function wrappingProducts(): fc.Arbitrary<readonly [count: Size, size: Size]> {
  const numbers = fc.tuple(
    fc.constantFrom(...WORD_BITS),
    fc.integer({ min: 1, max: 63 }),
    fc.nat({ max: 16 }),
  );
  return numbers.map(([bits, exponent, more]) => {
    const power = Math.min(exponent, bits - 1);
    return [sizeOf(2n ** BigInt(power)), sizeOf(2n ** BigInt(bits - power) + BigInt(more))];
  });
}
