import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestFolder } from './test-folder.test-helper.ts';

/** A compiler whose ThreadSanitizer is not installed, as Debian's gcc says it. */
const COMPILER = `#!/bin/sh
for each; do case $each in
  -fsanitize=*) echo "/usr/bin/ld: cannot find libtsan_preinit.o: No such file or directory" >&2; exit 1;;
  *pool.c) echo "$each:7:1: error: unknown type name 'viod'" >&2; exit 1;;
esac; done
`;

const { PATH } = process.env;
let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
  folder.write('pool.c', 'viod pool_free(void *block) {}\n');
  folder.write('pool.so', '');
  folder.write('notes.txt', '');
  chmodSync(folder.write('bin/cc', COMPILER), 0o755);
});
afterEach(() => {
  process.env['PATH'] = PATH;
  folder.remove();
});

test.each([
  [
    ['pool.so', '--threads', '9', '--max-ops', '8'],
    '--threads: 9 threads cannot share 8 ops; pass at most that many, or a larger --max-ops.',
  ],
  [['gone.so'], "target: there is no 'gone.so'; pass a library of C, or a .c file."],
  [['notes.txt'], 'target: notes.txt is no library; pass a .so, or a .c file.'],
  [
    ['pool.so', '--sanitize', 'thread'],
    '--sanitize: pool.so is built already; pass its .c file, or leave it out.',
  ],
  [
    ['pool.c', '--sanitize', 'thread'],
    'pool.c: cc has no such sanitizer here; apt-get install libtsan2 or libasan8, or leave out --sanitize.',
  ],
  [
    ['pool.c'],
    "pool.c: it does not compile, pool.c:7: unknown type name 'viod'; mend it, or pass other --cflags.",
  ],
])('threads %j gets one sentence and exit code 2', async (argv, sentence) => {
  process.env['PATH'] = `${join(folder.path, 'bin')}${delimiter}${PATH}`;
  const { code, stderr } = await folder.call(['threads', ...argv]);
  expect(stderr).toBe(`${sentence}\n`);
  expect(code).toBe(2);
});

test('without a compiler it is said that threads need one', async () => {
  process.env['PATH'] = folder.path;
  const { code, stderr } = await folder.call(['threads', 'pool.so']);
  expect(stderr).toBe(
    "pool.so: an allocator that threads share needs a C compiler, and there is no 'cc' (spawnSync cc ENOENT); apt-get install gcc.\n",
  );
  expect(code).toBe(2);
});
