import type { Outcome } from '../src/check/outcome.ts';
import { isMachine, type Target } from '../src/check/target.ts';
import type { BlockOp, Op } from '../src/program/op.ts';
import { HeapView, NEIGHBOURS, REUSES } from './heap-view.ts';

/** Something that a run showed, by its place among all that were seen so far. */
export type Feature = number;

/** What a run showed. */
export interface Shown {
  /** Each once, in the order in which they showed. */
  readonly features: readonly Feature[];
  /** The ops after which one of them showed. */
  opsOf(feature: Feature): number;
}

/** What a feature is about; features of two aspects are never the same. */
const ASPECT = {
  sizes: 0,
  places: 1,
  moves: 2,
  footprint: 3,
  rows: 4,
  pairs: 5,
  shape: 6,
  events: 7,
  watched: 8,
} as const;
type Aspect = keyof typeof ASPECT;
const ASPECTS_LIMIT = 16;

const OUTCOMES: readonly Outcome['kind'][] = [
  'granted',
  'refused',
  'done',
  'faulted',
  'blocked',
  'freed',
  'stopped',
];

/** After these there is nothing new to see, or nobody to be asked. */
const NOTHING_SHOWN: ReadonlySet<Outcome['kind']> = new Set(['skipped', 'not asked', 'aborted']);

/** Deeds of the same kind and outcome differ in a detail below this. */
const DETAILS = 32;

/**
 * What a run shows of its target from outside, op by op:
 *
 * - which kind of op had which outcome at which class of size, and which came after which;
 * - whether an address was used before, what lies beside it, whether a realloc moved it, whether the footprint changed;
 * - how often the same happened in a row, how many blocks and gaps there were at once, and what the target itself
 *   counts: these by class, so that a program which drives one of them further shows something new.
 */
export class Novelty implements Shown {
  /** The heap of the run, where the target is an allocator. */
  readonly heap = new HeapView();
  /** What features there are, by what they are about; and for each in which run it showed last, after how many ops. */
  readonly #seen = new Map<number, Feature>();
  readonly #runs: number[] = [];
  readonly #ops: number[] = [];
  #features: Feature[] = [];
  #run = 0;
  #isNew = false;
  readonly #eventsBefore = new Map<string, number>();
  /** The numbers of kinds, events and reasons, in the order in which they came up. */
  readonly #numbers = new Map<string, number>();
  #target: Target | undefined;
  #opsCount = 0;
  #footprint = 0;
  #grantedMax = -1;
  /** What happened last, and how often in a row. */
  #deed = 0;
  #inRow = 0;

  /** A program begins, on a fresh heap of this target. */
  begin(target: Target): void {
    if (target !== this.#target) this.#eventsBefore.clear();
    this.#target = target;
    this.heap.clear();
    this.#features = [];
    this.#run += 1;
    this.#isNew = false;
    this.#opsCount = 0;
    this.#footprint = footprintOf(target);
    this.#grantedMax = -1;
    this.#deed = 0;
    this.#inRow = 0;
  }

  /** Whether the run showed anything that no run before it did. */
  get isNew(): boolean {
    return this.#isNew;
  }

  get features(): readonly Feature[] {
    return this.#features;
  }

  opsOf(feature: Feature): number {
    return this.#ops[feature]!;
  }

  /** Follows what became of an op. */
  note(op: Op, outcome: Outcome): void {
    this.#opsCount += 1;
    if (NOTHING_SHOWN.has(outcome.kind)) return;
    const family = this.#numberOf(op.kind) * OUTCOMES.length + OUTCOMES.indexOf(outcome.kind);
    const isOfMachine = this.#target === undefined || isMachine(this.#target);
    const detail = isOfMachine
      ? this.#reasonOf(outcome)
      : this.#noteBlockOp(op as BlockOp, outcome, family);
    this.#noteDeed(family * DETAILS + detail);
  }

  /** The program has ended: looks at what the target counted on the way. */
  end(watched: Iterable<number> = []): void {
    for (const [name, count] of Object.entries(this.#target?.events?.() ?? {})) {
      const more = count - (this.#eventsBefore.get(name) ?? 0);
      this.#eventsBefore.set(name, count);
      if (more > 0) this.#show('events', this.#numberOf(name), countClass(more));
    }
    for (const each of watched) this.#show('watched', each, 0);
  }

  #noteDeed(deed: number): void {
    const isRepeated = deed === this.#deed;
    this.#inRow = isRepeated ? this.#inRow + 1 : 1;
    this.#show('rows', deed, countClass(this.#inRow));
    if (!isRepeated)
      this.#show('pairs', Math.floor(deed / DETAILS), Math.floor(this.#deed / DETAILS));
    this.#deed = deed;
  }

  /** @returns What tells this deed from others of its kind and outcome, below 32. */
  #noteBlockOp(op: BlockOp, outcome: Outcome, family: number): number {
    const { heap } = this;
    const source = op.kind === 'realloc' ? op.source : null;
    const [startBefore, sizeBefore] =
      source === null ? [undefined, 0] : [heap.startOf(source), heap.sizeOf(source)];
    heap.note(op, outcome);
    const size = 'size' in op ? Number(op.size) : 0;
    this.#show('sizes', family, sizeClass(size));
    this.#noteFootprint(family);
    this.#show('shape', countClass(heap.gapsCount), countClass(heap.liveCount));
    const beside = NEIGHBOURS.indexOf(heap.below) * 3 + NEIGHBOURS.indexOf(heap.above);
    if (outcome.kind === 'freed') {
      this.#show('places', family, beside);
      return beside;
    }
    if (outcome.kind !== 'granted') return size <= this.#grantedMax ? 1 : 0;
    this.#grantedMax = Math.max(this.#grantedMax, outcome.size);
    const reuse = REUSES.indexOf(heap.reuse);
    this.#show('places', family, reuse * 16 + beside);
    if (startBefore === undefined) return reuse;
    const direction = 1 + Math.sign(outcome.size - sizeBefore);
    const move = direction + (outcome.address === startBefore ? 0 : 3);
    this.#show('moves', move, beside);
    return REUSES.length + move;
  }

  #noteFootprint(family: number): void {
    const footprint = footprintOf(this.#target!);
    const change = Math.sign(footprint - this.#footprint);
    this.#footprint = footprint;
    if (change !== 0) this.#show('footprint', family, 1 + change);
  }

  /** Why an op came to nothing, where it says so in a word. */
  #reasonOf(outcome: Outcome): number {
    const isNamed = 'why' in outcome && outcome.why !== undefined && outcome.kind !== 'blocked';
    return isNamed ? this.#numberOf(outcome.why) % DETAILS : 0;
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(name, number);
    return number;
  }

  #show(aspect: Aspect, first: number, second: number): void {
    const key = (first * 2 ** 12 + second) * ASPECTS_LIMIT + ASPECT[aspect];
    const feature = this.#seen.get(key) ?? this.#add(key);
    if (this.#runs[feature] === this.#run) return;
    this.#runs[feature] = this.#run;
    this.#ops[feature] = this.#opsCount;
    this.#features.push(feature);
  }

  #add(key: number): Feature {
    const feature = this.#seen.size;
    this.#isNew = true;
    this.#seen.set(key, feature);
    this.#runs.push(0);
    this.#ops.push(0);
    return feature;
  }
}

function footprintOf(target: Target): number {
  return 'footprint' in target && target.footprint !== undefined ? target.footprint() : 0;
}

/** Sizes of one class lie between two powers of four. */
function sizeClass(size: number): number {
  return size <= 0 ? 0 : 1 + (Math.floor(Math.log2(size)) >> 1);
}

/** Counts up to 4 are a class each; those of a class above lie within a third of each other. */
function countClass(count: number): number {
  return count <= 4 ? count : Math.floor(Math.log2(count) * 3) - 1;
}
