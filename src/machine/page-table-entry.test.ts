import { expect, test } from 'vitest';
import {
  ACCESSED,
  DIRTY,
  encodeEntry,
  frameOf,
  LARGE,
  PRESENT,
  RESERVED,
  RIGHTS,
} from './page-table-entry.ts';

// Source: Intel SDM, volume 3, "Paging": a page that is present, writable, for users, accessed and dirty ends in 0x67.
test('an entry has its bits where x86 has them', () => {
  expect(encodeEntry(0x1234, PRESENT | RIGHTS | ACCESSED | DIRTY)).toBe(0x123_4067);
  expect(LARGE).toBe(0x80);
});

test('an entry gives back its frame, up to the highest', () => {
  for (const frame of [0, 1, 0x7_ffff, 0x8_0000, 0xf_ffff]) {
    expect(frameOf(encodeEntry(frame, PRESENT | RIGHTS))).toBe(frame);
  }
});

test('the bits of an entry and the reserved ones do not meet, and fill the low 12', () => {
  const bits = PRESENT | RIGHTS | ACCESSED | DIRTY | LARGE;
  expect(bits & RESERVED).toBe(0);
  expect(bits | RESERVED).toBe(0xfff);
});
