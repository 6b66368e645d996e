import { expect, test } from 'vitest';
import { codeFeatures } from './code-features.ts';
import type { ScriptCoverage } from './module-coverage.ts';

/** A script of one function, whose blocks begin at these offsets and ran so often. */
function script(url: string, ...blocks: readonly (readonly [number, number])[]): ScriptCoverage {
  const ranges = blocks.map(([startOffset, count]) => ({ startOffset, endOffset: 99, count }));
  return { scriptId: '1', url, functions: [{ functionName: 'f', ranges, isBlockCoverage: true }] };
}

test('what ran of a function is a number, whatever the counts', () => {
  const [once] = codeFeatures([script('a', [0, 1], [10, 1], [20, 0])]);
  expect(codeFeatures([script('a', [0, 7], [10, 3], [20, 0])])).toEqual([once]);
});

test('another way through it, another function and another script are others', () => {
  const scripts = [
    script('a', [0, 1], [10, 1], [20, 0]),
    script('a', [0, 1], [10, 0], [20, 1]),
    script('a', [5, 1]),
    script('b', [5, 1]),
  ];
  expect(new Set(codeFeatures(scripts)).size).toBe(4);
});

test('a function that did not run is none', () => {
  expect(codeFeatures([script('a', [0, 0])])).toEqual([]);
});
