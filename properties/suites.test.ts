import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LAWS } from '../src/check/law.ts';
import type { Target } from '../src/check/target.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { BrokenLaw, lawsNotAllowed, propertiesOf } from './suites.ts';

/** Hands out one address again and again. */
function stuck(): Target {
  return { name: 'stuck', promises: {}, malloc: () => 64, free: () => undefined };
}

test('each law has a property or is not allowed', () => {
  for (const makeTarget of [stuck, referenceTarget()]) {
    const allowed = propertiesOf(makeTarget).map(({ law }) => law);
    const notAllowed = lawsNotAllowed(makeTarget()).map(({ name }) => name);
    const all = [...allowed, ...notAllowed].toSorted();
    expect(all).toEqual(LAWS.map(({ name }) => name).toSorted());
  }
});

test('what a property throws has both numbers and the program, for any test runner', () => {
  const { property } = propertiesOf(stuck).find(({ law }) => law === 'blocks-stay-apart')!;
  const { errorInstance } = fc.check(property, { seed: 1 });
  expect(errorInstance).toBeInstanceOf(BrokenLaw);
  expect(String(errorInstance)).toBe(
    [
      'BrokenLaw: blocks-stay-apart broken by stuck at step 1 of 2',
      'observed   malloc(0) returned [0x0000_0040, 0x0000_0041), which overlaps b0 [0x0000_0040, 0x0000_0041)',
      'expected   a range that no live block uses',
      '',
      'heapcheck program 1',
      'b0 = malloc 0',
      'b1 = malloc 0',
      '',
    ].join('\n'),
  );
});
