import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SIZE_MAX, type Size, sizeProduct } from '../src/base/units.ts';
import type { Op } from '../src/program/op.ts';
import { type Program, slotsOf } from '../src/program/program.ts';
import { printProgram } from '../src/program/text.ts';
import { fillAndFreePrograms, type OpWeights, programs } from './arbitraries.ts';

const SEED = 0xa4b1;
const SIZES = fc.nat({ max: 5000 });
const EVERY: OpWeights = {
  malloc: 4,
  free: 4,
  calloc: 1,
  realloc: 2,
  aligned: 1,
  doubleFree: 1,
  freeInside: 1,
  nulls: 1,
};

function shape(weights: OpWeights, sizes: fc.Arbitrary<Size> = SIZES) {
  return { weights, sizes, slotsCount: 8, opsMax: 60 };
}

function sample(weights: OpWeights): readonly Program[] {
  return fc.sample(programs(shape(weights)), { seed: SEED, numRuns: 300 });
}

/** How many kinds of op each long program has. */
function kindsCounts(arbitrary: fc.Arbitrary<Program>): readonly number[] {
  const long = fc
    .sample(arbitrary, { seed: SEED, numRuns: 1000 })
    .filter(({ length }) => length > 40);
  return long.map((program) => new Set(program.map(({ kind }) => kind)).size);
}

/** The shortest program that fast-check itself finds to break a predicate. */
function shrunk(arbitrary: fc.Arbitrary<Program>, holds: (program: Program) => boolean): string {
  const details = fc.check(fc.property(arbitrary, holds), { seed: SEED, numRuns: 2000 });
  return printProgram(details.counterexample![0]).split('\n').slice(1, -1).join('; ');
}

function isBig(op: Op): boolean {
  return 'size' in op && op.size >= 100;
}

function freesAfterBig(program: Program): boolean {
  return program.some((op, at) => op.kind === 'free' && program.slice(0, at).some(isBig));
}

describe('programs', () => {
  test('have every kind of op that has a weight, in slots and numbers within their limits', () => {
    const all = sample(EVERY);
    const kinds = new Set(all.flat().map(({ kind }) => kind));
    expect(kinds.size).toBe(7);
    expect(Math.max(...all.map((program) => program.length))).toBeGreaterThan(50);
    expect(Math.max(...all.map((program) => program.length))).toBeLessThanOrEqual(60);
    expect(
      Math.max(...all.flat().flatMap((op) => slotsOf(op).map((slot) => Number(slot.slice(1))))),
    ).toBe(7);
  });

  test('have no op without a weight', () => {
    const kinds = new Set(
      sample({ malloc: 1, free: 1 })
        .flat()
        .map(({ kind }) => kind),
    );
    expect([...kinds].toSorted()).toEqual(['free', 'malloc']);
  });

  test('use few sizes, each often', () => {
    const [longest] = sample({ malloc: 1, free: 1 }).toSorted((a, b) => b.length - a.length);
    const sizes = longest!.flatMap((op) => ('size' in op ? [op.size] : []));
    expect(new Set(sizes).size).toBeLessThan(sizes.length * 0.75);
  });

  test('have products that wrap around 2^32, 2^53 and 2^64 to next to nothing', () => {
    const products = sample({ malloc: 1, free: 1, calloc: 20 })
      .flat()
      .flatMap((op) => (op.kind === 'calloc' ? [BigInt(sizeProduct(op.count, op.size))] : []));
    for (const bits of [32n, 53n, 64n]) expect(products).toContain(2n ** bits);
  });

  test('add to a huge size exactly or not at all', () => {
    const huge = fc.constantFrom<Size>(SIZE_MAX, 2n ** 53n, 2 ** 53 - 1);
    const all = fc.sample(programs(shape({ malloc: 1, free: 1 }, huge)), { seed: SEED });
    const sizes = all.flat().flatMap((op) => ('size' in op ? [op.size] : []));
    expect(sizes.every((size) => size <= SIZE_MAX)).toBe(true);
    expect(sizes.every((size) => typeof size === 'bigint' || Number.isSafeInteger(size))).toBe(
      true,
    );
    expect(new Set(sizes).size).toBeGreaterThan(10);
  });

  test('shrink to one op in slot 0 and the smallest size that fails', () => {
    const arbitrary = programs(shape({ malloc: 4, free: 4 }));
    expect(shrunk(arbitrary, (program) => !program.some(isBig))).toBe('b0 = malloc 100');
  });

  test('shrink to the two ops that it takes', () => {
    const arbitrary = programs(shape({ malloc: 4, free: 4 }));
    expect(shrunk(arbitrary, (program) => !freesAfterBig(program))).toBe(
      'b0 = malloc 100; free b0',
    );
  });
});

describe('programs of a swarm', () => {
  const swarm = programs({ ...shape({ ...EVERY, nulls: 0 }), isSwarm: true });

  test('leave out some sorts of op, more often than chance does', () => {
    expect(Math.min(...kindsCounts(programs(shape(EVERY))))).toBeGreaterThan(4);
    expect(Math.min(...kindsCounts(swarm))).toBeLessThan(4);
    expect(kindsCounts(swarm)).toContain(7);
  });

  test('free a second time what was freed', () => {
    const secondFrees = fc.sample(swarm, { seed: SEED, numRuns: 300 }).flatMap((program) =>
      program.flatMap((op, at) => {
        const freed = program.slice(0, at).filter(({ kind }) => kind === 'free');
        const isSecond = op.kind === 'double-free' && freed.length > 0;
        return isSecond ? [freed.some((free) => slotsOf(free).join() === slotsOf(op).join())] : [];
      }),
    );
    const right = secondFrees.filter((isFreed) => isFreed);
    expect(right.length).toBeGreaterThan(secondFrees.length * 0.8);
  });

  test('shrink to the two ops that it takes', () => {
    const arbitrary = programs({ ...shape({ malloc: 4, free: 4, doubleFree: 1 }), isSwarm: true });
    expect(shrunk(arbitrary, (program) => !freesAfterBig(program))).toBe(
      'b0 = malloc 100; free b0',
    );
  });
});

describe('programs that fill and free', () => {
  const arbitrary = fillAndFreePrograms(shape({ malloc: 1, free: 1 }));

  test('free in every order', () => {
    const all = fc.sample(arbitrary, { seed: SEED, numRuns: 300 });
    const orders = all.map((program) =>
      program.flatMap((op) => (op.kind === 'free' ? [op.slot] : [])).slice(0, 3),
    );
    expect(new Set(orders.map(String)).size).toBeGreaterThan(100);
  });

  test('shrink to one block', () => {
    expect(shrunk(arbitrary, (program) => !program.some(isBig))).toBe('b0 = malloc 100');
  });
});
