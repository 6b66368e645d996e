import { expect, test } from 'vitest';
import { encloses, formatRange, overlaps } from './range.ts';

function range(text: string): { start: number; end: number } {
  const [start, end] = text.split('-').map(Number);
  return { start: start!, end: end! };
}

test.each([
  ['0-8', '8-16', 'apart', 'outside'],
  ['8-16', '0-8', 'apart', 'outside'],
  ['0-8', '9-16', 'apart', 'outside'],
  ['0-9', '8-16', 'overlap', 'outside'],
  ['8-16', '0-9', 'overlap', 'outside'],
  ['0-16', '4-8', 'overlap', 'inside'],
  ['0-16', '0-16', 'overlap', 'inside'],
  ['4-8', '0-16', 'overlap', 'outside'],
])('of [%s) the range [%s) lies %s and %s', (a, b, shared, place) => {
  expect(overlaps(range(a), range(b))).toBe(shared === 'overlap');
  expect(encloses(range(a), range(b))).toBe(place === 'inside');
});

test('a range shows both ends, half-open', () => {
  expect(formatRange({ start: 0x1020, end: 0x1038 })).toBe('[0x0000_1020, 0x0000_1038)');
});
