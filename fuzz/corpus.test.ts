import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import type { Program } from '../src/program/program.ts';
import { Corpus } from './corpus.ts';
import type { Feature, Shown } from './novelty.ts';

/** A program of so many ops, each with this size. */
function ops(count: number, size = 8): Program {
  return Array.from({ length: count }, (_, slot) => ({ kind: 'malloc', slot, size }));
}

/** A run that showed features, each after so many ops. */
function shows(...entries: readonly (readonly [Feature, number])[]): Shown {
  const opsOf = new Map(entries);
  return { features: [...opsOf.keys()], opsOf: (feature) => opsOf.get(feature)! };
}

describe('a corpus', () => {
  test('keeps a program as far as the last feature that is new', () => {
    const corpus = new Corpus();
    expect(corpus.offer(ops(9), shows([1, 2], [2, 5]))).toBe(true);
    expect(corpus.programs).toEqual([ops(5)]);
    expect(corpus.offer(ops(9, 16), shows([1, 5], [2, 8], [3, 4]))).toBe(true);
    expect(corpus.programs).toEqual([ops(5), ops(4, 16)]);
    expect([corpus.size, corpus.featuresCount]).toEqual([2, 3]);
  });

  test('keeps nothing of a program that shows nothing new in hardly fewer ops', () => {
    const corpus = new Corpus();
    corpus.offer(ops(8), shows([1, 8]));
    expect(corpus.offer(ops(7, 16), shows([1, 7]))).toBe(false);
    expect(corpus.offer(ops(7, 16), shows())).toBe(false);
    expect(corpus.programs).toEqual([ops(8)]);
  });

  test('has a feature shown by a much shorter program, and forgets one that has no other', () => {
    const corpus = new Corpus();
    corpus.offer(ops(8), shows([1, 8]));
    corpus.offer(ops(20), shows([2, 10], [3, 20]));
    expect(corpus.offer(ops(6, 16), shows([1, 6]))).toBe(false);
    expect(corpus.programs).toEqual([ops(6, 16), ops(20)]);
    corpus.offer(ops(5, 24), shows([2, 5]));
    expect(corpus.size).toBe(3);
    corpus.offer(ops(5, 32), shows([3, 5]));
    expect(corpus.programs).toEqual([ops(5, 32), ops(5, 24), ops(6, 16)]);
    expect(corpus.featuresCount).toBe(3);
  });

  test('keeps what it is told to', () => {
    const corpus = new Corpus();
    corpus.add(ops(3));
    expect(corpus.programs).toEqual([ops(3)]);
  });

  test('picks any, but mostly those that showed something new last', () => {
    const corpus = new Corpus();
    for (let size = 1; size <= 100; size += 1) corpus.offer(ops(1, size), shows([size, 1]));
    const prng = new Prng(1);
    const picked = Array.from({ length: 5000 }, () => corpus.pick(prng));
    expect(new Set(picked).size).toBe(100);
    const newest = new Set(corpus.programs.slice(-24));
    const share = picked.filter((program) => newest.has(program)).length / picked.length;
    // Three of four are picked among the newest, and 24 of 100 of the others are.
    expect(share).toBeGreaterThan(0.75);
    expect(share).toBeLessThan(0.87);
  });
});
