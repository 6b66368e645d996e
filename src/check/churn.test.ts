import { describe, expect, test } from 'vitest';
import { Churn } from './churn.ts';
import { askedCounters } from './judge.ts';
import { LAW } from './law.ts';
import type { AllocatorTarget } from './target.ts';
import { ops } from './toy-target.test-helper.ts';

/** Takes memory in units for what is live and what was lost so far; each free loses as many bytes as it is told. */
function heap(
  lostBy: (freesCount: number) => number,
  options: {
    readonly unit?: number;
    readonly breaksAt?: number;
    readonly limit?: number;
    readonly refuses?: (mallocsCount: number) => boolean;
  } = {},
): () => AllocatorTarget {
  const { unit = 1024, breaksAt = Infinity, limit = Infinity, refuses = () => false } = options;
  return () => {
    let next = 64;
    let taken = 0;
    let lost = 0;
    let freesCount = 0;
    let mallocsCount = 0;
    return {
      name: 'leaky',
      promises: { steady: true },
      malloc() {
        mallocsCount += 1;
        if (lost + 64 > limit || refuses(mallocsCount)) return null;
        next += 64;
        taken = Math.max(taken, Math.ceil((lost + 64) / unit) * unit);
        return next;
      },
      free(address) {
        if (address === null) return true;
        freesCount += 1;
        lost += lostBy(freesCount);
        return freesCount < breaksAt;
      },
      footprint: () => taken,
    };
  };
}

const PAIR = ops('b0 = malloc 8; free b0');

describe('a program done over and over', () => {
  test('on a heap that loses 16 bytes each time is a finding at its end', () => {
    expect(new Churn(heap(() => 16)).run(PAIR)).toEqual({
      law: 'churn-is-bounded',
      target: 'leaky',
      step: 2,
      op: 'end',
      observed:
        'done 2048, 4096 and 8192 times, the program took 33792, 66560 and 132096 bytes from the system',
      expected: 'less growth in twice the time',
    });
  });

  test('is found with 64 KiB a growth as well, and with what the program leaves live', () => {
    expect(new Churn(heap(() => 16, { unit: 65_536 })).run(ops('b0 = malloc 8'))?.law).toBe(
      'churn-is-bounded',
    );
  });

  test.each([
    ['nothing', () => 0],
    ['something the first hundred times only', (n: number) => (n < 100 ? 64 : 0)],
  ])('on a heap that loses %s breaks nothing, and was asked', (_, lostBy) => {
    const asked = askedCounters();
    expect(new Churn(heap(lostBy), { asked }).run(PAIR)).toBeUndefined();
    expect(asked[LAW.churnIsBounded.index]).toBe(1);
  });

  test('until the memory is full is a finding, unless that is too soon to tell', () => {
    const slowly = heap(() => 1024, { limit: 16_384 });
    expect(new Churn(slowly).run(PAIR)?.observed).toMatch(/^done 4, 8 and 16 times/);
    const soon = heap(() => 8000, { limit: 16_384 });
    expect(new Churn(soon).run(PAIR)).toBeUndefined();
  });

  test.each([
    ['one request each time', (n: number) => n % 2 === 0],
    ['one request at first, none then, and one again', (n: number) => n % 2 === 0 && n !== 4],
  ])('and refused %s is done over to the end all the same', (_, refuses) => {
    const two = ops('b0 = malloc 8; b1 = malloc 8');
    const { observed } = new Churn(heap(() => 16, { refuses })).run(two)!;
    expect(observed).toMatch(/^done 2048, 4096 and 8192 times/);
  });

  test('and refused more the second time than the first is not done over again', () => {
    const growing = heap(() => 1024, { refuses: (n) => n > 2 && n % 2 === 0 });
    expect(new Churn(growing).run(ops('b0 = malloc 8; b1 = malloc 8'))).toBeUndefined();
  });

  test('of many ops is done over four times', () => {
    const pairs = Array.from({ length: 10_000 }, () => PAIR).flat();
    const { observed } = new Churn(heap(() => 16)).run(pairs)!;
    expect(observed).toMatch(/^done 1, 2 and 4 times/);
  });

  test('that has no ops is not asked', () => {
    const asked = askedCounters();
    expect(
      new Churn(
        heap(() => 16),
        { asked },
      ).run([]),
    ).toBeUndefined();
    expect(asked[LAW.churnIsBounded.index]).toBe(0);
  });

  test('finds what shows in a later time only, whether it searches or goes deep', () => {
    for (const isSearch of [true, false]) {
      const finding = new Churn(
        heap(() => 0, { breaksAt: 20 }),
        { isSearch },
      ).run(PAIR);
      expect(finding?.law).toBe('free-accepts-its-blocks');
    }
  });
});

describe('a search', () => {
  test('asks of each program, whether it goes deep or not', () => {
    const asked = askedCounters();
    const search = new Churn(
      heap(() => 0),
      { asked, isSearch: true },
    );
    for (let count = 1; count <= 7; count += 1) {
      search.run(PAIR);
      expect(asked[LAW.churnIsBounded.index]).toBe(count);
    }
  });

  test('reports what broke at its first look, even where it would not break again', () => {
    let madeCount = 0;
    const flaky = (): AllocatorTarget => {
      madeCount += 1;
      return heap((n) => (n === 1 ? 2048 : 0), { breaksAt: madeCount === 1 ? 20 : Infinity })();
    };
    expect(new Churn(flaky, { isSearch: true }).run(PAIR)?.law).toBe('free-accepts-its-blocks');
  });

  test('goes deep where the footprint grew after the first time, and with each eighth program', () => {
    const quick = heap(() => 16, { unit: 1024 });
    const slow = heap(() => 16, { unit: 65_536 });
    expect(new Churn(quick, { isSearch: true }).run(PAIR)?.law).toBe('churn-is-bounded');
    const search = new Churn(slow, { isSearch: true });
    const found = Array.from({ length: 16 }, () => search.run(PAIR) !== undefined);
    expect(found.flatMap((isFound, at) => (isFound ? [at] : []))).toEqual([7, 15]);
  });
});
