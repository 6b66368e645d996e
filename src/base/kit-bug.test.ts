import { expect, test } from 'vitest';
import { assert, KitBug, unreachable } from './kit-bug.ts';

/** A call that no type allows. */
function reachWith(value: string): () => void {
  return () => Reflect.apply(unreachable, undefined, [value]);
}

test('a belief that holds passes in silence', () => {
  expect(() => assert(true, 'one is one')).not.toThrow();
});

test('a belief that is wrong is a bug of ours, and the belief is the message', () => {
  expect(() => assert(false, 'one is two')).toThrow(new KitBug('one is two'));
});

test('a case that was left out is named', () => {
  expect(reachWith('trim')).toThrow(KitBug);
  expect(reachWith('trim')).toThrow(/^no case is left for .*trim/);
});

test('a bug of ours is told apart by its name', () => {
  expect(new KitBug('').name).toBe('KitBug');
});
