import { expect, test } from 'vitest';
import { printOp } from '../program/text.ts';
import { freesAfter, slotsEndOf } from './slots-freed.ts';
import { ops } from './toy-target.test-helper.ts';

test.each([
  ['', []],
  ['free null', []],
  ['a3 = map 4096', []],
  ['b2 = malloc 8; free b0', ['free b0', 'free b1', 'free b2']],
])('after %j, what may be live is freed by rising slot', (text, frees) => {
  expect(freesAfter(ops(text)).map(printOp)).toEqual(frees);
  expect(slotsEndOf(ops(text))).toBe(frees.length);
});
