import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { crashingLibrary, otherMachinesLibrary } from './elf-library.test-helper.ts';
import { TestFolder } from './test-folder.test-helper.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

const LIBC = ['x86_64', 'aarch64']
  .map((machine) => `/lib/${machine}-linux-gnu/libc.so.6`)
  .find((path) => existsSync(path))!;

describe('a library that cannot be loaded gets one sentence and exit code 2', () => {
  test.each([
    ['empty.so', new Uint8Array()],
    ['notes.so', 'malloc and free, and more than sixty-four bytes of prose about both of them\n'],
    ['other.so', otherMachinesLibrary()],
  ])('%s', async (name, content) => {
    const file = folder.write(name, content);
    const { code, stderr } = await folder.call(['check', name]);
    expect(stderr).toMatch(/^\S+\.so: [^\n]*; pass a library that was built for \S+\.\n$/);
    expect(stderr.startsWith(`${file}: `)).toBe(true);
    expect(code).toBe(2);
  });

  test('that crashes while it is loaded', async () => {
    const file = folder.write('crashing.so', crashingLibrary());
    const { code, stderr } = await folder.call(['check', 'crashing.so']);
    expect(stderr).toBe(
      `${file}: the host died of SIGILL, before any call; see what it does when it is loaded.\n`,
    );
    expect(code).toBe(2);
  });

  test('that does not have a function', async () => {
    const { code, stderr } = await folder.call(['fuzz', LIBC, '--symbols', 'malloc=my_alloc']);
    expect(stderr).toBe(
      `${LIBC}: the library has no function 'my_alloc'; pass --symbols malloc=NAME with what it is called there, or another --preset.\n`,
    );
    expect(code).toBe(2);
  });
});

interface Document {
  readonly counts: { readonly programs: number };
  readonly findings: readonly {
    readonly law: string;
    readonly observed: string;
    readonly program: readonly string[];
  }[];
}

async function fuzzed(...argv: readonly string[]): Promise<Document> {
  const { stdout } = await folder.call(['fuzz', LIBC, '--json', ...argv]);
  return JSON.parse(stdout) as Document;
}

describe('fuzz calls a library in a process of its own', () => {
  test('which runs as many programs as were asked for', async () => {
    const { counts, findings } = await fuzzed('--runs', '301', '-j', '2');
    expect(findings).toEqual([]);
    expect(counts.programs).toBe(301);
  });

  test('which is not asked for what it promises to stop at', async () => {
    const { counts, findings } = await fuzzed('--runs', '301', '--promise', 'doubleFree=aborted');
    expect(findings).toEqual([]);
    expect(counts.programs).toBe(301);
  });

  test('whose death is a finding, and another goes on', async () => {
    const symbols = ['--symbols', 'malloc=abort'];
    const { counts, findings } = await fuzzed(...symbols, '--keep-going', '--runs', '4');
    expect(findings).toMatchObject([
      { law: 'calls-return', observed: expect.stringContaining('died of SIGABRT') },
    ]);
    expect(findings[0]!.program).toEqual(['b0 = malloc 0']);
    expect(counts.programs).toBe(4);
  });

  test('which ends a call that does not end', async () => {
    const { findings } = await fuzzed('--symbols', 'malloc=pause', '--time-limit', '400');
    expect(findings).toMatchObject([{ law: 'answers-in-time', program: ['b0 = malloc 0'] }]);
  });
});

test('what a library does not keep is shown by a program in C, under the names of its calls', async () => {
  folder.write('aligned.ops', 'heapcheck program 1\nb0 = malloc 24\n');
  const options = ['--target', LIBC, '--promise', 'alignment=1048576', '--emit', 'c'];
  const { code, stdout } = await folder.call(['replay', 'aligned.ops', ...options]);
  expect(stdout).toContain('malloc-aligns broken by ');
  expect(stdout).toContain('proof      aligned.c\n');
  expect(code).toBe(1);
  expect(readFileSync(join(folder.path, 'aligned.c'), 'utf8')).toContain('malloc(24)');
});
