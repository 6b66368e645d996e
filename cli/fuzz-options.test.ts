/** Several cores, baselines and health warnings: what `fuzz` and `check` do beside searching. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, spawnCommand, TestFolder } from './test-folder.test-helper.ts';

const MUTANT = 'mutants/calloc-trusts-free-memory';
/** Crashes in two places. */
const CRASHING = `const split = (size) => { if (size === 48) throw new RangeError('no room'); };
const merge = (size) => { if (size > 99) throw new RangeError('no room'); };
export default () => {
  let next = 0;
  return {
    malloc(size) {
      split(size);
      merge(size);
      return (next += 128);
    },
    free() {},
  };
};
`;
/** Has room for three small blocks. */
const TINY = `export default () => {
  let next = 0;
  return { malloc: (size) => (size > 64 || next > 128 ? null : (next += 64)), free() {} };
};
`;

const folder = new TestFolder();

beforeAll(() => {
  folder.write('crashing.js', CRASHING);
  folder.write('tiny.js', TINY);
});
afterAll(() => {
  folder.remove();
});

interface Document {
  readonly counts: { readonly programs: number };
  readonly findings: readonly { readonly crash?: string; readonly law: string }[];
  readonly health: readonly { readonly name: string }[];
}

async function fuzzed(...argv: readonly string[]): Promise<Document & { readonly code: number }> {
  const { code, stdout } = await folder.call(['fuzz', ...argv, '--json']);
  return { code, ...(JSON.parse(stdout) as Document) };
}

// At once: the last one waits for the first line of progress.
describe.concurrent('on two cores', () => {
  test('as many programs are run as on one', async () => {
    const { code, counts, findings } = await fuzzed('reference', '-j', '2', '--runs', '301');
    expect([code, counts.programs, findings]).toEqual([0, 301, []]);
  });

  test('a bug is found, shrunk and kept', async () => {
    const { code, findings } = await fuzzed(MUTANT, '-j', '2', '--corpus', 'jobs');
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ law: 'calloc-zeroes', program: [expect.any(String)] }]);
  });

  test('a module that cannot be loaded is refused before a worker begins', async () => {
    const { code, stderr } = await folder.call(['fuzz', 'gone.js', '-j', '2']);
    expect([code, stderr.includes("there is no 'gone.js'")]).toEqual([2, true]);
  });

  test('Ctrl-C ends the search, and its counts are told', async () => {
    const child = spawnCommand(['fuzz', 'reference', '-j', '2'], folder.path);
    const end = ended(child);
    // It tells how far it is; before it searches, Ctrl-C ends the process.
    child.stderr.once('data', () => child.kill('SIGINT'));
    const { code, stdout } = await end;
    expect(stdout).toMatch(/Done [\d,]+ programs .*: 0 findings, stopped by Ctrl-C\n/);
    expect(code).toBe(0);
  });
});

describe('a baseline', () => {
  test('is begun with what a run finds, and keeps that from failing the next', async () => {
    const argv = [MUTANT, '--runs', '200', '--seed', '1', '--baseline', 'known.json'];
    const first = await folder.call(['fuzz', ...argv, '--update-baseline']);
    expect(first.stdout).toContain('known.json has 1 known finding now, 1 of them new');
    expect(readFileSync(join(folder.path, 'known.json'), 'utf8')).toContain(
      `{"target":"${MUTANT}","bug":"calloc-zeroes calloc"}`,
    );
    const next = await folder.call(['fuzz', ...argv]);
    expect(next.stdout).toContain('\n1 known finding of known.json seen\n');
    expect([first.code, next.code]).toEqual([0, 0]);
    const without = await folder.call(['fuzz', ...argv.slice(0, -2)]);
    expect(without.code).toBe(1);
  });

  test('lets a new bug fail the run, and names what was not seen', async () => {
    const known = {
      target: 'crashing',
      bug: 'calls-return malloc RangeError at split, Object.malloc',
    };
    const gone = { target: 'crashing', bug: 'blocks-stay-apart malloc' };
    folder.write('tiny.json', JSON.stringify({ heapcheck: 'baseline 1', known: [known, gone] }));
    const { code, stdout } = await folder.call([
      'fuzz',
      'crashing.js',
      '--keep-going',
      '--runs',
      '600',
      '--baseline',
      'tiny.json',
    ]);
    expect(stdout).toContain('; not seen in this run: blocks-stay-apart malloc\n');
    expect(stdout).not.toContain('malloc(48) threw');
    expect(code).toBe(1);
  });

  test('holds for stored programs and property suites too', async () => {
    const argv = ['check', MUTANT, '--runs', '60', '--seed', '1', '--corpus', 'checked'];
    const first = await folder.call(argv);
    const known = [{ target: MUTANT, bug: 'calloc-zeroes calloc' }];
    folder.write('checked.json', JSON.stringify({ heapcheck: 'baseline 1', known }));
    const next = await folder.call([...argv, '--baseline', 'checked.json']);
    expect(next.stdout).toContain(`\n${MUTANT}: nothing found in`);
    expect(next.stdout).toContain('\n1 stored program, ');
    expect([first.code, next.code]).toEqual([1, 0]);
  });
});

test('two crashes of one kind of op are two bugs', async () => {
  const { findings } = await fuzzed('crashing.js', '--keep-going', '--runs', '600', '--seed', '1');
  expect(new Set(findings.map(({ crash }) => crash))).toEqual(
    new Set(['RangeError at split, Object.malloc', 'RangeError at merge, Object.malloc']),
  );
});

test('a campaign that tests little says so', async () => {
  const { health } = await fuzzed('tiny.js', '--keep-going', '--runs', '1500', '--seed', '1');
  expect(health.map(({ name }) => name)).toEqual(['mostly-refused', 'no-big-blocks']);
});
