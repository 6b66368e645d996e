import { expect, test } from 'vitest';
import { assert, KitBug, unreachable } from './kit-bug.ts';

test('a belief that holds passes in silence', () => {
  expect(() => assert(true, 'one is one')).not.toThrow();
});

test('a belief that is wrong is a bug of ours, and the belief is the message', () => {
  expect(() => assert(false, 'one is two')).toThrow(new KitBug('one is two'));
});

test('a case that was left out is named', () => {
  expect(() => unreachable('trim' as never)).toThrow(KitBug);
  expect(() => unreachable('trim' as never)).toThrow(/^no case is left for .*trim/);
});

test('a bug of ours is told apart by its name', () => {
  expect(new KitBug('').name).toBe('KitBug');
});
