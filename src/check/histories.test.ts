import { expect, test } from 'vitest';
import { firstFinding, HISTORIES, historyJudges, isHistoryLaw } from './histories.ts';
import type { AllocatorTarget } from './target.ts';
import { toyMachine } from './toy-machine.test-helper.ts';
import { ops, TOY_END, toyTarget } from './toy-target.test-helper.ts';

const refusals = { refusedCount: 0, refuse: () => undefined };
const ALL = toyTarget((toy) => ({
  promises: { ...toy.promises, steady: true, largest: true },
  refusals,
}));

function allowedOn(target: AllocatorTarget): readonly string[] {
  return HISTORIES.flatMap(({ isAllowed, law }) => (isAllowed(target) ? [law.name] : []));
}

test('each history needs what its law says', () => {
  const all = HISTORIES.map(({ law }) => law.name);
  const target = ALL();
  expect(allowedOn(target)).toEqual(all);
  const { largest: _largest, steady: _steady, ...promises } = target.promises;
  expect(allowedOn({ ...target, promises })).toEqual([all[0], all[2]]);
  expect(allowedOn({ ...target, footprint: undefined! })).not.toContain('churn-is-bounded');
  expect(allowedOn({ ...target, bounds: undefined })).not.toContain('largest-fits');
  expect(allowedOn({ ...target, refusals: undefined })).not.toContain('refused-memory-is-survived');
});

test('a machine that does not promise to repeat is asked none', () => {
  expect(historyJudges(toyMachine().make)).toEqual([]);
});

test('all judges find nothing on the toy, and one alone is had by its law', () => {
  expect(historyJudges(ALL)).toHaveLength(4);
  expect(historyJudges(ALL, { law: 'largest-fits' })).toHaveLength(1);
  expect(historyJudges(ALL, { without: 'largest-fits' })).toHaveLength(3);
  expect(firstFinding(historyJudges(ALL), ops('b0 = malloc 24; free b0'))).toBeUndefined();
});

test('the first finding is that of the first judge that has one', () => {
  const lost = toyTarget((toy) => ({
    promises: { ...toy.promises, largest: true },
    malloc: (size) => (size === 24 ? TOY_END : toy.malloc(size)),
  }));
  const finding = firstFinding(historyJudges(lost), ops('b0 = malloc 24'));
  expect(finding?.law).toBe('blocks-stay-inside');
});

test('a finding of the last judge alone is found', () => {
  const holed = toyTarget((toy) => ({
    promises: { ...toy.promises, largest: true },
    malloc: (size) => (size === 2 ** 15 ? null : toy.malloc(size)),
  }));
  const finding = firstFinding(historyJudges(holed), ops('b0 = malloc 24; free b0'));
  expect(finding?.law).toBe('largest-fits');
});

test('laws about one run are no laws about histories', () => {
  expect(isHistoryLaw('largest-fits')).toBe(true);
  expect(isHistoryLaw('calls-return')).toBe(false);
});
