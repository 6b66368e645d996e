import { expect, test } from 'vitest';
import { PRESETS } from './geometry.ts';
import { encodeEntry, LARGE, PRESENT } from './page-table-entry.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { TableLayout } from './table-layout.ts';

test.each([
  ['x86-64', 1],
  ['x86-32', 0],
] as const)('on %s an entry is written whole, and no other', (name, upperHalves) => {
  const geometry = PRESETS[name];
  const memory = new PhysicalMemory({ frameSize: geometry.pageSize, framesCount: 2 });
  const layout = new TableLayout(geometry, memory);
  for (let at = 0; at < geometry.pageSize; at += 4) memory.store32(at, 0xffff_ffff);
  const at = layout.entryAt(0, 3);
  layout.write(at, 0x1003);
  expect(layout.read(at)).toBe(0x1003);
  const written = Array.from({ length: 12 }, (_, word) => memory.load32(word * 4) !== 0xffff_ffff);
  expect(written.filter(Boolean)).toHaveLength(1 + upperHalves);
});

test.each([
  ['the last frame', 3, encodeEntry(1023, PRESENT), true],
  ['a frame behind it', 3, encodeEntry(1024, PRESENT), false],
  ['the last large page', 2, encodeEntry(512, PRESENT | LARGE), true],
  ['a large page behind it', 2, encodeEntry(1024, PRESENT | LARGE), false],
  ['a table in the last frame', 2, encodeEntry(1023, PRESENT), true],
  ['a large page in the last level', 3, encodeEntry(512, PRESENT | LARGE), false],
] as const)('an entry that names %s at level %d (%d) is sound: %s', (_, level, entry, isSound) => {
  const memory = new PhysicalMemory({ frameSize: 4096, framesCount: 1024 });
  expect(new TableLayout(PRESETS['x86-64'], memory).isSound(entry, level)).toBe(isSound);
});
