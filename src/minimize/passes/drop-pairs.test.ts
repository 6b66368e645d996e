import { expect, test } from 'vitest';
import type { Program } from '../../program/program.ts';
import { dropPairs } from './drop-pairs.ts';
import { line, offers, ops, shrunk } from './offers.test-helper.ts';

const LETTERS = 'b0 = malloc 0; b1 = malloc 1; b2 = malloc 2; free b0';

/** A program of so many ops. */
function nullFrees(count: number): string {
  return Array.from({ length: count }, () => 'free null').join('; ');
}

test('what is offered is the program without any two ops, from the back', () => {
  expect(offers(dropPairs, LETTERS)).toEqual([
    'b0 = malloc 0; b1 = malloc 1',
    'b0 = malloc 0; b2 = malloc 2',
    'b1 = malloc 1; b2 = malloc 2',
    'b0 = malloc 0; free b0',
    'b1 = malloc 1; free b0',
    'b2 = malloc 2; free b0',
  ]);
});

test('programs of more than 24 ops have too many pairs', () => {
  expect(offers(dropPairs, nullFrees(24))).toHaveLength((24 * 23) / 2);
  expect(offers(dropPairs, nullFrees(25))).toEqual([]);
});

/** True for an even number of ops with a malloc of one byte. */
const even = (program: Program): boolean =>
  program.length % 2 === 0 && program.some((op) => op.kind === 'malloc' && op.size === 1);

test('what is left has no two ops that only go together', () => {
  expect(shrunk(dropPairs, `${LETTERS}; free b1; free b2`, even)).toBe(
    'b0 = malloc 0; b1 = malloc 1',
  );
  expect(shrunk(dropPairs, LETTERS, () => false)).toBe(line(ops(LETTERS)));
});
