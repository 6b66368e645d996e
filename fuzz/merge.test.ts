import { expect, test } from 'vitest';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../src/program/text.ts';
import { objectTarget } from '../src/targets/object.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { mergePrograms } from './merge.ts';

function ops(text: string): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${text.replaceAll(';', '\n')}`, 'text.ops').program;
}

test('keeps the shorter of two programs that show the same', () => {
  const long = ops('b0 = malloc 20; b1 = malloc 20; free b0; free b1');
  const short = ops('b0 = malloc 24; b1 = malloc 24; free b0');
  expect(mergePrograms(referenceTarget(), [long, short, short])).toEqual([short, long]);
  expect(mergePrograms(referenceTarget(), [short, short])).toEqual([short]);
});

test('keeps all that show something of their own', () => {
  const all = ['b0 = malloc 8', 'b0 = calloc 1 8', 'b0 = malloc 100000', 'b0 = malloc 8; free b0'];
  const programs = all.map((text) => ops(text));
  expect(mergePrograms(referenceTarget(), programs.toReversed())).toHaveLength(4);
});

test('keeps one program for each law and kind of op that it breaks', () => {
  const makeTarget = objectTarget('stubborn', () => ({ malloc: () => 64, free: () => false }));
  const broken = ops('b0 = malloc 8; free b0');
  const twice = ops('b0 = malloc 8; b1 = malloc 8');
  const again = ops('b1 = malloc 8; free b1');
  expect(mergePrograms(makeTarget, [broken, twice, again])).toEqual([broken, twice]);
});

test('knows what a machine shows', () => {
  const map = ops('a0 = map 4096');
  const fault = ops('a0 = map 4096; load a0 8192 1');
  expect(mergePrograms(machineTarget(), [fault, map, fault])).toEqual([map, fault]);
});
