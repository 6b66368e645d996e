/** Folders of programs that a search keeps, goes on from, and is merged into. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TestFolder } from './test-folder.test-helper.ts';

const folder = new TestFolder();

afterAll(() => {
  folder.remove();
});

const filesOf = (name: string): readonly string[] => readdirSync(join(folder.path, name));

/** What one campaign of few programs keeps in a folder. */
async function fuzzInto(name: string, ...more: readonly string[]): Promise<string> {
  const argv = ['fuzz', 'reference', name, '--runs', '60', '--seed', '1', ...more];
  const { code, stdout } = await folder.call(argv);
  expect(code).toBe(0);
  return stdout;
}

describe('what shows something new', () => {
  test('is kept in the first folder, and is not new the next time', async () => {
    const first = await fuzzInto('kept');
    const count = filesOf('kept').length;
    expect(count).toBeGreaterThan(5);
    expect(first).toContain(`\n${count} programs that showed something new kept in kept\n`);
    const more = await fuzzInto('again', 'kept');
    expect(more).toContain(
      `${filesOf('again').length} programs that showed something new kept in again`,
    );
    await folder.call(['merge', 'reference', 'kept', 'again']);
    const { stdout } = await folder.call(['merge', 'reference', 'kept', 'again']);
    expect(stdout).toMatch(/^kept: 0 programs added of \d+;/);
  });

  test('on two cores is kept too', async () => {
    await fuzzInto('jobs', '-j', '2');
    expect(filesOf('jobs').length).toBeGreaterThan(5);
  });

  test('is merged: what the others show already is left out', async () => {
    folder.write('mine/a.ops', 'heapcheck program 1\nb0 = malloc 24\n');
    folder.write('theirs/b.ops', 'heapcheck program 1\nb0 = malloc 25\n');
    folder.write('theirs/c.ops', 'heapcheck program 1\nb0 = malloc 24\nb0 = realloc b0 5000\n');
    folder.write('theirs/d.ops', 'heapcheck program 1\na0 = map 4096\n');
    const { stdout } = await folder.call(['merge', 'reference', 'mine', 'theirs']);
    expect(stdout).toBe('mine: 1 program added of 2; the others show nothing else on reference\n');
    expect(filesOf('mine')).toHaveLength(2);
  });
});

test('a file in place of a folder, and a program that does not parse, are refused', async () => {
  folder.write('file.txt', '');
  const place = await folder.call(['fuzz', 'reference', 'file.txt']);
  expect([place.code, place.stderr]).toEqual([
    2,
    'file.txt: this is a file; pass a folder of programs, which need not exist.\n',
  ]);
  folder.write('broken/a.ops', 'heapcheck program 1\nb0 = mallok\n');
  const broken = await folder.call(['merge', 'reference', 'mine', 'broken']);
  expect([broken.code, broken.stderr]).toEqual([
    2,
    expect.stringContaining("broken/a.ops:2: 'b0 = mallok' is no op"),
  ]);
});
