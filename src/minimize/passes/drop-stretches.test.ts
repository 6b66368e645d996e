import { expect, test } from 'vitest';
import type { Program } from '../../program/program.ts';
import { dropStretches } from './drop-stretches.ts';
import { offers, shrunk } from './offers.test-helper.ts';

/** So many blocks one after the other, each of which is freed before the next. */
function rounds(count: number): string {
  return Array.from({ length: count }, (_, slot) => `b${slot} = malloc 0; free b${slot}`).join(
    '; ',
  );
}

/** Whether the fourth free, the eighth and so on is the last op, and none comes without its block. */
function isFourth(program: Program): boolean {
  const live = new Set<number | null>();
  for (const op of program) {
    if (op.kind === 'malloc') live.add(op.slot);
    else if (op.kind !== 'free' || !live.delete(op.slot)) return false;
  }
  const freesCount = program.filter(({ kind }) => kind === 'free').length;
  return freesCount > 0 && freesCount % 4 === 0 && program.at(-1)!.kind === 'free';
}

test('what shows at each fourth event comes to show at an earlier one, down to a length that others shrink', () => {
  const left = shrunk(dropStretches, rounds(16), isFourth);
  expect(left.split('; ')).toHaveLength(8);
});

test('behind a stretch, slots are those of the blocks that are live before it', () => {
  const text = `b0 = malloc 0; b1 = malloc 0; free b0; ${rounds(12).replaceAll(/b(\d+)/g, 'b9$1')}; free b1`;
  const offered = offers(dropStretches, text);
  // The first block is freed in place of the second.
  expect(offered[0]).toBe('b0 = malloc 0; free b0');
  expect(offered).toContain('b0 = malloc 0; b1 = malloc 0; free b0; free b1');
});

test('a realloc moves a block to its slot, and one of null takes another', () => {
  const text = `b0 = malloc 0; b1 = realloc b0 8; ${rounds(12).replaceAll(/b(\d+)/g, 'b9$1')}; free b1`;
  expect(offers(dropStretches, text)).toContain('b0 = malloc 0; free b0');
  const null2 = `b2 = realloc null 8; ${rounds(12).replaceAll(/b(\d+)/g, 'b9$1')}; free b2`;
  expect(offers(dropStretches, null2)).toContain('b2 = realloc null 8; free b2');
});

test('programs of fewer than 25 ops, and those of other families, are left to other passes', () => {
  expect(offers(dropStretches, rounds(12))).toEqual([]);
  expect(offers(dropStretches, rounds(13))).not.toEqual([]);
  const pages = Array.from({ length: 13 }, () => 'a0 = map 1; unmap a0 0 1').join('; ');
  expect(offers(dropStretches, pages)).toEqual([]);
});

test('no more than 1,000 programs are tried', () => {
  expect(offers(dropStretches, rounds(60))).toHaveLength(1000);
});
