import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLS, MODULES } from './bad-calls.test-helper.ts';
import { FOLDERS, PROGRAMS, TRACES } from './bad-files.test-helper.ts';
import { TARGET_OPTIONS } from './bad-targets.test-helper.ts';
import { BROKEN_FILES } from './broken-files.test-helper.ts';
import { TestFolder } from './test-folder.test-helper.ts';

const folder = new TestFolder();

beforeAll(() => {
  for (const [name, content] of Object.entries(BROKEN_FILES)) folder.write(name, content);
});
afterAll(() => {
  folder.remove();
});

describe.each([
  ['call', CALLS],
  ['module', MODULES],
  ['target option', TARGET_OPTIONS],
  ['program', PROGRAMS],
  ['trace', TRACES],
  ['folder', FOLDERS],
])('a %s that is wrong gets one sentence and exit code 2:', (_, rows) => {
  test.each(rows)('%s', async (call, sentence) => {
    const { code, stderr, stdout } = await folder.call(call.split(' '));
    expect(stderr).toBe(`${sentence.replaceAll('FOLDER', folder.path)}\n`);
    expect(code).toBe(2);
    expect(stdout.replace(/^seed .*\n/, '')).toBe('');
  });
});

test('a call without a subcommand shows the help and is wrong as well', async () => {
  const { code, stderr } = await folder.call([]);
  expect(stderr).toMatch(/^Usage: heapcheck /);
  expect(code).toBe(2);
});
