import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseProgram } from '../program/text.ts';
import { addKept, readKept } from './kept-programs.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'kept-')), 'programs');
});

afterEach(() => {
  rmSync(join(folder, '..'), { recursive: true });
});

const programOf = (text: string) => parseProgram(`heapcheck program 1\n${text}\n`, 'a.ops').program;
const [ONE, TWO] = [programOf('b0 = malloc 24'), programOf('free null')];

test('a folder that is not there has none', () => {
  expect(readKept(folder)).toEqual([]);
});

test('what is added is read back, and added once', () => {
  expect(addKept(folder, [ONE, TWO, ONE])).toBe(2);
  expect(addKept(folder, [TWO])).toBe(0);
  const kept = readKept(folder);
  expect(kept.map(({ program }) => program)).toEqual(expect.arrayContaining([ONE, TWO]));
  expect(kept).toHaveLength(2);
  expect(readFileSync(kept[0]!.file, 'utf8')).toMatch(/^heapcheck program 1\n/);
});

test('a program by hand has any name, and one that does not parse is refused by file and line', () => {
  addKept(folder, [ONE]);
  writeFileSync(join(folder, 'by-hand.ops'), 'heapcheck program 1\nb0 = mallok 1\n');
  writeFileSync(join(folder, 'notes.md'), 'no program');
  expect(() => readKept(folder)).toThrow(
    `${join(folder, 'by-hand.ops')}:2: 'b0 = mallok 1' is no op`,
  );
});
