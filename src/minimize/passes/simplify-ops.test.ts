import { describe, expect, test } from 'vitest';
import { offers, shrunk } from './offers.test-helper.ts';
import { simplifyOps } from './simplify-ops.ts';

/** True for a program whose first op is another thread's. */
const isOnThread = ([op]: readonly { thread?: number }[]): boolean => op?.thread === 1;

describe('what is offered', () => {
  test.each([
    ['b0 = malloc 24', []],
    ['free b0', []],
    ['free null', []],
    ['b0 = calloc 3 8', ['b0 = malloc 24', 'b0 = calloc 1 24']],
    ['b0 = calloc 1 8', ['b0 = malloc 8']],
    ['b0 = calloc 0 8', ['b0 = malloc 0']],
    ['b0 = calloc 4294967296 4294967296', []],
    ['b0 = calloc 1 18446744073709551615', ['b0 = malloc 18446744073709551615']],
    [
      'b0 = calloc 4294967295 4294967297',
      ['b0 = malloc 18446744073709551615', 'b0 = calloc 1 18446744073709551615'],
    ],
    ['b0 = aligned 64 8', ['b0 = malloc 8', 'b0 = aligned 32 8']],
    ['b0 = aligned 1 8', ['b0 = malloc 8']],
    ['b0 = realloc null 8', ['b0 = malloc 8']],
    ['b0 = realloc b0 8', ['free b0', 'b0 = malloc 8']],
    ['b1 = realloc b0 8', ['free b0', 'b1 = malloc 8', 'b0 = realloc b0 8']],
    ['double-free b0', ['free b0']],
    ['free-inside b0 8', ['free-inside b0 1']],
    ['free-inside b0 1', []],
    ['t1 = spawn thread', []],
    ['t1 = spawn process 512', ['t1 = spawn thread 512', 't1 = spawn process']],
    ['io 5', ['sleep 5']],
    ['sleep 5', ['yield']],
    ['s0 = semaphore 1 mesa', ['s0 = semaphore 1']],
    ['s0 = semaphore 1', []],
    ['policy mlfq', ['policy rr']],
    ['policy rr', []],
    ['yield', []],
    ['t1: yield', ['yield']],
    ['t2: io 5', ['io 5', 't2: sleep 5']],
    ['t1: b0 = calloc 3 8', ['b0 = calloc 3 8', 't1: b0 = malloc 24', 't1: b0 = calloc 1 24']],
  ])('for %j', (text, offered) => {
    expect(offers(simplifyOps, text)).toEqual(offered);
  });

  test('is one op at a time', () => {
    expect(offers(simplifyOps, 'b0 = calloc 1 8; double-free b0')).toEqual([
      'b0 = malloc 8; double-free b0',
      'b0 = calloc 1 8; free b0',
    ]);
  });

  test('leaves an op on its thread, where only that is offered which moves it', () => {
    expect(shrunk(simplifyOps, 't1: b0 = calloc 3 8', isOnThread)).toBe('t1: b0 = malloc 24');
  });

  test('for no ops is nothing', () => {
    expect(simplifyOps([], () => true)).toEqual([]);
  });
});

const kindsOf = (program: readonly { kind: string }[]): string =>
  program.map(({ kind }) => kind).join(' ');

test('the first simpler op that shows the bug is taken, for each op', () => {
  const text = 'b0 = aligned 64 8; b1 = calloc 3 8; b2 = realloc b1 9; free-inside b2 8';
  expect(shrunk(simplifyOps, text, () => true)).toBe(
    'b0 = malloc 8; b1 = malloc 24; free b1; free-inside b2 1',
  );
  const asBefore = 'aligned calloc realloc free-inside';
  expect(shrunk(simplifyOps, text, (program) => kindsOf(program) === asBefore)).toBe(
    'b0 = aligned 32 8; b1 = calloc 1 24; b1 = realloc b1 9; free-inside b2 1',
  );
});
