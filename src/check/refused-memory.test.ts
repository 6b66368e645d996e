import { describe, expect, test } from 'vitest';
import { askedCounters } from './judge.ts';
import { LAW } from './law.ts';
import { RefusedMemoryWalk } from './refused-memory.ts';
import type { AllocatorTarget } from './target.ts';
import { ops } from './toy-target.test-helper.ts';

interface Bug {
  readonly bounds?: AllocatorTarget['bounds'];
  /** The free after a refusal is refused, too. */
  readonly forgets?: true;
  /** Nothing is granted after a refusal. */
  readonly givesUp?: true;
  /** It stops, as it promises, when a block is freed twice. */
  readonly stops?: true;
  readonly zero?: 'null';
  /** A larger request is refused, whether there is memory or not. */
  readonly sizeMax?: number;
}

/** Each block is memory of its own from a system that can refuse it. */
function blocks(bug: Bug = {}): () => AllocatorTarget {
  return () => {
    let next = 4096;
    let taken = 0;
    let askedCount = 0;
    let refused = { first: 0, count: 0 };
    let wasRefused = false;
    const freed = new Set<number | null>();
    const refusals = {
      refusedCount: 0,
      refuse(first: number, count: number) {
        askedCount = 0;
        refused = { first, count };
        refusals.refusedCount = 0;
      },
    };
    return {
      name: 'blocks',
      promises: { zeroSize: bug.zero ?? 'block', ...(bug.stops && { doubleFree: 'aborted' }) },
      bounds: bug.bounds,
      refusals,
      malloc(size) {
        if (size > (bug.sizeMax ?? Infinity)) return null;
        const past = askedCount - refused.first;
        askedCount += 1;
        const isRefused = past >= 0 && past < refused.count;
        if (isRefused) refusals.refusedCount += 1;
        if (isRefused || (bug.givesUp && wasRefused)) {
          wasRefused = true;
          return null;
        }
        taken += 64;
        next += 64;
        return next;
      },
      free(address) {
        if (bug.stops && freed.has(address)) throw new Error('freed twice');
        freed.add(address);
        if (address !== null) taken -= 64;
        return !(bug.forgets && wasRefused);
      },
      footprint: () => taken,
    };
  };
}

const PROGRAM = ops('b0 = malloc 0; b1 = malloc 24; free b0');

describe('memory refused at each request', () => {
  test('is survived: each of two requests was refused alone, and with those that follow', () => {
    const asked = askedCounters();
    expect(new RefusedMemoryWalk(blocks(), { asked }).run(PROGRAM)).toBeUndefined();
    expect(asked[LAW.refusedMemoryIsSurvived.index]).toBe(2 * 2);
  });

  test('after which a free is refused is a finding, which says which request it was', () => {
    expect(new RefusedMemoryWalk(blocks({ forgets: true })).run(PROGRAM)).toEqual({
      law: 'refused-memory-is-survived',
      target: 'blocks',
      step: 3,
      op: 'end',
      observed: 'with request 1 for memory refused, free-accepts-its-blocks: free(b1) was refused',
      expected: 'an allocator that goes on',
    });
  });

  test('after which nothing is granted any more is a finding', () => {
    const makeTarget = blocks({ givesUp: true });
    expect(new RefusedMemoryWalk(makeTarget).run(ops('b0 = malloc 24'))?.observed).toBe(
      'with request 1 for memory refused, once there was memory again: malloc(24) was refused',
    );
  });

  test('is not asked for again by a program that takes more than a quarter of it', () => {
    const bounds = { start: 4096, end: 4096 + 500 };
    const makeTarget = blocks({ givesUp: true, bounds });
    expect(new RefusedMemoryWalk(makeTarget).run(ops('b0 = malloc 24'))?.observed).toMatch(
      /once there was memory again/,
    );
    const three = ops('b0 = malloc 24; b1 = malloc 24; b2 = malloc 24');
    expect(new RefusedMemoryWalk(makeTarget).run(three)).toBeUndefined();
  });

  test('is asked for again by a program that takes just a quarter of it', () => {
    const bounds = { start: 4096, end: 4096 + 4 * 64 };
    const makeTarget = blocks({ givesUp: true, bounds });
    expect(new RefusedMemoryWalk(makeTarget).run(ops('b0 = malloc 24'))).toBeDefined();
  });

  test('has nothing to do with a request that is refused in any case', () => {
    const makeTarget = blocks({ sizeMax: 100 });
    const program = ops('b0 = malloc 24; b1 = malloc 200');
    expect(new RefusedMemoryWalk(makeTarget).run(program)).toBeUndefined();
  });

  test('is not asked for again by a program that stops the target as it promises', () => {
    const program = ops('b0 = malloc 24; b1 = malloc 24; free b0; double-free b0');
    expect(new RefusedMemoryWalk(blocks({ stops: true })).run(program)).toBeUndefined();
  });

  test('says so where all later requests are refused as well', () => {
    expect(
      LAW.refusedMemoryIsSurvived.check(
        { first: 2, count: Infinity },
        {
          law: 'calls-return',
          observed: 'it broke',
        },
      )?.observed,
    ).toBe('with request 3 for memory and all later ones refused, calls-return: it broke');
  });

  test('is asked of 24 requests at the most', () => {
    const asked = askedCounters();
    const many = ops(Array.from({ length: 30 }, (_, slot) => `b${slot} = malloc 8`).join('; '));
    expect(new RefusedMemoryWalk(blocks(), { asked }).run(many)).toBeUndefined();
    expect(asked[LAW.refusedMemoryIsSurvived.index]).toBe(2 * 24);
  });

  test('is not asked of a program that breaks a law without it', () => {
    const finding = new RefusedMemoryWalk(blocks({ zero: 'null' })).run(PROGRAM);
    expect(finding?.law).toBe('zero-size-keeps-promise');
  });

  test('is asked of a target without a footprint', () => {
    const target = Object.assign(blocks()(), { footprint: undefined });
    expect(new RefusedMemoryWalk(() => target).run(PROGRAM)).toBeUndefined();
  });
});
