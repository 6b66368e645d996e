import { expect, test } from 'vitest';
import { HalfWords } from './arena.ts';
import { FlatArena } from './flat-arena.ts';

test('a half word is 4 bytes, and its neighbours are left alone', () => {
  const arena = new FlatArena({ mapSize: 4096, brkSize: 4096 });
  const words = new HalfWords(arena);
  const start = arena.bounds.start;
  arena.store(start, 2 ** 52 + 1);
  words.store(start + 4, 2 ** 32 - 1);
  expect(words.load(start + 4)).toBe(2 ** 32 - 1);
  expect(words.load(start)).toBe(1);
  expect(words.load(start + 8)).toBe(0);
});
