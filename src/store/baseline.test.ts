import { expect, test } from 'vitest';
import type { Finding } from '../check/finding.ts';
import { type Baseline, isKnown, parseBaseline, printBaseline, withFindings } from './baseline.ts';

const FINDING: Finding = {
  law: 'blocks-stay-apart',
  target: 'my-allocator',
  step: 2,
  op: 'malloc',
  observed: 'this',
  expected: 'that',
};

const ONE: Baseline = {
  known: [{ target: 'my-allocator', bug: 'blocks-stay-apart malloc', why: 'ticket 12' }],
};

const TEXT = `{
  "heapcheck": "baseline 1",
  "known": [
    {"target":"my-allocator","bug":"blocks-stay-apart malloc","why":"ticket 12"}
  ]
}
`;

test('a bug is known by target, law and kind of op, wherever it shows', () => {
  expect(isKnown(ONE, { ...FINDING, step: 9, observed: 'else' })).toBe(true);
  expect(isKnown(ONE, { ...FINDING, op: 'realloc' })).toBe(false);
  expect(isKnown(ONE, { ...FINDING, law: 'calls-return' })).toBe(false);
  expect(isKnown(ONE, { ...FINDING, target: 'other' })).toBe(false);
});

test('findings are added once, in order, and a reason stays', () => {
  const other = { ...FINDING, target: 'a' };
  const { known } = withFindings(ONE, [FINDING, other, other]);
  expect(known).toEqual([{ target: 'a', bug: 'blocks-stay-apart malloc' }, ...ONE.known]);
});

test('a baseline is printed as it is read, one bug a line', () => {
  expect(printBaseline(ONE)).toBe(TEXT);
  expect(parseBaseline(TEXT, 'b.json')).toEqual(ONE);
  const none = printBaseline({ known: [] });
  expect(parseBaseline(none, 'b.json')).toEqual({ known: [] });
});

test.each([
  ['{', /^b\.json: this is no JSON \(.+\); pass a file that --update-baseline wrote\.$/],
  ['7', /^b\.json: heapcheck: got undefined; "baseline 1" is read here/],
  ['null', /^b\.json: heapcheck: got undefined;/],
  ['{"heapcheck":"baseline 2"}', /heapcheck: got "baseline 2";/],
  ['{"heapcheck":"baseline 1"}', /known: got undefined; pass a list of bugs\.$/],
  ['{"heapcheck":"baseline 1","known":[3]}', /known\[0\]\.target: got undefined; pass the name/],
  [
    '{"heapcheck":"baseline 1","known":[{"target":"a","bug":7}]}',
    /known\[0\]\.bug: got 7; pass what --update-baseline writes/,
  ],
])('%s is refused with its place', (text, message) => {
  expect(() => parseBaseline(text, 'b.json')).toThrow(message);
});
