import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import { Runner } from '../src/check/runner.ts';
import { BLOCK_OP_KINDS, type BlockOp, type BlockOpKind } from '../src/program/op.ts';
import { slotsOf } from '../src/program/program.ts';
import { decodeProgram, encodeProgram } from '../src/program/bytes.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { blockPrograms, offeredKinds } from './block-programs.ts';
import { drawProgramFor } from './generator.ts';

const BARE: AllocatorTarget = {
  name: 'bare',
  promises: {},
  malloc: () => null,
  free: () => undefined,
};

describe('a target is offered', () => {
  test.each<[string, Partial<AllocatorTarget>, readonly BlockOpKind[]]>([
    ['malloc and free, always', {}, ['malloc', 'free']],
    ['realloc, if it has it', { realloc: () => null }, ['malloc', 'free', 'realloc']],
    ['calloc, if it has it', { calloc: () => null }, ['malloc', 'free', 'calloc']],
    ['aligned, if it has it', { aligned: () => null }, ['malloc', 'free', 'aligned']],
    [
      'double frees, if it promises an answer',
      { promises: { doubleFree: 'refused' } },
      ['malloc', 'free', 'double-free'],
    ],
    [
      'frees inside, if it promises an answer',
      { promises: { freeInside: 'refused' } },
      ['malloc', 'free', 'free-inside'],
    ],
  ])('%s', (_, parts, kinds) => {
    expect(offeredKinds({ ...BARE, ...parts })).toEqual(kinds);
  });

  test('everything but misuse, if it is the reference', () => {
    expect(offeredKinds(referenceTarget()())).toEqual(BLOCK_OP_KINDS.slice(0, 5));
  });
});

/** Programs of one seed each. */
function programs(
  count: number,
  offered: readonly BlockOpKind[],
  opsMax: number,
): readonly (readonly BlockOp[])[] {
  const draw = blockPrograms(offered);
  return Array.from(
    { length: count },
    (_, seed) => draw(new Prng(seed), opsMax) as readonly BlockOp[],
  );
}

const PROGRAMS = programs(1000, BLOCK_OP_KINDS, 128);
const OPS = PROGRAMS.flat();

/** The share of ops of a kind for which this holds. */
function share(kind: BlockOpKind, holds: (op: BlockOp) => boolean): number {
  const ofKind = OPS.filter((op) => op.kind === kind);
  return ofKind.filter(holds).length / ofKind.length;
}

const product = (op: BlockOp): bigint =>
  op.kind === 'calloc' ? BigInt(op.count) * BigInt(op.size) : -1n;

describe('a program', () => {
  test('has 1 to opsMax ops, short ones and long ones', () => {
    const lengths = PROGRAMS.map(({ length }) => length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([1, 128]);
    // Every other one is short, and of the others half are above 64.
    expect(lengths.filter((length) => length <= 32).length).toBeGreaterThan(500);
    expect(lengths.filter((length) => length > 64).length).toBeGreaterThan(200);
  });

  test.each([1, 2, 7, 8, 9])('has %d ops at the most, if that is all it may', (opsMax) => {
    const lengths = programs(200, BLOCK_OP_KINDS, opsMax).map(({ length }) => length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([1, opsMax]);
  });

  test('has ops of the kinds offered only', () => {
    const offered: readonly BlockOpKind[] = ['malloc', 'free', 'aligned', 'free-inside'];
    const kinds = new Set(
      programs(300, offered, 32).flatMap((program) => program.map((op) => op.kind)),
    );
    expect([...kinds].toSorted()).toEqual(offered.toSorted());
  });

  test('has every kind of op, malloc and free most of all', () => {
    const counts = BLOCK_OP_KINDS.map(
      (kind) => OPS.filter((op) => op.kind === kind).length / OPS.length,
    );
    expect(Math.min(...counts)).toBeGreaterThan(0.005);
    expect(counts[0]! + counts[1]!).toBeGreaterThan(0.5);
  });

  test('is one that the byte form can hold', () => {
    for (const program of PROGRAMS) expect(decodeProgram(encodeProgram(program))).toEqual(program);
  });

  test('has 2 to 64 slots, a power of two', () => {
    const highest = PROGRAMS.map((program) =>
      Math.max(-1, ...program.flatMap((op) => slotsOf(op).map((slot) => Number(slot.slice(1))))),
    );
    expect(Math.max(...highest)).toBe(63);
    expect(highest.filter((slot) => slot < 2).length).toBeGreaterThan(150);
  });

  test('draws the power of two below the size as alignment as often as not', () => {
    const aligned = OPS.flatMap((op) =>
      op.kind === 'aligned' && op.size >= 64 && op.size < 8192 ? [op] : [],
    );
    const isBelow = ({ alignment, size }: (typeof aligned)[number]): boolean =>
      alignment <= size && size < 2 * alignment;
    expect(aligned.filter(isBelow).length / aligned.length).toBeGreaterThan(0.4);
    expect(aligned.filter(isBelow).length / aligned.length).toBeLessThan(0.7);
  });

  test('draws alignments from 1 to 8192, all of them', () => {
    const alignments = new Set(OPS.flatMap((op) => (op.kind === 'aligned' ? [op.alignment] : [])));
    expect([...alignments].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 14 }, (_, exponent) => 2 ** exponent),
    );
  });

  test('frees inside at offsets that a block could have, and at such as none can', () => {
    const offsets = OPS.flatMap((op) => (op.kind === 'free-inside' ? [op.offset % 16] : []));
    for (const part of [0, 1, 8])
      expect(offsets.filter((offset) => offset === part).length).toBeGreaterThan(
        offsets.length / 10,
      );
  });

  test('draws products that are 0, that are exact and that wrap', () => {
    expect(share('calloc', (op) => product(op) === 0n)).toBeGreaterThan(0.02);
    expect(share('calloc', (op) => product(op) > 0n && product(op) < 2n ** 20n)).toBeGreaterThan(
      0.5,
    );
    expect(share('calloc', (op) => product(op) > 2n ** 32n)).toBeGreaterThan(0.05);
    expect(share('calloc', (op) => product(op) >= 2n ** 64n)).toBeGreaterThan(0.001);
  });

  test('frees null and reallocs null now and then', () => {
    const nullFrees = share('free', (op) => op.slot === null);
    expect(nullFrees).toBeGreaterThan(0.005);
    expect(nullFrees).toBeLessThan(0.1);
    expect(share('realloc', (op) => op.kind === 'realloc' && op.source === null)).toBeGreaterThan(
      0.02,
    );
  });

  test('of the same state of the generator is the same', () => {
    expect(programs(50, BLOCK_OP_KINDS, 128)).toEqual(PROGRAMS.slice(0, 50));
  });
});

test('ops do something: few are skipped by a target that grants what it can', () => {
  const runner = new Runner(referenceTarget());
  const draw = drawProgramFor(runner.target);
  for (let seed = 0; seed < 300; seed += 1)
    expect(runner.run(draw(new Prng(seed), 64))).toBeUndefined();
  const { ops, skipped, refused, notAsked } = runner.counts;
  expect(skipped / ops).toBeLessThan(0.1);
  expect(refused / ops).toBeGreaterThan(0.005);
  expect(refused / ops).toBeLessThan(0.15);
  expect(notAsked).toBe(0);
});
