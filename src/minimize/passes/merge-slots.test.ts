import { describe, expect, test } from 'vitest';
import { slotsOf } from '../../program/program.ts';
import { mergeSlots } from './merge-slots.ts';
import { offers, shrunk } from './offers.test-helper.ts';

describe('what is offered', () => {
  test.each([
    ['', []],
    ['free null', []],
    ['b0 = malloc 8; free b0', []],
    ['b7 = malloc 8; free b7', ['b0 = malloc 8; free b0']],
    ['b0 = malloc 8; b1 = malloc 9', ['b0 = malloc 8; b0 = malloc 9']],
    [
      'b1 = malloc 8; b0 = malloc 9',
      ['b1 = malloc 8; b1 = malloc 9', 'b0 = malloc 8; b1 = malloc 9'],
    ],
    [
      'b0 = malloc 1; b1 = malloc 2; b2 = realloc b1 3',
      [
        'b0 = malloc 1; b1 = malloc 2; b0 = realloc b1 3',
        'b0 = malloc 1; b1 = malloc 2; b1 = realloc b1 3',
        'b0 = malloc 1; b0 = malloc 2; b2 = realloc b0 3',
      ],
    ],
    [
      's0 = semaphore 1; q0 = queue 1; a0 = map 8; down s1',
      ['s0 = semaphore 1; q0 = queue 1; a0 = map 8; down s0'],
    ],
    [
      't2 = spawn thread; t2: yield; join t0',
      ['t2 = spawn thread; t2: yield; join t2', 't1 = spawn thread; t1: yield; join t2'],
    ],
    ['t1 = spawn thread; t2: yield', ['t1 = spawn thread; t1: yield']],
  ])('for %j', (text, offered) => {
    expect(text === '' ? mergeSlots([], () => true) : offers(mergeSlots, text)).toEqual(offered);
  });
});

const three = (text: string): string =>
  shrunk(mergeSlots, text, (program) => new Set(program.flatMap((op) => slotsOf(op))).size === 3);

const seven = (text: string): string =>
  shrunk(mergeSlots, text, (program) => program.some((op) => slotsOf(op)[0] === 'b7'));

describe('what is left', () => {
  test('has one slot where one is enough', () => {
    const text = 'b3 = malloc 8; free b3; b5 = malloc 8; b9 = realloc b5 9; double-free b3';
    expect(shrunk(mergeSlots, text, () => true)).toBe(
      'b0 = malloc 8; free b0; b0 = malloc 8; b0 = realloc b0 9; double-free b0',
    );
  });

  test('has slots numbered by first use where each is needed', () => {
    expect(three('b9 = malloc 1; b2 = malloc 2; b4 = malloc 3; free b2')).toBe(
      'b0 = malloc 1; b1 = malloc 2; b2 = malloc 3; free b1',
    );
  });

  test('keeps a slot that the bug needs by its number', () => {
    expect(seven('b7 = malloc 1; b8 = malloc 2')).toBe('b7 = malloc 1; b7 = malloc 2');
  });
});
