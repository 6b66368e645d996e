import { expect, test } from 'vitest';
import { ProcessSketch } from './process-sketch.ts';

const PAGE = 64;

/** A process with two pages, of which the second may only be read, one page behind its break, and a block. */
function sketch(): ProcessSketch {
  const process = new ProcessSketch(PAGE);
  process.map(0, 2 * PAGE - 1, 'read-write');
  process.change(0, PAGE, PAGE, 'read');
  process.moveBreak(8);
  process.blocks.set(1, 24);
  return process;
}

test.each([
  ['load', 0, 0, 8, true],
  ['load', 0, PAGE - 4, 8, true],
  ['store', 0, PAGE - 8, 8, true],
  ['store', 0, PAGE - 4, 8, false],
  ['load', 0, 2 * PAGE - 8, 8, true],
  ['load', 0, 2 * PAGE - 4, 8, false],
  ['load', 1, 0, 1, false],
  ['store', 'brk', PAGE - 8, 8, true],
  ['store', 'brk', PAGE, 1, false],
  ['load', 'b1', 16, 8, true],
  ['load', 'b1', 17, 8, false],
  ['load', 'b0', 0, 1, false],
] as const)('a %s at base %s, offset %i, of %i bytes: %s', (kind, base, offset, size, allowed) => {
  expect(sketch().allows(kind, { base, offset }, size)).toBe(allowed);
});

test('what was unmapped is not mapped, and may not be accessed', () => {
  const process = sketch();
  expect([process.isMapped(0, 0, 2 * PAGE), process.isMapped(1, 0, PAGE)]).toEqual([true, false]);
  expect(process.isMapped(0, PAGE, 2 * PAGE)).toBe(false);
  process.change(0, 0, PAGE, 'gone');
  process.change(7, 0, PAGE, 'gone');
  process.moveBreak(-100);
  expect([process.isMapped(0, 0, PAGE), process.isMapped(0, PAGE, PAGE)]).toEqual([false, true]);
  expect([...process.pagesFor('load')]).toEqual([{ base: 0, offset: PAGE }]);
  expect([...process.pagesFor('store')]).toEqual([]);
});
