import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TestFolder } from './test-folder.test-helper.ts';

const folder = new TestFolder();
const SEED = join(import.meta.dirname, '../corpus/seeds/threads-deadlock-of-two.ops');

afterAll(() => {
  folder.remove();
});

test('a program of threads that names no target is replayed on a kernel, each op with its place', async () => {
  const { code, stdout } = await folder.call(['replay', SEED]);
  expect(code).toBe(0);
  expect(stdout).toContain('threads-deadlock-of-two.ops on kernel: 12 ops\n');
  expect(stdout).toMatch(/\n {2}8 {2}t1: down s1 +done\n {2}4 {2}yield +done\n/);
  expect(stdout).toMatch(
    / {2}5 {2}down s1 +blocked: t0 waits for s1, which t1 keeps; t1 waits for s0, which t0 keeps\n/,
  );
  expect(stdout).toContain('kernel keeps every law on this program');
});

test('what a thread reads, is refused and faults at is told', async () => {
  const text =
    'heapcheck program 1\nt1 = spawn process\nbrk -1\na0 = map 4096\nload a0 0 8\nunmap a0 0 4096\nload a0 0 8\n';
  folder.write('faults.ops', text);
  const { stdout } = await folder.call(['replay', 'faults.ops']);
  for (const answer of ['refused ENOMEM', 'done 0', 'faulted not-mapped'])
    expect(stdout).toContain(`  ${answer}\n`);
});
