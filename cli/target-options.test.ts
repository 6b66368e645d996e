import { describe, expect, test } from 'vitest';
import { UsageError } from '../src/base/usage-error.ts';
import {
  parsePromises,
  parseSymbols,
  printTargetOptions,
  targetOptionsOf,
} from './target-options.ts';

test('symbols are pairs', () => {
  expect(parseSymbols('malloc=heap.alloc,free=_free')).toEqual({
    malloc: 'heap.alloc',
    free: '_free',
  });
});

test('promises are read by their kind', () => {
  const text =
    'alignment=16,sizeMax=18446744073709551615,zeroSize=null,reallocZero=frees,doubleFree=refused,recovers=0,repeats=true';
  expect(parsePromises(text)).toEqual({
    alignment: 16,
    sizeMax: 2n ** 64n - 1n,
    zeroSize: 'null',
    reallocZero: 'frees',
    doubleFree: 'refused',
    recovers: 0,
    repeats: true,
  });
  expect(parsePromises('sizeMax=4294967295')).toEqual({ sizeMax: 0xffff_ffff });
});

test('what is printed reads back as the same', () => {
  const symbols = { malloc: 'a', free: 'b' };
  const promise = parsePromises('alignment=8,sizeMax=18446744073709551615,slack=24');
  const printed = printTargetOptions({ symbols, promise, memoryMax: 65536 });
  expect(printed).toBe(
    ' --symbols malloc=a,free=b --promise alignment=8,sizeMax=18446744073709551615,slack=24 --memory-max 65536',
  );
  const [, , symbolsText = '', , promiseText = ''] = printed.split(' ');
  expect([parseSymbols(symbolsText), parsePromises(promiseText)]).toEqual([symbols, promise]);
});

test('of no options nothing is printed, and of others those of a target are kept', () => {
  expect(printTargetOptions({})).toBe('');
  const options = { memoryMax: 1, runs: 5, symbols: { malloc: 'a' } };
  expect(targetOptionsOf(options)).toEqual({ memoryMax: 1, symbols: { malloc: 'a' } });
});

describe('is refused', () => {
  test.each([
    ['align=8', "nothing is called 'align'; pass some of alignment, sizeMax, zeroSize"],
    ['alignment=24', "alignment cannot be '24'; pass a power of two."],
    ['alignment', "'alignment' is no NAME=VALUE; pass such with commas between"],
    ['sizeMax=18446744073709551616', "sizeMax cannot be '18446744073709551616'; pass a size of"],
    ['zeroSize=0', "zeroSize cannot be '0'; pass 'block' or 'null' or 'either'."],
    ['slack=-1', "slack cannot be '-1'; pass a number of bytes."],
    ['repeats=yes', "repeats cannot be 'yes'; pass 'true'."],
  ])('--promise %s', (text, sentence) => {
    expect(() => parsePromises(text)).toThrow(UsageError);
    expect(() => parsePromises(text)).toThrow(`--promise: ${sentence}`);
  });

  test('--symbols malloc', () => {
    expect(() => parseSymbols('malloc')).toThrow(
      "--symbols: 'malloc' is no NAME=VALUE; pass such with commas between: --symbols malloc=my_alloc,free=my_free.",
    );
  });
});
