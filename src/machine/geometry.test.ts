import { describe, expect, test } from 'vitest';
import { GIB, KIB, MIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import { checkGeometry, PRESETS, spansOf, type Geometry } from './geometry.ts';

describe('a preset', () => {
  test.each(Object.entries(PRESETS))('%s is a geometry that a machine can have', (_, geometry) => {
    expect(() => checkGeometry(geometry)).not.toThrow();
  });

  // Source: Intel SDM, volume 3, "Paging": what an entry of each structure controls.
  test.each([
    ['x86-64', [512 * GIB, GIB, 2 * MIB, 4 * KIB]],
    ['x86-32', [4 * MIB, 4 * KIB]],
    ['toy', [KIB, 64]],
  ] as const)('%s has levels whose entries cover what the manual says', (name, spans) => {
    expect(spansOf(PRESETS[name])).toEqual(spans);
  });

  test('toy has 16 KiB in all', () => {
    expect(PRESETS.toy.addressLimit).toBe(16 * KIB);
  });
});

test('pages may have 64 KiB, and the root leaves', () => {
  const geometry: Geometry = {
    pageSize: 64 * KIB,
    levelBits: [13, 13],
    entrySize: 8,
    largeLevels: [0],
    addressLimit: 4 * GIB,
  };
  expect(() => checkGeometry(geometry)).not.toThrow();
  expect(spansOf(geometry)).toEqual([512 * MIB, 64 * KIB]);
});

describe('a geometry is refused', () => {
  const refusals: readonly (readonly [why: string, change: Partial<Geometry>, argument: string])[] =
    [
      ['with pages of 48 bytes', { pageSize: 48 }, 'pageSize'],
      ['with pages of 32 bytes', { pageSize: 32 }, 'pageSize'],
      ['with pages of 128 KiB', { pageSize: 128 * KIB }, 'pageSize'],
      ['without levels', { levelBits: [] }, 'levelBits'],
      ['with a table of half a page', { levelBits: [4, 3] }, 'levelBits'],
      ['with a large page in its last level', { largeLevels: [1] }, 'largeLevels'],
      ['with a large page above its root', { largeLevels: [-1] }, 'largeLevels'],
      ['with a level between two', { largeLevels: [0.5] }, 'largeLevels'],
      ['without addresses', { addressLimit: 0 }, 'addressLimit'],
      ['with addresses that its tables do not reach', { addressLimit: 32 * KIB }, 'addressLimit'],
      ['with part of a page', { addressLimit: 100 }, 'addressLimit'],
    ];

  test.each(refusals)('%s', (_, change, argument) => {
    const check = (): void => checkGeometry({ ...PRESETS.toy, ...change });
    expect(check).toThrow(UsageError);
    expect(check).toThrow(`${argument}: got`);
  });
});
