import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import type { AllocatorTarget, MakeAllocatorTarget, StateSink } from '../check/target.ts';
import { type HeapOptions, LECTURE_NOTE } from '../heap/options.ts';
import { referenceTarget } from './reference.ts';
import { SMALL_ALLOCATORS } from './small-allocators.ts';

const HEAPS: readonly (readonly [string, Partial<HeapOptions>])[] = [
  ['bins', { growthUnit: 4096 }],
  ['the lecture note', LECTURE_NOTE],
  ['a list with next fit', { list: 'lifo', fit: 'next', growthUnit: 4096 }],
  ['a list with an index', { list: 'address-indexed', growthUnit: 4096 }],
  ['growth by brk', { growth: 'brk', growthUnit: 4096 }],
];

const ALLOCATORS: readonly (readonly [string, MakeAllocatorTarget])[] = [
  ...HEAPS.map(([name, heap]) => [`a heap with ${name}`, referenceTarget({ heap })] as const),
  ...Object.entries(SMALL_ALLOCATORS).map(([name, make]) => [name, make()] as const),
];

/** What a target tells of its state, as text; zeros of memory left out. */
function described({ snapshots }: AllocatorTarget): string {
  const told: string[] = [];
  const sink: StateSink = {
    number: (value) => told.push(String(value)),
    words(words, start, end) {
      for (let index = start; index < end; index += 1) {
        if (words[index] !== 0) told.push(`${index}:${words[index]}`);
      }
    },
  };
  snapshots!.describe(sink);
  return told.join(' ');
}

/** Requests and frees by a seed, payloads written to. @returns The addresses, and null for refusals. */
function churn(target: AllocatorTarget, live: number[], seed: number): readonly (number | null)[] {
  const prng = new Prng(seed);
  return Array.from({ length: 150 }, () => {
    if (live.length > 0 && prng.oneIn(2)) {
      const [address] = live.splice(prng.below(live.length), 1);
      target.free(address!);
      return null;
    }
    const address = target.malloc(prng.oneIn(9) ? 140_000 : prng.between(1, 900));
    if (address === null) return null;
    target.memory!.storeByte(address, 1 + prng.below(255));
    live.push(address);
    return address;
  });
}

describe.each(ALLOCATORS)('%s', (_, makeTarget) => {
  test('comes back to where it was, and goes on from there in the same way', () => {
    const target = makeTarget();
    const live: number[] = [];
    churn(target, live, 1);
    const state = target.snapshots!.capture();
    const there = described(target);
    const first = churn(target, [...live], 2);
    expect(described(target)).not.toBe(there);
    for (let round = 0; round < 2; round += 1) {
      target.snapshots!.restore(state);
      expect(described(target)).toBe(there);
      expect(churn(target, [...live], 2)).toEqual(first);
    }
    const { invariants } = target;
    const read = invariants!.read();
    expect(invariants!.rules.flatMap((rule) => rule.check(read) ?? [])).toEqual([]);
  });

  test('tells the same of two on which the same was done, and not of others', () => {
    const [a, b, c] = [1, 2, 3].map(() => makeTarget());
    for (const target of [a!, b!]) target.free(target.malloc(24));
    c!.malloc(24);
    expect(described(b!)).toBe(described(a!));
    expect(described(c!)).not.toBe(described(a!));
  });
});

test('a heap on pages has no snapshots', () => {
  expect(referenceTarget({ machine: {} })().snapshots).toBeUndefined();
});
