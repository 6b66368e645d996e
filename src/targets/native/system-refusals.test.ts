import { describe, expect, test } from 'vitest';
import { type RefusalCounts, type RefusingCalls, SystemRefusals } from './system-refusals.ts';

/** A system with so much data, and a library that asks for more by `grow`. */
class Fake implements RefusingCalls {
  data = 0;
  isLimited = false;
  hasLacked = false;
  tidiedCount = 0;

  dataBytes(): number {
    return this.data;
  }

  limitData(how: 'to what there is' | 'as before'): void {
    this.isLimited = how === 'to what there is';
    this.hasLacked = false;
  }

  lackedMemory(): boolean {
    return this.hasLacked;
  }

  tidy(): void {
    this.tidiedCount += 1;
  }

  readonly grow = (): string => {
    this.hasLacked = this.isLimited;
    if (!this.isLimited) this.data += 4096;
    return this.isLimited ? 'refused' : 'granted';
  };
}

function refusing(): {
  readonly fake: Fake;
  readonly counts: RefusalCounts;
  readonly refusals: SystemRefusals;
} {
  const fake = new Fake();
  const counts = { refused: 0, isRefusing: 0 };
  return { fake, counts, refusals: new SystemRefusals(fake, counts) };
}

const asIs = (): string => 'as is';

function die(): never {
  throw new Error('dead');
}

describe('memory of the system', () => {
  test('is refused to the calls that were named, of those that ask for some', () => {
    const { fake, refusals } = refusing();
    refusals.refuse(1, 2);
    const calls = [asIs, fake.grow, asIs, fake.grow, asIs, fake.grow, fake.grow];
    expect(calls.map((call) => refusals.during(call))).toEqual([
      'as is',
      'granted',
      'as is',
      'refused',
      'as is',
      'refused',
      'granted',
    ]);
    expect(refusals.refusedCount).toBe(2);
    expect(fake.isLimited).toBe(false);
  });

  test('is refused from one call on, and granted when nothing is to be refused', () => {
    const { fake, refusals } = refusing();
    expect(refusals.during(fake.grow)).toBe('granted');
    expect(fake.tidiedCount).toBe(0);
    refusals.refuse(0, Infinity);
    for (let call = 0; call < 5; call += 1) expect(refusals.during(fake.grow)).toBe('refused');
    expect([refusals.refusedCount, fake.tidiedCount]).toEqual([5, 5]);
    refusals.refuse(0, 0);
    expect(refusals.refusedCount).toBe(0);
    expect(refusals.during(fake.grow)).toBe('granted');
  });

  test('counts as refused to a call that it was the death of', () => {
    const { counts, refusals } = refusing();
    refusals.refuse(0, 1);
    expect(() => refusals.during(die)).toThrow('dead');
    expect(counts).toEqual({ refused: 0, isRefusing: 1 });
    expect(refusals.refusedCount).toBe(1);
  });
});
