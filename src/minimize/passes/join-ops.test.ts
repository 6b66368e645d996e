import { describe, expect, test } from 'vitest';
import { joinOps } from './join-ops.ts';
import { offers, shrunk } from './offers.test-helper.ts';

describe('what is offered', () => {
  test.each([
    ['b0 = malloc 8; b1 = malloc 8', []],
    ['load a0 0 1; load a0 8 1', ['touch a0 0 9', 'touch a0 0 9']],
    ['a0 = map 1; store a0 0 1; touch brk 0 1', []],
    ['unmap a0 0 1; unmap a0 4096 1', ['unmap a0 0 4097', 'unmap a0 0 4097']],
    ['unmap a0 0 1; load a0 4096 1', []],
    ['brk 1; brk -3', ['brk -2', 'brk -2']],
    ['store a0 8 4; touch a0 1 8', ['touch a0 1 11', 'touch a0 1 11']],
    [
      'store a0 8 4; load brk 0 1; store a0 0 8',
      ['touch a0 0 12; load brk 0 1', 'load brk 0 1; touch a0 0 12'],
    ],
    ['a0 = map 1; a1 = map-at a0 8192 9 read; unmap a1 1 1', ['a0 = map 8201; unmap a0 8193 1']],
    ['a0 = map 9000 read; a1 = map-at a0 0 1', ['a0 = map 9000 read']],
    [
      'a0 = map 1; a0 = map 4097; load a0 2 1; load brk 2 1',
      ['a0 = map 8193; load a0 4098 1; load brk 2 1', 'a0 = map 4161; load a0 66 1; load brk 2 1'],
    ],
    [
      'a1 = map-at brk 0 4096; a0 = map-at brk 4096 1; touch a1 0 1',
      ['a1 = map-at brk 0 4097; touch a1 0 1', 'a1 = map-at brk 0 4097; touch a1 0 1'],
    ],
    [
      'a0 = map 1; a1 = map-at a0 4096 1; a0 = map-at a0 8192 1; load a1 0 1; load a0 0 1',
      [
        'a0 = map 1; a1 = map-at a0 4096 4097; load a1 0 1; load a1 4096 1',
        'a0 = map 1; a1 = map-at a0 4096 65; load a1 0 1; load a1 64 1',
        'a0 = map 8193; a1 = map-at a0 4096 1; load a1 0 1; load a0 8192 1',
        'a0 = map 4097; a2 = map-at a0 8192 1; load a0 4096 1; load a2 0 1',
      ],
    ],
  ])('for %j', (text, offered) => {
    expect(offers(joinOps, text)).toEqual(offered);
  });

  test('for no ops is nothing', () => {
    expect(joinOps([], () => true)).toEqual([]);
  });
});

test('what can be joined is one op for each kind', () => {
  const text =
    'a0 = map 4096; a1 = map 4096; brk 1; store a0 0 1; store a1 0 8; brk 2; touch a1 4000 96; a2 = map 1';
  expect(shrunk(joinOps, text, () => true)).toBe('a0 = map 8193; brk 3; touch a0 0 8192');
});
