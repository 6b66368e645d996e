import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { bugOf, type Finding, formatAnswer, formatCall, sameBug } from './finding.ts';
import { ops, untyped } from './toy-target.test-helper.ts';

describe('an op as a call', () => {
  test.each([
    ['b0 = malloc 24', 'malloc(24)'],
    ['b0 = calloc 3 18446744073709551615', 'calloc(3, 18446744073709551615)'],
    ['b0 = aligned 64 100', 'aligned(64, 100)'],
    ['b1 = realloc b0 40', 'realloc(b0, 40)'],
    ['b1 = realloc null 40', 'realloc(null, 40)'],
    ['free b7', 'free(b7)'],
    ['free null', 'free(null)'],
    ['double-free b7', 'free(b7) a second time'],
    ['free-inside b7 8', 'free(b7 + 8)'],
    ['load a0 0 1', 'load a0 0 1'],
    ['yield', 'yield'],
  ])('%s reads %s', (text, call) => {
    expect(formatCall(ops(text)[0]!)).toBe(call);
  });

  test('of no kind is a bug of ours', () => {
    expect(() => formatCall(untyped({ kind: 'trim' }))).toThrow(KitBug);
  });
});

test('an answer is an address or null', () => {
  expect([formatAnswer(0x1010), formatAnswer(0), formatAnswer(null)]).toEqual([
    '0x0000_1010',
    '0x0000_0000',
    'null',
  ]);
});

test('findings are the same bug by law and kind of op, whatever their numbers', () => {
  const finding: Finding = {
    law: 'calls-return',
    target: 'toy',
    step: 0,
    op: 'malloc',
    observed: '',
    expected: '',
  };
  expect(sameBug(finding, { ...finding, step: 7, observed: 'other', target: 'b' })).toBe(true);
  expect(sameBug(finding, { ...finding, op: 'calloc' })).toBe(false);
  expect(sameBug(finding, { ...finding, law: 'malloc-aligns' })).toBe(false);
  const crash = { ...finding, law: 'calls-return', crash: 'TypeError at split, malloc' };
  expect(sameBug(crash, { ...crash, observed: 'else' })).toBe(true);
  expect(sameBug(crash, { ...crash, crash: 'TypeError at merge, malloc' })).toBe(false);
  expect([bugOf(finding), bugOf(crash)]).toEqual([
    'calls-return malloc',
    'calls-return malloc TypeError at split, malloc',
  ]);
});
