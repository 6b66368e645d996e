import { expect, test } from 'vitest';
import { encodeAnswer, putRequest, readRequest, wholeAt } from './protocol.ts';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer);
}

test('a request lies in its bytes as the drawing says', () => {
  const bytes = new Uint8Array(48).fill(0xee);
  putRequest(viewOf(bytes), 8, 5, 3, 2 ** 40 + 1, 2n ** 64n - 2n, 1);
  const hex = (from: number, to: number): string =>
    Buffer.from(bytes.subarray(from, to)).toString('hex');
  expect(hex(0, 8)).toBe('eeeeeeeeeeeeeeee');
  expect(hex(8, 16)).toBe('0500000000000000');
  expect(hex(16, 24)).toBe('0300000000000000');
  expect(hex(24, 32)).toBe('0100000000010000');
  expect(hex(32, 40)).toBe('feffffffffffffff');
  expect(hex(40, 48)).toBe('000000000000f03f');
});

test.each([
  [0, 0n],
  [2 ** 32 - 1, 2n ** 32n - 1n],
  [2 ** 32, 2n ** 32n],
  [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
  [2n ** 53n + 1n, 2n ** 53n + 1n],
])('reading a request undoes writing the size %s', (size, expected) => {
  const view = viewOf(new Uint8Array(40));
  putRequest(view, 0, 3, size, 0, 0, -0.5);
  expect(readRequest(view, 0)).toEqual({ kind: 3, a: expected, b: 0n, c: 0n, word: -0.5 });
});

test('an answer lies in its bytes as the drawing says', () => {
  const answer = { kind: 3, detail: 258, value: -1, start: 16, end: 2 ** 47, footprint: 5 };
  expect(Buffer.from(encodeAnswer(answer)).toString('hex')).toBe(
    '0300000002010000ffffffffffffffff100000000000000000000000008000000500000000000000',
  );
});

test.each([
  [-1, -1],
  [0, 0],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2 ** 47 + 3, 2 ** 47 + 3],
  [2n ** 64n - 2n, 2 ** 64],
  [2 ** 64, -1],
])('the value %s of an answer reads as %s', (value, expected) => {
  expect(wholeAt(viewOf(encodeAnswer({ kind: 3, value })), 8)).toBe(expected);
});
