import { describe, expect, test } from 'vitest';
import { Runner } from './runner.ts';
import { type Override, ops, toyTarget } from './toy-target.test-helper.ts';

/** Of a toy that promises to free; on null it does. */
const answering =
  (answer: number | null): Override =>
  (toy) => ({
    promises: { ...toy.promises, reallocZero: 'frees' },
    realloc(address, size) {
      if (size === 0 && answer === null) toy.free(address);
      return size === 0 ? answer : toy.realloc(address, size);
    },
  });

describe('realloc-zero-keeps-promise', () => {
  const program = ops('b0 = malloc 24; b1 = realloc b0 0; b0 = malloc 8');

  test('finds a block where null is promised', () => {
    expect(new Runner(toyTarget(answering(0x1100))).run(program)).toMatchObject({
      law: 'realloc-zero-keeps-promise',
      step: 1,
      observed: 'realloc(b0, 0) returned 0x0000_1100',
      expected: 'null, and the block freed',
    });
  });

  test('is asked of each realloc to 0 bytes, and holds where null comes', () => {
    const runner = new Runner(toyTarget(answering(null)));
    expect(runner.run(program)).toBeUndefined();
    expect(runner.asked.get('realloc-zero-keeps-promise')).toBe(1);
  });
});
