import { describe, expect, test } from 'vitest';
import type { PAGE_OP_KINDS } from '../../program/op.ts';
import { offers, ops, shrunk } from './offers.test-helper.ts';
import { tryShortForLongPrograms, tryShortPagePrograms } from './try-short-page-programs.ts';

/** A program of five ops that ends in this one. */
function endingIn(last: string): string {
  return `a0 = map 8192; store a0 4095 8; unmap a0 4096 1; touch a0 0 4097; ${last}`;
}

const LAST: Readonly<Record<(typeof PAGE_OP_KINDS)[number], string>> = {
  map: 'a1 = map 16384 read',
  'map-at': 'a1 = map-at a0 4096 1',
  unmap: 'unmap a0 0 1',
  protect: 'protect a0 0 1 none',
  brk: 'brk -100',
  load: 'load a0 4090 4',
  store: 'store a0 4090 4',
  touch: 'touch a0 0 1',
};

describe('what is offered', () => {
  test.each(Object.entries(LAST))('for a program that ends in %s ends in it', (kind, last) => {
    const offered = offers(tryShortPagePrograms, endingIn(last)).map((text) => ops(text));
    expect(offered.length).toBeGreaterThan(0);
    expect(offered.length).toBeLessThan(3500);
    expect(new Set(offered.map((program) => program.at(-1)!.kind))).toEqual(new Set([kind]));
  });

  test('is shorter than the program, of 4 ops at the most, and shorter ones come first', () => {
    for (const text of [endingIn(LAST.unmap), 'a0 = map 1; store a0 0 1; load a0 0 1']) {
      const lengths = offers(tryShortPagePrograms, text).map((offered) => ops(offered).length);
      expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
      expect(Math.max(...lengths)).toBe(Math.min(4, ops(text).length - 1));
    }
  });

  test('is one area that is touched, and then what the program does with its numbers', () => {
    const offered = offers(tryShortPagePrograms, endingIn(LAST.load));
    expect(offered).toContain('a0 = map 2147483648; load a0 4090 4');
    expect(offered).toContain('a0 = map 8192; touch a0 0 262144; load a0 1073741824 4');
    expect(offered).toContain('a0 = map 8192; touch a0 0 12288; load a0 12288 4');
    expect(offered).toContain('a0 = map 8192; touch a0 0 4097; unmap a0 0 1; load a0 0 4');
    expect(offered).toContain('a0 = map 8192; touch a0 0 4097; load a0 4096 1; load a0 0 4');
  });

  test('has one access before, other protections and memory that nobody mapped', () => {
    const loads = offers(tryShortPagePrograms, endingIn(LAST.store));
    expect(loads).toContain('a0 = map 8192; load a0 4096 1; store a0 4095 4');
    const maps = offers(tryShortPagePrograms, endingIn(LAST.map));
    expect(maps).toContain('a0 = map 8192; touch a0 0 4096; a1 = map 1');
    expect(maps).toContain('a0 = map 8192; touch a0 0 4096; a1 = map 1 read');
    expect(offers(tryShortPagePrograms, endingIn(LAST.protect))).toContain(
      'a0 = map 8192; protect brk 0 1 none',
    );
  });

  test('is about the break where nothing else is mapped, or where the last op moves it', () => {
    const text = 'brk 9; store brk 0 1; unmap brk 0 1; load brk 0 1';
    const touched = 'brk 8192; touch brk 0 4096; load brk 0 1';
    expect(offers(tryShortPagePrograms, `store brk 1 1; ${text}`)).toContain(touched);
    // Four ops touch no more pages than they say.
    expect(offers(tryShortPagePrograms, text)).not.toContain(touched);
    expect(offers(tryShortPagePrograms, text)).toContain('brk 8192; touch brk 0 1; load brk 0 1');
    const offered = offers(tryShortPagePrograms, endingIn(LAST.brk));
    expect(offered).toContain('brk 8192; brk -8192');
    expect(offered).toContain('brk 8192; touch brk 0 8192; brk -100');
  });

  test('maps with the protections at hand', () => {
    const text = 'a0 = map 9; a1 = map 9 read; load a1 0 1; brk 9; store a1 0 1';
    const offered = offers(tryShortPagePrograms, text);
    expect(offered).toContain('a0 = map 8192 read; load a0 0 1; store a0 0 1');
    expect(offered).toContain('a0 = map 8192; load a0 0 1; store a0 0 1');
    expect(offered.join(';')).not.toContain('map 8192 none');
  });

  test('for no ops, for two and for blocks is nothing', () => {
    expect(tryShortPagePrograms([], () => true)).toEqual([]);
    expect(offers(tryShortPagePrograms, 'a0 = map 1; load a0 0 1')).toEqual([]);
    expect(offers(tryShortPagePrograms, 'b0 = malloc 8; b1 = malloc 8; free b0')).toEqual([]);
  });
});

test('the first that shows the bug is taken', () => {
  const touched = shrunk(tryShortPagePrograms, endingIn(LAST.unmap), (program) =>
    program.some((op) => op.kind === 'touch' && op.size > 40_000),
  );
  expect(touched).toBe('a0 = map 2147483648; touch a0 0 233472; unmap a0 0 1');
});

test('a long program is tried with up to three ops, and a shorter one is not', () => {
  const long = `${'store a0 0 1; '.repeat(23)}${LAST.load}`;
  const lengths = offers(tryShortForLongPrograms, long).map((text) => ops(text).length);
  expect(new Set(lengths)).toEqual(new Set([2, 3]));
  expect(offers(tryShortForLongPrograms, `${'store a0 0 1; '.repeat(22)}${LAST.load}`)).toEqual([]);
});
