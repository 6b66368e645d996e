import { expect, test } from 'vitest';
import { UsageError, usageErrorAt } from './usage-error.ts';

test("the caller's error is told apart by its name", () => {
  expect(new UsageError('').name).toBe('UsageError');
});

test('an error about a line is one sentence that starts with the place', () => {
  const error = usageErrorAt({ file: 'a.ops', line: 3 }, "'b0 =' is no op", 'write b0 = malloc 24');
  expect(error).toEqual(new UsageError("a.ops:3: 'b0 =' is no op; write b0 = malloc 24."));
});
