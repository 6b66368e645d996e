import { describe, expect, test } from 'vitest';
import type { Op } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import { offers, ops, shrunk } from './offers.test-helper.ts';
import { walkAtRandom } from './walk-at-random.ts';

const THREE = 'b0 = malloc 24; b1 = malloc 0; b2 = malloc 24';

/** Asked of in any order: how many blocks a program takes, an aligned one counting for two. */
const takesThree = (program: Program): boolean =>
  program.reduce((count, { kind }) => count + weightOf(kind), 0) >= 3;

function weightOf(kind: Op['kind']): number {
  if (kind === 'malloc') return 1;
  return kind === 'aligned' ? 2 : 0;
}

/** Three blocks of one size, whatever it is; or two of 65 bytes: no op goes before all sizes have changed. */
const areAlike = (program: Program): boolean => {
  const sizes = program.flatMap((op) => (op.kind === 'malloc' ? [op.size] : []));
  if (sizes.length !== program.length || new Set(sizes).size !== 1) return false;
  return program.length === 3 || (program.length === 2 && sizes[0] === 65);
};

describe('a walk', () => {
  test('replaces two blocks by another kind of one', () => {
    expect(ops(shrunk(walkAtRandom, THREE, takesThree))).toHaveLength(2);
  });

  test('goes aside where no single step leads down: all sizes change before an op goes', () => {
    const text = 'b0 = malloc 3; b1 = malloc 3; b2 = malloc 3';
    expect(shrunk(walkAtRandom, text, areAlike)).toMatch(/^b\d = malloc 65; b\d = malloc 65$/);
  });

  test('ends, with the program as it was, where nothing shorter shows the bug', () => {
    expect(shrunk(walkAtRandom, THREE, () => false)).toBe(THREE);
    expect(offers(walkAtRandom, THREE)).toHaveLength(1500);
  });

  test('is the same each time', () => {
    expect(offers(walkAtRandom, THREE)).toEqual(offers(walkAtRandom, THREE));
  });

  test('offers no program that is longer', () => {
    const lengths = offers(walkAtRandom, THREE).map((text) => ops(text).length);
    expect([...new Set(lengths)].toSorted((a, b) => a - b)).toEqual([2, 3]);
  });

  test('keeps the kind of the last op more often than not, for the bug shows there', () => {
    const text = 'b0 = malloc 24; b1 = malloc 0; free b0';
    const kept = offers(walkAtRandom, text).filter(
      (offered) => ops(offered).at(-1)!.kind === 'free',
    );
    expect(kept.length).toBeGreaterThan(500);
  });

  test.each([
    ['two ops', 'b0 = malloc 24; free b0'],
    ['25 ops', Array.from({ length: 25 }, (_, slot) => `b${slot} = malloc 8`).join('; ')],
    ['pages', 'a0 = map 4096; touch a0 0 4096; unmap a0 0 4096'],
    ['threads', 't1 = spawn thread; t1: b0 = malloc 8; yield'],
  ])('of %s is none', (_, text) => {
    expect(offers(walkAtRandom, text)).toEqual([]);
  });
});
