import { describe, expect, test } from 'vitest';
import { UsageError } from '../base/usage-error.ts';
import {
  completeOptions,
  DEFAULT_OPTIONS,
  type HeapOptions,
  PRESETS,
  wordSize,
} from './options.ts';

describe('options', () => {
  test('that are left out are those of the default preset', () => {
    expect(completeOptions({})).toEqual(DEFAULT_OPTIONS);
    expect(completeOptions({ growthUnit: 1 })).toEqual({ ...DEFAULT_OPTIONS, growthUnit: 1 });
  });

  test.each(Object.entries(PRESETS))('of the preset %s go together', (_, preset) => {
    expect(completeOptions(preset)).toEqual(preset);
  });

  test.each<[Partial<HeapOptions>, string]>([
    [{ alignment: 24 }, 'heap: alignment is 24; pass a power of two from 8 to 4096.'],
    [{ alignment: 4 }, 'heap: alignment is 4; pass a power of two from 8 to 4096.'],
    [{ alignment: 8192 }, 'heap: alignment is 8192; pass a power of two from 8 to 4096.'],
    [{ header: 4, alignment: 2 }, 'heap: alignment is 2; pass a power of two from 4 to 4096.'],
    [{ header: 4, alignment: 4 }, 'heap: alignment is 4; pass 8 or more with boundary tags,'],
    [{ tags: 'none' }, "heap: list is bins; pass 'lifo' or 'address', or keep bins with"],
    [{ links: 'single' }, "heap: list is bins; pass 'lifo' or 'address', or keep bins with"],
    [{ fit: 'best' }, "heap: list is bins; pass 'lifo' or 'address', or keep bins with"],
    [
      { list: 'address-indexed', fit: 'next' },
      "heap: fit is next; pass 'first', which is what the index searches for.",
    ],
    [{ growthUnit: 0 }, 'heap: growthUnit is 0; pass a number of bytes above 0.'],
    [{ growthUnit: NaN }, 'heap: growthUnit is NaN; pass a number of bytes above 0.'],
    [{ bigThreshold: 0 }, 'heap: bigThreshold is 0; pass a number of bytes above 0, or Infinity'],
  ])('%j do not go together', (options, message) => {
    expect(() => completeOptions(options)).toThrow(UsageError);
    expect(() => completeOptions(options)).toThrow(message);
  });

  test.each<Partial<HeapOptions>>([
    { header: 4, alignment: 8 },
    { header: 4, alignment: 4, tags: 'none', list: 'lifo' },
    { header: 16, alignment: 4096 },
    { list: 'address', fit: 'worst', links: 'single' },
    { list: 'address-indexed', tags: 'none', links: 'single' },
    { bigThreshold: Infinity },
  ])('%j go together', (options) => {
    expect(completeOptions(options)).toMatchObject(options);
  });

  test.each([
    [4, 4],
    [8, 8],
    [16, 8],
  ] as const)('with a header of %d bytes a size has %d', (header, word) => {
    expect(wordSize(header)).toBe(word);
  });
});
