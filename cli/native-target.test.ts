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
