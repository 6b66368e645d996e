import { expect, test } from 'vitest';
import { noCounts, type RunCounts } from '../src/check/run-counts.ts';
import { objectTarget } from '../src/targets/object.ts';
import { Engine } from './engine.ts';
import { healthOf, type Vitals } from './health.ts';

const HEALTHY: RunCounts = {
  ...noCounts(),
  ops: 100_000,
  skipped: 10_000,
  refused: 5000,
  granted: 40_000,
  grantedBig: 1,
  freed: 1,
};

/** Names of the warnings about a healthy campaign of one second but for this. */
function warnings(counts: Partial<RunCounts>, vitals: Partial<Vitals> = {}): readonly string[] {
  return healthOf({
    counts: { ...HEALTHY, ...counts },
    elapsedMs: 1000,
    flakyCount: 0,
    isAllocator: true,
    ...vitals,
  }).map(({ name }) => name);
}

test('a healthy campaign has no warning', () => {
  expect(warnings({})).toEqual([]);
});

test.each<[string, Partial<RunCounts>, readonly string[]]>([
  ['more than half of the ops skipped', { skipped: 51_000 }, ['mostly-skipped']],
  ['half of the ops skipped', { skipped: 50_000 }, []],
  ['more than half of the requests refused', { refused: 42_000 }, ['mostly-refused']],
  ['half of the requests refused', { refused: 40_000 }, []],
  ['nothing freed', { freed: 0 }, ['never-freed']],
  ['nothing freed, since nothing was there', { freed: 0, granted: 0 }, ['mostly-refused']],
  ['no big block', { grantedBig: 0 }, ['no-big-blocks']],
  ['no big block, in a few ops', { grantedBig: 0, ops: 19_999, skipped: 0 }, []],
  ['too few ops to tell', { ops: 999, freed: 0, skipped: 999 }, []],
])('%s', (_, counts, expected) => {
  expect(warnings(counts)).toEqual(expected);
});

test('a campaign of less than 1,000 ops a second is slow', () => {
  expect(warnings({}, { elapsedMs: 100_000 })).toEqual([]);
  expect(warnings({}, { elapsedMs: 101_000 })).toEqual(['too-slow']);
});

test('findings that do not repeat are told however short the campaign is', () => {
  expect(warnings({ ops: 1 }, { flakyCount: 1 })).toEqual(['unstable']);
});

test('a machine owes no blocks', () => {
  const counts = { freed: 0, grantedBig: 0, refused: 90_000 };
  expect(warnings(counts, { isAllocator: false })).toEqual([]);
});

test('an allocator that refuses nearly everything is told of by what the engine counts', () => {
  let next = 0;
  const makeTarget = objectTarget('tiny', () => ({
    malloc: (size: number) => (next + size > 64 ? null : (next += size + 16)),
    free: () => undefined,
  }));
  const engine = new Engine(makeTarget, { seed: 1 });
  while (engine.runner.counts.ops < 2000) engine.run(1);
  const { counts } = engine.runner;
  const found = healthOf({ counts, elapsedMs: 1, flakyCount: 0, isAllocator: true });
  expect(found.map(({ name }) => name)).toContain('mostly-refused');
});
