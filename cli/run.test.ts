import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, spawnCommand, TestFolder } from './test-folder.test-helper.ts';

const MUTANT = 'mutants/calloc-trusts-free-memory';

/** Never gives a block back, and hands out one that overlaps when a size is 48. */
const OVERLAPPING = `export default () => {
  let top = 64;
  return {
    bounds: { start: 0, end: 1 << 20 },
    malloc(size) {
      const need = Math.max(1, size);
      if (top + need > 1 << 20) return null;
      const address = top - (size === 48 ? 8 : 0);
      top += need;
      return address;
    },
    free() {},
  };
};
`;
/** Stops answering at the first large request. */
const HANGING = `export default () => {
  let top = 64;
  return {
    malloc(size) {
      while (size > 1000);
      return (top += 1024);
    },
    free() {},
  };
};
`;
const TRACE = '0\n3\n6\n56\na 0 24\na 1 8\nr 0 40\na 2 8\nf 1\nf 0\n';

const folder = new TestFolder();

beforeAll(() => {
  folder.write('overlapping.js', OVERLAPPING);
  folder.write('lab/hanging.js', HANGING);
  folder.write('small.rep', TRACE);
});
afterAll(() => {
  folder.remove();
});

/** Output without what differs from run to run. */
function withoutTimes(output: string): string {
  return output.replaceAll(/\d+\.\d (s\b|seconds)/g, 'S $1');
}

describe('check', () => {
  test('without a target finds nothing in the reference and shows that a planted bug is found', async () => {
    const { code, stdout } = await folder.call(['check', '--runs', '40', '--corpus', 'planted']);
    const [file = ''] = readdirSync(join(folder.path, 'planted/findings'));
    expect(stdout).toMatch(/^seed 0x5f1e_22d0\n\nreference: nothing found in/);
    expect(stdout).toContain('not asked, so neither broken nor passed\n  realloc-keeps-alignment');
    expect(stdout).toContain(
      'realloc-keeps-prefix broken by mutants/realloc-copies-too-little at step 1 of 2',
    );
    expect(stdout).toContain(`kept in planted/findings/${file}, and replayed: they can.`);
    expect(code).toBe(0);
  });

  test('runs the seeds of a family on its targets only', async () => {
    folder.write('seeded/seeds/a.ops', 'heapcheck program 1\nbrk 1\n');
    folder.write('seeded/seeds/b.ops', 'heapcheck program 1\nfree null\n');
    folder.write('seeded/seeds/c.ops', 'heapcheck program 1\na0 = map 1\n');
    const argv = ['--runs', '1', '--max-ops', '4', '--corpus', 'seeded'];
    const [heap, machine] = [
      await folder.call(['check', 'reference', ...argv]),
      await folder.call(['check', 'machine/toy', ...argv]),
    ];
    expect(heap.stdout).toContain('\n1 stored program, ');
    expect(machine.stdout).toContain('\n2 stored programs, 5 property suites, ');
    expect([heap.code, machine.code]).toEqual([0, 0]);
  });

  test('runs stored findings first, and leaves the suites out while one still breaks the target', async () => {
    const first = await folder.call(['check', MUTANT, '--corpus', 'stored']);
    const second = await folder.call(['check', MUTANT, '--corpus', 'stored']);
    expect(first.stdout).toMatch(/\n0 stored programs, \d+ of \d+ property suites/);
    expect(second.stdout).toContain(
      '1 finding in 1 stored program; the property suites were left out',
    );
    expect([first.code, second.code]).toEqual([1, 1]);
  });

  test('with --keep-going goes on to the last suite', async () => {
    const argv = ['check', 'overlapping.js', '--keep-going', '--runs', '100', '--json'];
    const { code, stdout } = await folder.call(argv);
    const { findings, end } = JSON.parse(stdout) as { findings: { law: string }[]; end: string };
    expect(findings.map(({ law }) => law)).toContain('blocks-stay-apart');
    expect([code, end]).toEqual([1, 'done']);
  });

  test('says what was out of time', async () => {
    const { code, stdout } = await folder.call(['check', 'reference', '--max-total-time', '1ms']);
    expect(stdout).toMatch(/nothing found in .*, out of time\n.* \d of \d+ property suites/);
    expect(code).toBe(0);
  });

  test('calls a hang a finding, and shrinks it', async () => {
    const argv = ['check', 'lab/hanging.js', '--time-limit', '200', '--corpus', 'hangs'];
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toMatch(/answers-in-time broken by lab\/hanging at step \d+ of 1\n/);
    expect(stdout).toMatch(/malloc 1001\s+stopped {3}<- here/);
    expect(code).toBe(1);
  });
});

describe('fuzz', () => {
  test('stops at its first finding, whose replay line works as it is printed', async () => {
    const { code, stdout } = await folder.call(['fuzz', 'overlapping.js', '--seed', '7']);
    const replay = /^replay +npx heapcheck (.+)$/m.exec(stdout)![1]!;
    const again = await folder.call(replay.split(' '));
    const report = /^\S+ broken by overlapping [^]+?expected .*$/m;
    expect(report.exec(again.stdout)![0]).toBe(report.exec(stdout)![0]);
    expect([code, again.code]).toEqual([1, 1]);
  });

  test('runs the same programs for the same seed', async () => {
    const argv = ['fuzz', 'reference', '--seed', '12', '--runs', '300'];
    const [a, b] = [await folder.call(argv), await folder.call(argv)];
    expect(withoutTimes(a.stdout)).toBe(withoutTimes(b.stdout));
    expect(a.stdout).toMatch(
      /^seed 0x0000_0012\n\nDone 300 programs \(\d.*ops\) in .* seconds: 0 findings\n/,
    );
    expect(a.code).toBe(0);
  });

  test("takes libFuzzer's spelling, whose seeds are decimal", async () => {
    const { stdout } = await folder.call(['fuzz', 'reference', '-seed=18', '-runs=20']);
    expect(stdout).toMatch(/^seed 0x0000_0012\n\nDone 20 programs/);
  });

  test('with --keep-going tells each bug once', async () => {
    const argv = ['fuzz', MUTANT, '--keep-going', '--runs', '600', '--json', '--seed', '1'];
    const { stdout, stderr } = await folder.call(argv);
    const { findings } = JSON.parse(stdout) as { findings: { law: string; op: string }[] };
    const bugs = findings.map(({ law, op }) => `${law} ${op}`);
    expect(bugs).toContain('calloc-zeroes calloc');
    expect(new Set(bugs).size).toBe(bugs.length);
    expect(stderr).toMatch(/^seed 0x0000_0001\n/);
  });

  test('takes a hang for a finding and goes on behind it', async () => {
    const argv = ['fuzz', 'lab/hanging.js', '--time-limit', '50', '--runs', '12', '--keep-going'];
    const { code, stdout } = await folder.call([...argv, '--corpus', 'hangs-fuzzed']);
    expect(stdout).toContain('answers-in-time broken by lab/hanging');
    expect(stdout).toContain('Done 12 programs');
    expect(code).toBe(1);
  });

  test('says less with --quiet', async () => {
    const { code, stdout, stderr } = await folder.call(['fuzz', '--runs', '10', '--quiet']);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });

  test('with --coverage goes by the code of a module, and refuses what has none of its own', async () => {
    const argv = ['fuzz', 'overlapping.js', '--seed', '7', '--coverage'];
    expect((await folder.call(argv)).code).toBe(1);
    const { code, stderr } = await folder.call(['fuzz', 'reference', '--coverage']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('no module of your own')]);
  });

  test('shows how far it is, in lines or in one line that is written over', async () => {
    const lines: string[] = [];
    const shown: string[] = [];
    let clock = 0;
    const now = (): number => (clock += 60);
    const argv = ['fuzz', '--runs', '800', '--max-total-time', '60'];
    const plain = { isTTY: false, write: (text: string) => lines.push(text) };
    await folder.call(argv, { now, stderr: plain });
    const terminal = { isTTY: true, columns: 30, write: (text: string) => shown.push(text) };
    await folder.call(argv, { now, stderr: terminal });
    expect(lines.join('')).toMatch(/^(#\d+ pulse ops: \S+ ops\/s: \S+ findings: 0\n)+$/);
    expect(shown.find((text) => text.startsWith('#'))).toHaveLength(29);
  });
});

describe('replay', () => {
  const program =
    'heapcheck program 1\nb0 = malloc 24\nb1 = malloc 200000\nfree b0\nb1 = malloc 1\n';

  test('shows each step with addresses and the heap', async () => {
    folder.write('steps.ops', program);
    const { code, stdout } = await folder.call(['replay', 'steps.ops']);
    expect(stdout).toContain('steps.ops on reference: 4 ops\n');
    expect(stdout).toContain('# used  . free  B big');
    expect(stdout).toMatch(/ 0 {2}b0 = malloc 24 {7}0x0001_0010\n {5}0x0001_0008 \|##\|\.+\|\n/);
    expect(stdout).toMatch(/ 1 {2}b1 = malloc 200000 .*\n.*\n {5}0x0002_0000 \|B+\|\n/);
    expect(stdout).toMatch(/ 3 {2}b1 = malloc 1 +skipped\n/);
    expect(stdout).toContain('reference keeps every law on this program\n');
    expect(code).toBe(0);
  });

  test('runs ops on pages on the machine, and says why a call is refused and what a load finds', async () => {
    folder.write(
      'pages.ops',
      'heapcheck program 1\na0 = map 4096 read\nload a0 4095 1\nstore a0 0 1\nunmap a0 1 1\n',
    );
    const { code, stdout } = await folder.call(['replay', 'pages.ops']);
    expect(stdout).toBe(
      [
        'pages.ops on machine: 4 ops',
        '',
        '  0  a0 = map 4096 read   0x2000_0000_0000',
        '  1  load a0 4095 1       done 0',
        '  2  store a0 0 1         faulted read-only',
        '  3  unmap a0 1 1         refused EINVAL',
        '',
        'machine keeps every law on this program',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  test('takes the notes of a program of ops on pages before its ops', async () => {
    folder.write(
      'found.ops',
      'heapcheck program 1\n# found: seed 0x0000_0001 on machine/toy, shrunk from 9 ops in 9 runs\nbrk 1\n',
    );
    const { stdout } = await folder.call(['replay', 'found.ops']);
    expect(stdout).toMatch(/^found\.ops on machine\/toy: 1 op\n/);
  });

  test('waits for a key with --step, until q', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    stdin.write('n');
    const stdout: string[] = [];
    const write = (text: string): void => {
      stdout.push(text);
      if (text.includes('b1 = malloc 200000')) stdin.write('q');
    };
    const code = await folder.call(['replay', 'steps.ops', '--step'], { stdin, stdout: { write } });
    expect(stdout.join('')).not.toContain('free b0');
    expect(code.code).toBe(0);
  });

  test.each([
    ['small.rep', 'rep', '6 ops in S s\n  3 blocks, at most 56 bytes live\n  1 block never freed'],
    [
      'giant.trace',
      'wee_alloc',
      '2 ops in S s\n  1 block, at most 5,000,000,000 bytes live\n  1 request refused: larger than the arena\n',
    ],
  ])('runs the trace %s', async (name, format, summary) => {
    folder.write('giant.trace', 'Alloc(5000000000),\nFree(0),\n');
    const { code, stdout } = await folder.call(['replay', name]);
    expect(withoutTimes(stdout)).toContain(`${name} (${format}) on reference: ${summary}`);
    expect(code).toBe(0);
  });

  test('names the law that a trace breaks', async () => {
    folder.write('breaks.rep', '2\n3\na 0 16\na 1 48\nf 0\n');
    const argv = ['replay', 'breaks.rep', '--target', 'overlapping.js'];
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toContain('blocks-stay-apart broken by overlapping at op 1, b1 = malloc 48\n');
    expect(stdout).toContain('npx heapcheck minimize breaks.rep --target overlapping.js\n');
    expect(code).toBe(1);
  });
});

describe('minimize', () => {
  test('shrinks a program until it says that it cannot', async () => {
    const ops = Array.from({ length: 30 }, (_, slot) => `b${slot} = malloc ${slot + 30}\n`);
    folder.write('long.ops', `heapcheck program 1\n# why: an overlap\n${ops.join('')}`);
    const first = await folder.call(['minimize', 'long.ops', '--target', 'overlapping.js']);
    const second = await folder.call(['minimize', 'long.min.ops']);
    expect(first.stdout).toContain('long.min.ops: 2 ops, shrunk from 30 ops\n');
    expect(readFileSync(join(folder.path, 'long.min.ops'), 'utf8')).toBe(
      'heapcheck program 1\n# law: blocks-stay-apart\n# found: by hand on overlapping\n# why: an overlap\n# minimized: from 30 ops\nb0 = malloc 0\nb1 = malloc 48\n',
    );
    expect(second.stdout).toContain('long.min.ops: 2 ops, and no pass makes it smaller\n');
    expect([first.code, second.code]).toEqual([1, 1]);
  });

  test('shrinks a long trace', async () => {
    const ops = Array.from({ length: 1500 }, (_, id) => `a ${id} ${id === 1200 ? 48 : 16}\n`);
    folder.write('long.rep', `1500\n1500\n${ops.join('')}`);
    const argv = ['minimize', 'long.rep', '--target', 'overlapping.js', '-o', 'short.ops'];
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toContain('short.ops: 2 ops, shrunk from 1,500 ops\n');
    expect(code).toBe(1);
    const again = await folder.call(argv);
    expect(again.stderr).toBe(
      'short.ops: there is such a file already; pass another with -o, or remove it.\n',
    );
    expect(again.code).toBe(2);
  });
});

test('replay --emit leaves a program that shows the finding, or says why there is none', async () => {
  folder.write('apart.ops', 'heapcheck program 1\nb0 = malloc 16\nb1 = malloc 48\n');
  const argv = ['replay', 'apart.ops', '--target', 'overlapping.js', '--emit'];
  const { code, stdout } = await folder.call([...argv, 'js']);
  expect(stdout).toMatch(/^expected .*\nreplay .*\nproof {6}apart\.mjs\n$/m);
  // The file names no target.
  expect(stdout).toContain('npx heapcheck replay apart.ops --target overlapping.js\n');
  const emitted = readFileSync(join(folder.path, 'apart.mjs'), 'utf8');
  expect(emitted).toContain("import * as loaded from './overlapping.js';\n");
  expect(emitted).toContain('  b1 = allocator.malloc(48);\n  if (overlap(');
  const inC = await folder.call([...argv, 'c']);
  expect(inC.stdout).toContain('no proof   overlapping is a module, so pass --emit js\n');
  expect([code, inC.code]).toEqual([1, 1]);
});

test('export writes what import reads back, and says what got lost', async () => {
  const argv = ['export', 'small.rep', '--format', 'malloc_debug', '-o', 'small.txt'];
  const { code, stdout } = await folder.call(argv);
  const back = await folder.call(['import', 'small.txt', '-o', 'back.ops']);
  const lossy = await folder.call(['export', 'back.ops', '--format', 'mtrace', '--quiet']);
  expect(stdout).toBe('small.txt: 6 lines of malloc_debug from small.rep\n');
  expect(back.stdout).toContain('back.ops: 6 ops from small.txt (malloc_debug)\n');
  expect([code, back.code, lossy.code]).toEqual([0, 0, 0]);
  expect(existsSync(join(folder.path, 'back.mtrace'))).toBe(true);
});

test('export of a trace that breaks its format leaves no file', async () => {
  folder.write('broken.trace', 'Alloc(8),\nFree(7),\n');
  const argv = ['export', 'broken.trace', '--format', 'mtrace', '-o', 'half.txt'];
  const { code, stderr } = await folder.call(argv);
  expect(stderr).toMatch(/^broken\.trace:2: block 7 is freed, but 1 Alloc lines stand above; /);
  expect(code).toBe(2);
  expect(existsSync(join(folder.path, 'half.txt'))).toBe(false);
});

test('import writes a trace as a program that replays', async () => {
  const { code, stdout } = await folder.call(['import', 'small.rep', '-o', 'imported.ops']);
  const replayed = await folder.call(['replay', 'imported.ops']);
  expect(stdout).toContain('imported.ops: 6 ops from small.rep (rep)\n');
  expect(replayed.stdout).toContain(
    'imported.ops on reference: 6 ops\n  from: small.rep, a rep trace\n',
  );
  expect([code, replayed.code]).toEqual([0, 0]);
});

test.each([
  ['targets', 'reference/lecture-note  '],
  ['targets', 'reference/paged/toy  '],
  ['targets', 'machine/x86-32  '],
  ['mutants', `${MUTANT} `],
  ['laws', 'blocks-stay-apart '],
  ['invariants', 'free-list-equals-walk '],
  ['formats', 'valgrind '],
])('list %s names what there is, for people and for machines', async (what, line) => {
  const { stdout } = await folder.call(['list', what]);
  const { stdout: document } = await folder.call(['list', what, '--json']);
  const entries = JSON.parse(document) as { name: string }[];
  expect(stdout).toContain(`\n${line}`.slice(stdout.startsWith(line) ? 1 : 0));
  expect(entries.map(({ name }) => name)).toContain(line.trim());
});

test('a failure of heapcheck itself is exit code 3, and asks for a report', async () => {
  const { code, stderr } = await folder.call(['fuzz'], {
    drawSeed: () => {
      throw new TypeError('no dice');
    },
  });
  expect(stderr).toMatch(/^TypeError: no dice\n {4}at [^]+This is a failure of heapcheck itself/);
  expect(code).toBe(3);
});

// At once: the second waits for the first line of progress.
describe.concurrent('as a process of its own, the command', () => {
  test('counts the lines of a module, and the cases that they came to', async () => {
    const argv = ['coverage', 'overlapping.js', '--runs', '50', '--out', 'report', '--seed', '1'];
    const { code, stdout } = await ended(spawnCommand(argv, folder.path));
    expect(stdout).toMatch(/\n overlapping\.js \| +100 \|/);
    expect(stdout).toMatch(/ requests refused +\d/);
    expect(stdout).toContain('line by line: report/index.html\n');
    expect(existsSync(join(folder.path, 'report/overlapping.js.html'))).toBe(true);
    expect(code).toBe(1);
  });

  test('stops at Ctrl-C, and says what it did so far', async () => {
    const child = spawnCommand(['fuzz', 'reference', '--max-total-time', '60'], folder.path);
    const end = ended(child);
    // It tells how far it is; before it searches, Ctrl-C ends the process.
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const { code, stdout } = await end;
    expect(stdout).toMatch(/Done [\d,]+ programs .*: 0 findings, stopped by Ctrl-C\n/);
    expect(code).toBe(0);
  });
});
