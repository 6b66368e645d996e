import * as fc from 'fast-check';
import { offeredKinds } from '../../fuzz/index.ts';
import { programs, type OpWeights } from '../../properties/arbitraries.ts';
import { sizesFor } from '../../properties/sizes.ts';
import { fold } from '../../src/base/prng.ts';
import { Runner } from '../../src/check/runner.ts';
import type { Size } from '../../src/base/units.ts';
import type { AllocatorTarget, MakeTarget } from '../../src/check/target.ts';
import type { Slot } from '../../src/program/op.ts';
import { withinTime } from '../../src/supervise/watchdog.ts';
import { DrivenHeap } from './driven-heap.ts';
import { type LiveSlots, opCommands, SLOTS } from './op-commands.ts';
import { guarded } from './own-strategies.ts';
import { HANG_MS, type Search, type Shrunk, type Strategy } from './strategy.ts';

/** What fast-check runs where nothing is said; then it is called again, with another seed. */
const RUNS = 100;
/** Sizes of every sort, for `fc.commands` and `fc.array` alike. */
const SIZES = {
  small: 6,
  zero: 1,
  nearPowers: 4,
  medium: 3,
  large: 1,
  thresholds: 2,
  huge: 1,
} as const;
const OPS_MAX = 64;
/** Sizes up to there, where they are all alike. */
const NAT_MAX = 4096;
/** Runs that shrinking may take, as many as our minimizer. */
const SHRINK_RUNS_MAX = 20_000;

/** Model-based testing as fast-check's documentation shows it. */
export const COMMANDS = assertions({
  name: 'fc.commands',
  says: 'fc.commands and fc.modelRun as documented: up to 10 commands; sizes by our arbitraries',
  makeProperty: (makeTarget, told) => commandsProperty(makeTarget, { sizes: ourSizes }, told),
});

/** The same by somebody who has no arbitraries for sizes. */
const COMMANDS_NAT = assertions({
  name: 'fc.commands nat',
  says: `the same, but with sizes of fc.nat(${NAT_MAX})`,
  makeProperty: (makeTarget, told) =>
    commandsProperty(makeTarget, { sizes: () => fc.nat(NAT_MAX) }, told),
});

/** The same by somebody who knows how short its programs are. */
const COMMANDS_TUNED = assertions({
  name: 'fc.commands tuned',
  says: `fc.commands with maxCommands ${OPS_MAX} and size 'max'; sizes by our arbitraries`,
  makeProperty: (makeTarget, told) =>
    commandsProperty(makeTarget, { sizes: ourSizes, maxCommands: OPS_MAX, size: 'max' }, told),
});

/** The arbitraries of our suites, all kinds of op and sorts of size in one property. */
const ARRAY = assertions({
  name: 'fc.array',
  says: `one property over our arbitraries, which are fc.array of ops: up to ${OPS_MAX} ops`,
  makeProperty: arrayProperty,
});

/** Strategies on fast-check, in the order in which they are shown. */
export const FAST_CHECK: readonly Strategy[] = [COMMANDS, COMMANDS_NAT, COMMANDS_TUNED, ARRAY];

/** Makes a property, which is told of each run that fails how many ops it was. */
type MakeProperty = (
  makeTarget: MakeTarget,
  told: (opsCount: number) => void,
) => fc.IProperty<unknown>;

/** A strategy that checks a property again and again. */
function assertions({
  makeProperty,
  name,
  says,
}: {
  readonly name: string;
  readonly says: string;
  readonly makeProperty: MakeProperty;
}): Strategy {
  return {
    name,
    says,
    families: 'allocators',
    isSeeded: true,
    begin: (makeTarget, seed) => new Assertions(seed, (told) => makeProperty(makeTarget, told)),
  };
}

/** What is left to whoever writes commands. */
type CommandsShape = fc.CommandsContraints & {
  readonly sizes: (target: AllocatorTarget) => fc.Arbitrary<Size>;
};

/** `fc.check` again and again, each time with another seed. */
class Assertions implements Search {
  readonly #seed: number;
  readonly #property: fc.IProperty<unknown>;
  #doneCount = 0;
  /** Of the last run that failed. */
  #opsCount = 0;

  constructor(
    seed: number,
    makeProperty: (told: (opsCount: number) => void) => fc.IProperty<unknown>,
  ) {
    this.#seed = seed;
    this.#property = makeProperty((opsCount) => {
      this.#opsCount = opsCount;
    });
  }

  next(): ReturnType<Search['next']> {
    const seed = fold(`${this.#seed} ${this.#doneCount}`) | 0;
    this.#doneCount += 1;
    const details = withinTime(HANG_MS, () =>
      fc.check(this.#property, { seed, numRuns: RUNS, endOnFailure: true }),
    );
    if (!details.failed) return 'nothing';
    return { shrink: () => this.#shrink(seed, details.counterexamplePath!) };
  }

  /**
   * Runs what failed again, and lets fast-check shrink it.
   *
   * @throws {TimedOut} A smaller one hangs.
   */
  #shrink(seed: number, path: string): Shrunk {
    let runsCount = 0;
    const all = guarded(this.#property);
    const some: fc.IProperty<unknown> = {
      ...all,
      run: (value) => {
        runsCount += 1;
        return runsCount > SHRINK_RUNS_MAX ? null : all.run(value);
      },
    };
    fc.check(some, { seed, path, numRuns: RUNS });
    return { length: this.#opsCount, runsCount: Math.min(runsCount, SHRINK_RUNS_MAX) };
  }
}

function ourSizes(target: AllocatorTarget): fc.Arbitrary<Size> {
  return sizesFor(target, SIZES);
}

function commandsProperty(
  makeTarget: MakeTarget,
  { sizes, ...constraints }: CommandsShape,
  told: (opsCount: number) => void,
): fc.IProperty<unknown> {
  let heap = new DrivenHeap(makeTarget() as AllocatorTarget);
  const drawn = fc.commands<LiveSlots, DrivenHeap>(
    opCommands(heap.target, sizes(heap.target)),
    constraints,
  );
  return fc.property(drawn, (commands) => {
    try {
      fc.modelRun(() => ({ model: new Set<Slot>(), real: heap }), commands);
      heap.finish();
      heap = heap.next(makeTarget);
    } catch (error) {
      told(heap.sentCount);
      heap = new DrivenHeap(makeTarget() as AllocatorTarget);
      throw error;
    }
  }) as fc.IProperty<unknown>;
}

function arrayProperty(
  makeTarget: MakeTarget,
  told: (opsCount: number) => void,
): fc.IProperty<unknown> {
  const runner = new Runner(makeTarget);
  const target = runner.target as AllocatorTarget;
  const drawn = programs({
    weights: weightsFor(target),
    sizes: ourSizes(target),
    slotsCount: SLOTS,
    opsMax: OPS_MAX,
  });
  return fc.property(drawn, (program) => {
    const finding = runner.run(program);
    if (finding === undefined) return;
    told(program.length);
    throw new Error(`${finding.law}: ${finding.observed}`);
  });
}

function weightsFor(target: AllocatorTarget): OpWeights {
  const offered = new Set(offeredKinds(target));
  return {
    malloc: 6,
    free: 6,
    nulls: 1,
    ...(offered.has('realloc') && { realloc: 3 }),
    ...(offered.has('calloc') && { calloc: 2 }),
    ...(offered.has('aligned') && { aligned: 2 }),
    ...(offered.has('double-free') && { doubleFree: 1 }),
    ...(offered.has('free-inside') && { freeInside: 1 }),
    ...(offered.has('free-foreign') && { freeForeign: 1 }),
    ...(offered.has('write-freed') && { writeFreed: 1 }),
  };
}
