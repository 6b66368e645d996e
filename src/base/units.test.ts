import { expect, test } from 'vitest';
import { formatAddress, GIB, KIB, MIB, SIZE_MAX, sizeOf, sizeProduct } from './units.ts';

test('units are powers of 1024', () => {
  expect([KIB, MIB, GIB]).toEqual([2 ** 10, 2 ** 20, 2 ** 30]);
});

test.each([
  [0n, 0],
  [2n ** 53n - 1n, 2 ** 53 - 1],
  [2n ** 53n, 2n ** 53n],
  [2n ** 64n - 1n, SIZE_MAX],
])('the size %d has one form', (value, size) => {
  expect(sizeOf(value)).toBe(size);
});

test.each([
  [0, 0, 0],
  [3, 8, 24],
  [0, SIZE_MAX, 0],
  [1, 2 ** 53 - 1, 2 ** 53 - 1],
  [2 ** 26, 2 ** 27, 2n ** 53n],
  [94_906_267, 94_906_267, 94_906_267n ** 2n],
  [2n ** 53n + 1n, 1, 2n ** 53n + 1n],
  [2 ** 32, 2 ** 32, 2n ** 64n],
  [SIZE_MAX, SIZE_MAX, (2n ** 64n - 1n) ** 2n],
])('%d times %d is exactly %d', (count, size, product) => {
  expect(sizeProduct(count, size)).toBe(product);
});

test.each([
  [0, '0x0000_0000'],
  [0x1010, '0x0000_1010'],
  [2 ** 32 - 1, '0xffff_ffff'],
  [2 ** 32, '0x0001_0000_0000'],
  [2 ** 48 - 1, '0xffff_ffff_ffff'],
  [2 ** 48, '0x0001_0000_0000_0000'],
])('address %d shows as %s', (address, text) => {
  expect(formatAddress(address)).toBe(text);
});
