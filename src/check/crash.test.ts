import { describe, expect, test } from 'vitest';
import { crashSite } from './crash.ts';
import { Runner } from './runner.ts';
import { ops, toyTarget, untyped } from './toy-target.test-helper.ts';

/** What this throws. */
function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}

const view = new DataView(new ArrayBuffer(8));
const heap = {
  malloc: (offset: number) => heap.split(offset),
  split: (offset: number) => view.getUint32(offset),
};

function trim(): never {
  throw new RangeError('no such block');
}

describe('the site of a crash', () => {
  test('is what was thrown, and the two innermost functions', () => {
    expect(crashSite(thrownBy(() => heap.malloc(9)))).toBe(
      'RangeError at DataView.getUint32, Object.split',
    );
  });

  test('does not depend on numbers', () => {
    const sites = [9, 1000, -1].map((offset) => crashSite(thrownBy(() => heap.malloc(offset))));
    expect(new Set(sites).size).toBe(1);
  });

  test('of nameless functions says so', () => {
    const error = new TypeError('b0 is not a function');
    error.stack =
      'TypeError: b0\n    at file:///my (old) heap.js:3:7\n    at async free (file:///heap.js:9:1)';
    expect(crashSite(error)).toBe('TypeError at nameless, free');
  });

  test('without a stack is what was thrown', () => {
    const error = new TypeError('b0');
    error.stack = undefined as unknown as string;
    expect(crashSite(error)).toBe('TypeError');
    error.stack = '';
    expect(crashSite(error)).toBe('TypeError');
    expect(crashSite('no')).toBe('string');
  });

  test('that a run comes to has nothing of whoever called the target', () => {
    const freeing = new Runner(toyTarget(() => ({ free: () => trim() })));
    expect(freeing.run(ops('b0 = malloc 8; free b0'))?.crash).toBe(
      'RangeError at trim, Object.free',
    );
    const asking = new Runner(toyTarget(() => ({ malloc: trim })));
    expect(asking.run(ops('b0 = malloc 8'))?.crash).toBe('RangeError at Object.trim');
    const lacking = new Runner(toyTarget(() => ({ malloc: untyped('no function') })));
    expect(lacking.run(ops('b0 = malloc 8'))?.crash).toBe('TypeError');
  });
});
