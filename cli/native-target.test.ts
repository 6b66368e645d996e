import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TestFolder } from './test-folder.test-helper.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

describe('a library that cannot be loaded gets one sentence and exit code 2', () => {
  /** The first 64 bytes of a library for another machine: 64 bits, little end first, s390. */
  const other = Buffer.alloc(64);
  other.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  other.set([3, 0, 22, 0, 1], 16);

  test.each([
    ['empty.so', new Uint8Array()],
    ['notes.so', 'malloc and free, and more than sixty-four bytes of prose about both of them\n'],
    ['other.so', other],
  ])('%s', async (name, content) => {
    const file = folder.write(name, content);
    const { code, stderr } = await folder.call(['check', name]);
    expect(stderr).toMatch(/^\S+\.so: [^\n]*; pass a library that was built for \S+\.\n$/);
    expect(stderr.startsWith(`${file}: `)).toBe(true);
    expect(code).toBe(2);
  });
});

test('what a library does not keep is shown by a program in C, under the names of its calls', async () => {
  const library = ['x86_64', 'aarch64']
    .map((machine) => `/lib/${machine}-linux-gnu/libc.so.6`)
    .find((path) => existsSync(path))!;
  folder.write('aligned.ops', 'heapcheck program 1\nb0 = malloc 24\n');
  const options = ['--target', library, '--promise', 'alignment=1048576', '--emit', 'c'];
  const { code, stdout } = await folder.call(['replay', 'aligned.ops', ...options]);
  expect(stdout).toContain('malloc-aligns broken by ');
  expect(stdout).toContain('proof      aligned.c\n');
  expect(code).toBe(1);
  expect(readFileSync(join(folder.path, 'aligned.c'), 'utf8')).toContain('malloc(24)');
});
