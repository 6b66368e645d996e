/** What is said of trials, on a few that were made by hand. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { bucketChart } from './bucket-chart.ts';
import { bucketCounts } from './buckets.ts';
import { compareVariants, marginOver } from './comparison.ts';
import { lengthChart, survivalChart } from './curve-charts.ts';
import { heatMap } from './heat-map.ts';
import { Results } from './results.ts';
import { parseShare } from './share.ts';
import { formatOps, lengthRatios, summarize } from './summary.ts';
import { pickByName } from './tasks.ts';
import { TrialFile } from './trial-file.ts';
import type { Trial } from './trial.ts';

const MAX = 1000;
const TASKS = [
  { name: 'hard', shortestLength: 3, shortestLengths: new Map([['a-law free', 4]]) },
  { name: 'easy', shortestLength: 2, shortestLengths: new Map() },
  { name: 'middle', shortestLength: 2, shortestLengths: new Map() },
];
const STRATEGIES = ['theirs', 'ours', 'ours without part'].map((name) => ({ name, says: name }));

/** A row of trials: ops, Infinity where nothing was found. */
function row(task: string, strategy: string, ops: readonly number[]): readonly Trial[] {
  return ops.map((each, index) => ({
    task,
    strategy,
    seed: index + 1,
    max_ops: MAX,
    found: each <= MAX,
    ops: Math.min(each, MAX),
    cpu_ms: 2,
    ...(strategy === 'ours' && { shrunk_len: 4, shrink_runs: 20, shrink_cpu_ms: 5 }),
  }));
}

const TEN = Array.from({ length: 10 }, (_, index) => index);

const RESULTS = new Results(
  [
    ...row('easy', 'theirs', [4, 4, 4]),
    ...row('easy', 'ours', [2, 2, 2]),
    ...row('middle', 'theirs', [60, Infinity, Infinity]),
    ...row('middle', 'ours', [10, 20, 30]),
    ...row('hard', 'theirs', [Infinity, Infinity, Infinity]),
    ...row(
      'hard',
      'ours',
      TEN.map((each) => 100 + each),
    ),
    ...row(
      'hard',
      'ours without part',
      TEN.map((each) => 200 + each),
    ),
    ...row(
      'middle',
      'ours without part',
      TEN.map((each) => 1 + each),
    ),
  ],
  TASKS,
  STRATEGIES,
);
const SHAPE = { whole: 'ours', variants: ['ours without part'], rival: 'theirs' };

describe('results', () => {
  test('put tasks from the easiest to the hardest, and know the thirds', () => {
    expect(RESULTS.tasks.map(({ name }) => name)).toEqual(['easy', 'middle', 'hard']);
    expect(RESULTS.hardThird.map(({ name }) => name)).toEqual(['hard']);
    expect(RESULTS.notEasy.map(({ name }) => name)).toEqual(['middle', 'hard']);
  });

  test('take a trial that found nothing for more ops than all that found something', () => {
    expect(RESULTS.opsOf('middle', 'theirs')).toEqual([60, 1001, 1001]);
    expect(RESULTS.medianOps('middle', 'theirs')).toBe(1001);
    expect(RESULTS.foundCount('middle', 'theirs')).toBe(1);
  });

  test('take the shortest program that any trial came to', () => {
    const shrunk = row('easy', 'ours', [5]).map((trial) => ({ ...trial, shrunk_len: 1 }));
    const results = new Results(shrunk, TASKS, STRATEGIES);
    expect(results.shortestLength(TASKS[1]!)).toBe(1);
    expect(results.shortestLength(TASKS[0]!)).toBe(3);
  });

  test('compare a trial with the shortest program that ends as it does, or in any way', () => {
    const [own, more, other, any] = row('hard', 'ours', [5, 6, 7, 8]);
    const results = new Results(
      [
        { ...own!, shrunk_len: 6, shrunk_end: 'a-law free' },
        { ...more!, shrunk_len: 7, shrunk_end: 'a-law malloc' },
        { ...other!, shrunk_len: 5, shrunk_end: 'a-law malloc' },
        any!,
      ],
      TASKS,
      STRATEGIES,
    );
    expect(results.by('ours').map((trial) => results.shortestFor(trial))).toEqual([4, 5, 5, 3]);
    const table = summarize(results, SHAPE);
    expect(table).toMatch(/^ {2}ours +4 +25\.0 % +25\.0 % +50\.0 % +2 +20 +5 ms$/m);
  });
});

describe('comparisons', () => {
  test('the margin is over the tasks that the rival finds at all, and a bound where it misses half', () => {
    const sides = { ours: 'ours', theirs: 'theirs' };
    const margin = marginOver(RESULTS, RESULTS.tasks, sides);
    expect(margin).toEqual({ ratios: [2, 1001 / 20], median: (2 + 1001 / 20) / 2, isBound: true });
    const hard = RESULTS.hardThird;
    expect(marginOver(RESULTS, hard, sides)).toEqual({
      ratios: [],
      median: undefined,
      isBound: false,
    });
  });

  test('a part that leaves no overlap is worth something, and one may be in the way', () => {
    const compared = compareVariants(RESULTS, 'ours', SHAPE.variants);
    expect(compared.map(({ a12, task, verdict }) => [task, a12, verdict])).toEqual([
      ['middle', 0.5 / 30, 'better'],
      ['hard', 1, 'worse'],
    ]);
  });
});

describe('the summary', () => {
  const text = summarize(RESULTS, SHAPE);

  test('names medians, and in how many trials there was a finding', () => {
    expect(text).toMatch(/^ {2}middle +2 +>1k 1\/3 +20 3\/3$/m);
    expect(text).toMatch(/^ {2}hard +3 +>1k 0\/3 +105 10\/10$/m);
  });

  test('says what the rival misses and what a part is worth', () => {
    expect(text).toContain('it finds 2 of 3 tasks at all; its median ops over ours: median 26, ');
    expect(text).toContain('it misses in every trial, and ours finds: hard\n');
    expect(text).toContain('ours misses in every trial: none\n');
    expect(text).toMatch(/^ {2}ours without part +1 +1 +2 +0\.51 /m);
    expect(text).toContain('better without on some tasks: middle (ours without part)');
  });

  test('says how short programs get', () => {
    expect(lengthRatios(RESULTS, 'ours').slice(0, 2)).toEqual([4 / 3, 4 / 3]);
    expect(text).toMatch(/^ {2}ours +16 +0\.0 % +62\.5 % +37\.5 % +2 +20 +5 ms$/m);
  });

  test('shows ops in two digits', () => {
    const ops = [1, 999, 1000, 1234, 9960, 99_499, 999_499, 999_500, 1_000_000];
    expect(ops.map((each) => formatOps(each)).join(' ')).toBe('1 999 1k 1.2k 10k 99k 999k 1M 1M');
  });
});

test('buckets hold what was found within their limit, the last one what was not', () => {
  const trials = row('easy', 'ours', [1, 100, 101, 1000, Infinity]);
  expect(bucketCounts(trials)).toEqual([2, 2, 0, 0, 0, 1]);
});

describe('charts', () => {
  const compared = compareVariants(RESULTS, 'ours', SHAPE.variants);

  test('are SVG whose elements all end, and that loads nothing', () => {
    const all = [
      bucketChart(RESULTS),
      survivalChart(RESULTS, STRATEGIES),
      lengthChart(RESULTS, STRATEGIES),
      heatMap(compared, 'ours'),
    ];
    for (const svg of all) {
      expect(unclosed(svg)).toEqual([]);
      expect(svg.match(/NaN|Infinity|undefined|href|url\(/g)).toBeNull();
    }
  });

  test('bars are as wide as their shares', () => {
    const widths = [...bucketChart(RESULTS).matchAll(/width="([\d.]+)" height="18"/g)].map(
      ([, width]) => Number(width) + 1,
    );
    // Theirs: 4 of 9 within 100 ops, 5 not found; ours: 7 of 16 within 100, 9 within 1,000.
    expect(widths).toHaveLength(2 + 2 + 2);
    expect(widths[0]! / widths[1]!).toBeCloseTo(4 / 5, 3);
    expect(widths[2]! / widths[3]!).toBeCloseTo(7 / 9, 3);
  });

  test('a survival curve steps down from everything to what is never found', () => {
    const svg = survivalChart(RESULTS, STRATEGIES.slice(1, 2));
    const [, path] = /d="(M[^"]+)" fill="none" stroke="#7b8794" stroke-width="1.4"/.exec(svg)!;
    const heights = path!
      .slice(1)
      .split('L')
      .map((point) => Number(point.split(' ')[1]));
    expect(heights[0]).toBe(66);
    expect(heights.at(-1)).toBe(380 - 48);
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  });
});

/** Names of elements that are open at the end, or closed out of turn. */
function unclosed(svg: string): readonly string[] {
  const open: string[] = [];
  for (const [, slash, name, end] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (end === '/') continue;
    if (slash === '') open.push(name!);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  return open;
}

describe('the file of trials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-power-'));
  const path = join(folder, 'trials.jsonl');
  const [first, second] = row('easy', 'ours', [3, 4]);
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('knows what was run before, and goes on behind a line that was cut off', () => {
    const file = new TrialFile(path);
    expect(file.has(first!)).toBe(false);
    file.add(first!);
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"task":"ea`);
    const again = new TrialFile(path);
    expect([again.has(first!), again.has(second!), again.trials]).toEqual([true, false, [first]]);
    again.add(second!);
    expect(new TrialFile(path).trials).toEqual([first, second]);
    expect(again.has({ ...first!, max_ops: 5 })).toBe(false);
  });

  test('names a line that is none', () => {
    const bad = join(folder, 'bad', 'trials.jsonl');
    expect(new TrialFile(bad).trials).toEqual([]);
    writeFileSync(bad, `${JSON.stringify(first)}\nnone\n`);
    expect(() => new TrialFile(bad)).toThrow(`${bad}:2: this line is no trial; take it out.`);
  });
});

test('shares are counted from 1', () => {
  expect(parseShare('2/3')).toEqual({ index: 1, of: 3 });
  for (const text of ['0/3', '4/3', '1', 'a/b'])
    expect(() => parseShare(text)).toThrow(`--share: '${text}' is no share`);
});

test('tasks are picked by name', () => {
  expect(pickByName('--tasks', TASKS, ['easy'])).toEqual([TASKS[1]]);
  expect(pickByName('--tasks', TASKS, [])).toBe(TASKS);
  expect(() => pickByName('--tasks', TASKS, ['none'])).toThrow(
    "--tasks: there is no 'none'; pass some of hard, easy, middle.",
  );
});
