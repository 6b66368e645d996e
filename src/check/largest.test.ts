import { describe, expect, test } from 'vitest';
import type { Size } from '../base/units.ts';
import { askedCounters } from './judge.ts';
import { Largest } from './largest.ts';
import { LAW } from './law.ts';
import type { AllocatorTarget } from './target.ts';
import { ops } from './toy-target.test-helper.ts';

/** 1000 bytes for one block after the other; `grants` says which requests are granted, of how many bytes are left. */
function pool(grants: (size: number, left: number, mallocsCount: number) => boolean) {
  return (): AllocatorTarget => {
    let left = 1000;
    let mallocsCount = 0;
    const sizes = new Map<number, number>();
    return {
      name: 'pool',
      promises: { largest: true },
      bounds: { start: 64, end: 1064 },
      malloc(size) {
        mallocsCount += 1;
        if (!grants(Number(size), left, mallocsCount)) return null;
        const address = 1064 - left;
        left -= Number(size);
        sizes.set(address, Number(size));
        return address;
      },
      free(address) {
        left += sizes.get(address!)!;
      },
    };
  };
}

const correct = (size: number, left: number): boolean => size <= left;
const PROGRAM = ops('b0 = malloc 600');

describe('the largest request', () => {
  test('of a correct pool is granted again, with all smaller ones, before and after the frees', () => {
    const asked = askedCounters();
    expect(new Largest(pool(correct), { asked }).run(PROGRAM)).toBeUndefined();
    expect(asked[LAW.largestFits.index]).toBe(2 * 14);
  });

  test('is looked for from the middle, then asked for again beside smaller and larger ones', () => {
    const sizes: number[] = [];
    const noted = pool((size, left) => {
      sizes.push(size);
      return correct(size, left);
    });
    new Largest(noted).run([]);
    expect(sizes[0]).toBe(500);
    expect(sizes.slice(-14)).toEqual([
      1e3, 999, 998, 992, 984, 500, 625, 750, 875, 1001, 1002, 1016, 2e3, 1e3,
    ]);
  });

  test('with one in its middle that is refused is a finding', () => {
    const holed = pool((size, left) => correct(size, left) && size !== 300);
    expect(new Largest(holed).run(PROGRAM)).toEqual({
      law: 'largest-fits',
      target: 'pool',
      step: 1,
      op: 'end',
      observed: 'malloc(300) was refused',
      expected: 'what is granted up to 400 bytes, and refused from 401 on',
    });
  });

  test('that is not granted again is a finding', () => {
    const once = pool((size, left, mallocsCount) => correct(size, left) && mallocsCount < 12);
    expect(new Largest(once).run([])?.law).toBe('largest-fits');
  });

  test('below which a larger one is granted is a finding', () => {
    // The bisection meets 500 and 750 first; the true largest lies above them.
    const odd = pool((size, left) => (correct(size, left) && size < 500) || size === 515);
    expect(new Largest(odd).run([])).toMatchObject({
      observed: 'malloc(515) was granted',
      expected: 'what is granted up to 499 bytes, and refused from 500 on',
    });
  });

  test('of nothing at all is asked for above 0 only', () => {
    const asked = askedCounters();
    expect(
      new Largest(
        pool(() => false),
        { asked },
      ).run([]),
    ).toBeUndefined();
    // 0, 1 and 15 bytes, before the frees and after.
    expect(asked[LAW.largestFits.index]).toBe(2 * 3);
  });

  test('is not looked for once another law is broken', () => {
    const outside = { ...pool(correct)(), malloc: () => 5000 };
    expect(new Largest(() => outside).run(PROGRAM)?.law).toBe('blocks-stay-inside');
  });

  test('is not reported beside another law that is broken later', () => {
    const holed = pool((size, left) => correct(size, left) && size !== 300)();
    const outside = {
      ...holed,
      malloc: (size: Size) => (size === 416 ? 5000 : holed.malloc(size)),
    };
    expect(new Largest(() => outside).run(PROGRAM)?.law).toBe('blocks-stay-inside');
  });
});
