import { expect, test } from 'vitest';
import { Runner } from './runner.ts';
import { ops, toyTarget } from './toy-target.test-helper.ts';

test('a reset fills the guards anew', () => {
  const toy = toyTarget((whole) => ({
    reset() {
      whole.memory!.storeByte(0x0fc9, 0);
      whole.reset();
    },
  }));
  const runner = new Runner(toy);
  expect([runner.run(ops('b0 = malloc 8')), runner.run(ops('b0 = malloc 8'))]).toEqual([
    undefined,
    undefined,
  ]);
  expect(runner.asked.get('guards-stay-untouched')).toBeGreaterThan(1);
});

test('guards are not asked of a target without memory', () => {
  const runner = new Runner(toyTarget(() => ({ memory: undefined })));
  expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
  expect(runner.asked.get('guards-stay-untouched')).toBe(0);
});
