import { describe, expect, test } from 'vitest';
import type { Program } from '../../program/program.ts';
import { line, offers, ops, shrunk } from './offers.test-helper.ts';
import { raiseSizes } from './raise-sizes.ts';

/** Mallocs of so many bytes, one after another. */
function mallocs(count: number, size: number): string {
  return Array.from({ length: count }, (_, index) => `b${index} = malloc ${size}`).join('; ');
}

/** True when the blocks of up to 1024 bytes take more than a page. */
const morePagesThanOne = (program: Program): boolean => {
  const sizes = program.map((op) => ('size' in op ? Number(op.size) : 0));
  return sizes.filter((size) => size <= 1024).reduce((sum, size) => sum + size, 0) > 4096;
};

describe('what is offered', () => {
  test('is shorter, and asks for one size', () => {
    const text = `${mallocs(4, 7)}; b4 = aligned 64 9; b4 = realloc b4 40; b5 = calloc 3 8; free b1`;
    for (const offered of offers(raiseSizes, text).map((each) => ops(each))) {
      expect(offered.length).toBeLessThan(8);
      const sizes = offered.flatMap((op) => ('size' in op ? [op.size] : []));
      expect(new Set(sizes).size).toBeLessThanOrEqual(1);
    }
  });

  test('is the sizes of the program besides larger ones', () => {
    const offered = offers(raiseSizes, `${mallocs(4, 7)}; b4 = malloc 9`);
    for (const size of [7, 9, 64, 1024, 16_384]) expect(offered).toContain(mallocs(4, size));
  });

  test.each([
    ['less than four requests', `${mallocs(3, 8)}; free b0`],
    ['three ops', mallocs(3, 8)],
    ['more than 40 ops', mallocs(41, 8)],
    ['threads', `${mallocs(4, 8)}; t1: free b0`],
  ])('for a program of %s is nothing', (_name, text) => {
    expect(offers(raiseSizes, text)).toEqual([]);
  });
});

test('what is left has fewer and larger blocks, or is what it was', () => {
  expect(shrunk(raiseSizes, mallocs(11, 385), morePagesThanOne)).toMatch(
    /^(b\d+ = malloc 1024(; |$)){5}$/,
  );
  expect(shrunk(raiseSizes, mallocs(11, 385), () => false)).toBe(line(ops(mallocs(11, 385))));
});
