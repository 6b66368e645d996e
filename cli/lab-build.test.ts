import { delimiter, join } from 'node:path';
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestFolder } from './test-folder.test-helper.ts';

/** A compiler that finds a mistake in every mm.c. */
const COMPILER = `#!/bin/sh
for each; do case $each in *mm.c) echo "$each:3:29: error: expected ';' before '}' token" >&2; exit 1; esac; done
`;

const { PATH } = process.env;
let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
  for (const name of ['ann', 'bob']) {
    folder.write(`${name}/mm.c`, 'int mm_init(void) { return 0 }\n');
    folder.write(`${name}/memlib.c`, '');
  }
  folder.write('bin/notes.txt', 'no compiler');
});
afterEach(() => {
  process.env['PATH'] = PATH;
  folder.remove();
});

describe('a handout that cannot be built gets one sentence and exit code 2', () => {
  test.each([['lab ann'], ['check ann'], ['replay fine.ops --target ann']])(
    'when it does not compile: %s',
    async (call) => {
      haveCompiler();
      folder.write('fine.ops', 'heapcheck program 1\nb0 = malloc 24\n');
      const { code, stderr, stdout } = await folder.call(call.split(' '));
      expect(stderr.slice(stderr.indexOf('ann: '))).toBe(
        "ann: it does not compile, ann/mm.c:3: expected ';' before '}' token; mend it, or pass other --cflags.\n",
      );
      expect(stdout.replace(/^seed .*\n/, '')).toBe('');
      expect(code).toBe(2);
    },
  );

  test('when there is no compiler', async () => {
    process.env['PATH'] = join(folder.path, 'bin');
    const { code, stderr } = await folder.call(['check', 'ann']);
    expect(stderr).toBe(
      "ann: a handout needs a C compiler, and there is no 'cc' (spawnSync cc ENOENT); apt-get install gcc.\n",
    );
    expect(code).toBe(2);
  });
});

test('among others a handout that cannot be built is a row, and the run goes on', async () => {
  haveCompiler();
  const { code, stdout } = await folder.call(['lab', 'ann', 'bob', 'gone', '--csv', 'all.csv']);
  expect(stdout).toMatch(/^ann +not built .*\nbob +not built .*\ngone +not built .*\n/m);
  expect(stdout).toContain(
    "gone is not built: lab: there is no folder 'gone'; pass the one that holds mm.c.\n",
  );
  expect(code).toBe(1);
});

/** Puts our compiler before the system's. */
function haveCompiler(): void {
  chmodSync(folder.write('bin/cc', COMPILER), 0o755);
  process.env['PATH'] = `${join(folder.path, 'bin')}${delimiter}${PATH}`;
}
