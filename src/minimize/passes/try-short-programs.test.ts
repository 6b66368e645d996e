import { describe, expect, test } from 'vitest';
import type { BlockOp, Op } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import { line, offers, ops, shrunk } from './offers.test-helper.ts';
import { tryShortPrograms } from './try-short-programs.ts';

/** A program of five ops that ends in this one. */
function endingIn(last: string): string {
  return `b0 = malloc 100; b1 = malloc 7; free b1; b1 = malloc 7; ${last}`;
}

/** Every op of a kind on a slot that holds a block, in a program before it. */
const LAST = {
  malloc: 'b2 = malloc 24',
  calloc: 'b2 = calloc 3 24',
  aligned: 'b2 = aligned 128 24',
  realloc: 'b0 = realloc b0 24',
  free: 'free b0',
  'double-free': 'double-free b0',
  'free-inside': 'free-inside b0 8',
};

/** The frees and reallocs of slots that hold no block, if every request is granted. */
function strayOps(program: Program): readonly Op[] {
  const live = new Set<number | null>();
  return (program as readonly BlockOp[]).filter((op) => {
    const isOnBlock = op.kind === 'free' || (op.kind === 'realloc' && op.source !== null);
    const isStray = isOnBlock && !live.has(op.slot);
    if (op.kind === 'free') live.delete(op.slot);
    else live.add(op.slot);
    return isStray;
  });
}

describe('what is offered', () => {
  test.each(Object.entries(LAST))(
    'for a program that ends in %s ends in it, but for single ops',
    (kind, last) => {
      const all = offers(tryShortPrograms, endingIn(last)).map((text) => ops(text));
      const offered = all.filter(({ length }) => length > 1);
      expect(offered.length).toBeGreaterThan(0);
      expect(new Set(offered.map((program) => program.at(-1)!.kind))).toEqual(new Set([kind]));
    },
  );

  test.each(['t1: free b0', 'yield', 'brk 8'])(
    'for a program that ends in %s is nothing: no thread and no page is in a short one',
    (last) => {
      expect(offers(tryShortPrograms, endingIn(last))).toEqual([]);
    },
  );

  test('is shorter than the program, of 3 ops at the most, and shorter ones come first', () => {
    for (const text of [endingIn(LAST.free), 'b0 = malloc 8; b1 = malloc 9; free b0']) {
      const lengths = offers(tryShortPrograms, text).map((offered) => ops(offered).length);
      expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
      expect(Math.max(...lengths)).toBe(Math.min(3, ops(text).length - 1));
    }
  });

  test('uses the sizes at hand and 0', () => {
    const offered = offers(tryShortPrograms, endingIn('b2 = malloc 24'));
    expect(offered).toContain('b0 = malloc 7');
    expect(offered).toContain('b0 = malloc 100; b1 = malloc 7');
    expect(offered).toContain('b0 = malloc 0; free b0; b1 = malloc 7');
    expect(offered).toContain('b0 = malloc 7; b0 = realloc b0 100; b1 = malloc 0');
  });

  test('has single requests of every kind, since what shows at the end of a run asks for none', () => {
    const offered = offers(tryShortPrograms, endingIn('free b0'));
    expect(offered).toContain('b0 = malloc 100');
    expect(offered).toContain('b0 = aligned 64 0');
    expect(offered).toContain('b0 = realloc null 7');
  });

  test('has aligned blocks', () => {
    const offered = offers(tryShortPrograms, endingIn('free b0'));
    expect(offered).toContain('b0 = aligned 64 0; free b0');
    expect(offered).toContain('b0 = aligned 64 7; b1 = malloc 0; free b0');
  });

  test('ends a program of three in any size near a power of two, after a small block', () => {
    const offered = offers(tryShortPrograms, endingIn('b2 = malloc 24'));
    expect(offered).toContain('b0 = malloc 0; b0 = realloc b0 32; b1 = malloc 65472');
    expect(offered).toContain('b0 = aligned 64 0; free b0; b1 = malloc 4040');
    const frees = offers(tryShortPrograms, endingIn('free b0'));
    expect(frees).not.toContain('b0 = malloc 0; b1 = malloc 65472; free b0');
    expect(frees).toContain('b0 = malloc 65472; free b0');
  });

  test('has realloc of nothing, and a smaller alignment', () => {
    expect(offers(tryShortPrograms, endingIn(LAST.realloc))).toContain('b0 = realloc null 7');
    const aligned = offers(tryShortPrograms, endingIn(LAST.aligned));
    expect(aligned).toContain('b0 = aligned 128 7');
    expect(aligned).toContain('b0 = aligned 64 7');
  });

  test('frees and resizes only what is live', () => {
    for (const text of offers(tryShortPrograms, endingIn('b0 = realloc b0 24'))) {
      expect([text, strayOps(ops(text))]).toEqual([text, []]);
    }
  });

  test('is fewer programs than a search runs by default', () => {
    for (const last of Object.values(LAST)) {
      expect(offers(tryShortPrograms, endingIn(last)).length).toBeLessThan(20_000);
    }
  });

  test('for no ops and for one op is nothing', () => {
    expect(tryShortPrograms([], () => true)).toEqual([]);
    expect(offers(tryShortPrograms, 'b0 = malloc 8')).toEqual([]);
  });
});

const resizes = (program: Program): boolean =>
  program.length === 2 && program[0]!.kind === 'aligned' && program[1]!.kind === 'free';

describe('what is left', () => {
  test('is the program as it was, when nothing shorter shows the bug', () => {
    const text = endingIn('free b0');
    expect(shrunk(tryShortPrograms, text, () => false)).toBe(line(ops(text)));
  });

  test('may have another shape than any piece of the program', () => {
    expect(shrunk(tryShortPrograms, endingIn('free b0'), resizes)).toMatch(
      /^b0 = aligned 64 \d+; free b0$/,
    );
  });
});
