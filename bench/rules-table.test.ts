/** The table of rules is that of the code, and no rule is without something that breaks it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KERNEL_RULES } from '../src/targets/kernel.ts';
import {
  damagesOf,
  mutantsOf,
  readTests,
  requirementIds,
  RULE_GROUPS,
  rulesDocument,
  testsOf,
  unnamedIds,
} from './rules-table.ts';
import { UNNAMED_ROWS } from './unnamed-rows.ts';

const ROOT = join(import.meta.dirname, '..');
const TESTS = readTests(ROOT);
const RULES = Object.values(RULE_GROUPS).flat();

test('docs/rules.md is what `npm run rules` writes', () => {
  expect(readFileSync(join(ROOT, 'docs/rules.md'), 'utf8')).toBe(rulesDocument(TESTS));
});

describe('every rule', () => {
  test('is in the table once, those of a kernel among them', () => {
    const names = RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(KERNEL_RULES.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual(
      [],
    );
  });

  test('is broken by a mutant, or by hand or a planted line in a test', () => {
    const unbroken = RULES.filter(
      (rule) => mutantsOf(rule).length === 0 && damagesOf(rule, TESTS).length === 0,
    );
    expect(unbroken.map(({ name }) => name)).toEqual([]);
  });

  test('that has neither would be seen', () => {
    const rule = { ...RULES[0]!, name: ['heap', 'is', 'blue'].join('-') };
    expect([mutantsOf(rule), damagesOf(rule, TESTS)]).toEqual([[], []]);
  });
});

describe('a row of the catalogue', () => {
  test('is named by a rule, or there is a reason, and not both', () => {
    expect(Object.keys(UNNAMED_ROWS)).toEqual(unnamedIds());
  });

  const tested = Object.entries(UNNAMED_ROWS).flatMap(([id, { test: place }]) =>
    place === undefined ? [] : [[id, ...place] as const],
  );
  test.each(tested)('%s is tested in %s', (_, path, words) => {
    expect(TESTS.find((file) => file.path === path)?.text).toContain(words);
  });
});

describe('a requirement', () => {
  test.each(requirementIds())('%s has a test whose title begins with it', (id) => {
    expect(testsOf(id, TESTS)).not.toEqual([]);
  });

  test('is found in titles, in tables and in damages, and in nothing else', () => {
    const text = `test('R98 a title', () => {});
describe.each(ROWS)("R98 it's %s", () => {});
const ROWS = [{
    row: 'R98',
    says: 'what it\\'s for',
}];
const DAMAGES = [['R98 S1: harm', 1]];
expect(columnOf('R98', 'reads')).toEqual(['R98']);
test('nothing of R98', () => {});`;
    expect(testsOf('R98', [{ path: 'a.test.ts', text }])).toEqual(
      ['R98 a title', "R98 it's %s", "R98 what it's for", 'R98 S1: harm'].map((title) => ({
        path: 'a.test.ts',
        title,
      })),
    );
  });
});
