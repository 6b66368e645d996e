import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestFolder } from '../test-folder.test-helper.ts';

/** Hands out what overlaps once three blocks are live. */
const OVERLAPPING = `export default () => {
  const live = new Set();
  return {
    malloc(size) {
      let address = 256;
      while (live.has(address)) address += 256;
      if (live.size === 2) address = 256;
      live.add(address);
      return address;
    },
    free: (address) => live.delete(address),
  };
};
`;
/** Loops in its second free. */
const HANGING = `export default () => {
  let top = 0;
  let freed = 0;
  return {
    malloc: () => (top += 4096),
    free() {
      freed += 1;
      while (freed === 2);
    },
  };
};
`;

const folder = new TestFolder();

beforeAll(() => {
  folder.write('overlapping.js', OVERLAPPING);
  folder.write('hanging.js', HANGING);
});
afterAll(() => {
  folder.remove();
});

/** What a call says with --json. */
async function document(argv: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await folder.call(['explore', ...argv, '--json']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('explore', () => {
  test('says how many programs it covers', async () => {
    const { code, stdout } = await folder.call(['explore', '--max-ops', '4']);
    // Of n live blocks, 4 mallocs and n frees go on: 4, 4 (4 + 1), and so on.
    expect(stdout).toContain(
      '  ops  programs\n    1         4\n    2        20\n    3       112\n    4       688\n',
    );
    expect(stdout).toContain(
      '\nno finding in all 824 programs of up to 4 ops: malloc, free over sizes 8, 24, 40, 100.\n',
    );
    expect(stdout).toMatch(/has a chance of 1 in [\d,]+\.\n/);
    expect(stdout).toMatch(/answers-in-time +\d+/);
    expect(code).toBe(0);
  });

  test('says the same for machines', async () => {
    const said = await document(['--max-ops', '3', '--kinds', 'free,malloc', '--sizes', '8,8,40']);
    expect(said).toMatchObject({
      command: 'explore',
      target: 'reference',
      kinds: ['malloc', 'free'],
      sizes: [8, 40],
      end: 'bound reached',
      opsDone: 3,
      programs: '28',
      programsPerLength: ['1', '2', '6', '20'],
      merging: true,
      findings: [],
    });
  });

  test('tells a finding as the others do, and its replay line works', async () => {
    const { code, stdout } = await folder.call(['explore', 'overlapping.js']);
    expect(stdout).toMatch(/^\nblocks-stay-apart broken by overlapping at step 1 of 2\n/);
    expect(stdout).toMatch(
      /\nno finding in all \d+ programs of up to 2 ops: .*\nThe first that finds something has 3 ops: over these, none is shorter/,
    );
    const replay = /^replay +npx heapcheck (.+)$/m.exec(stdout)![1]!;
    expect(readFileSync(join(folder.path, replay.split(' ')[1]!), 'utf8')).toMatch(
      /^# found: by explore on overlapping, shrunk from 3 ops in \d+ runs$/m,
    );
    const again = await folder.call(replay.split(' '));
    expect(again.stdout).toContain('blocks-stay-apart broken by overlapping at step 1 of 2');
    expect([code, again.code]).toEqual([1, 1]);
  });

  test('does misuse to targets that promise an answer, and to no others', async () => {
    const kinds = ['--kinds', 'malloc,free,double-free', '--sizes', '8', '--max-ops', '3'];
    const said = await document(['mutants/slab-frees-twice', ...kinds]);
    expect(said).toMatchObject({ end: 'found', opsDone: 2 });
    const { code, stderr } = await folder.call(['explore', 'bump', ...kinds]);
    expect(stderr).toBe(
      '--kinds: bump does not offer double-free; pass some of malloc, free, realloc, calloc, aligned.\n',
    );
    expect(code).toBe(2);
  });

  test('calls a hang a finding', async () => {
    const argv = ['explore', 'hanging.js', '--time-limit', '100', '--sizes', '8'];
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toMatch(/answers-in-time broken by hanging at step 3 of 4\n/);
    expect(code).toBe(1);
  });

  test('says of a closed space that programs of every length are covered', async () => {
    const { stdout } = await folder.call(['explore', '--sizes', '9007199254740991']);
    expect(stdout).toContain(
      'no finding in any program of any length: malloc, free over sizes 9007199254740991 come to no other state.\n',
    );
  });
});

describe('explore --resume', () => {
  test('goes on where it stopped, and counts what one in one go does', async () => {
    await folder.call(['explore', '--max-ops', '3', '--resume', 'state']);
    const { code, stderr } = await folder.call(['explore', '--max-ops', '3', '--resume', 'state']);
    expect(stderr).toBe(
      '--resume: state has all programs of up to 3 ops; pass more with --max-ops.\n',
    );
    const after = await document(['--max-ops', '5', '--resume', 'state']);
    const inOneGo = await document(['--max-ops', '5']);
    expect(after['programsPerLength']).toEqual(inOneGo['programsPerLength']);
    expect(after['states']).toEqual(inOneGo['states']);
    expect(Number(after['steps'])).toBeLessThan(Number(inOneGo['steps']));
    expect(code).toBe(2);
  });

  test('refuses a file of another search, one that is cut off, and one of another version of the target', async () => {
    await folder.call(['explore', '--max-ops', '3', '--resume', 'other']);
    const sizes = await folder.call(['explore', '--sizes', '8', '--resume', 'other']);
    expect(sizes.stderr).toBe(
      `--resume: ${folder.path}/other is of reference with malloc, free over sizes 8, 24, 40, 100, and this search is of reference with malloc, free over sizes 8; pass the same, or another file.\n`,
    );
    const bytes = readFileSync(join(folder.path, 'other'));
    writeFileSync(join(folder.path, 'cut'), bytes.subarray(0, -4));
    const cut = await folder.call(['explore', '--resume', 'cut']);
    expect(cut.stderr).toBe(
      `--resume: ${folder.path}/cut is cut off; remove it, and search anew.\n`,
    );
    const text = bytes
      .toString('latin1')
      .replace('"target":"reference"', '"target":"mutants/realloc-loses-the-tail"');
    writeFileSync(join(folder.path, 'same'), Buffer.from(text, 'latin1'));
    const same = await document([
      'mutants/realloc-loses-the-tail',
      '--max-ops',
      '4',
      '--resume',
      'same',
    ]);
    expect(same['programs']).toBe('824');
    const spoiled = Buffer.from(bytes);
    const columns = bytes.indexOf(0x0a) + 1;
    const { lengths } = JSON.parse(bytes.subarray(0, columns).toString()) as { lengths: number[] };
    const firstDigest = columns + (lengths[0]! + lengths[1]!) * 4;
    spoiled[firstDigest] = spoiled[firstDigest]! ^ 1;
    writeFileSync(join(folder.path, 'spoiled'), spoiled);
    const others = await folder.call(['explore', '--resume', 'spoiled']);
    expect(others.stderr).toBe(
      '--resume: spoiled was written when reference came to other states; remove it, and search anew.\n',
    );
    expect([sizes.code, cut.code, others.code]).toEqual([2, 2, 2]);
  });

  test('says when it cannot write', async () => {
    const { code, stderr } = await folder.call([
      'explore',
      '--max-ops',
      '1',
      '--resume',
      'no/state',
    ]);
    expect(stderr).toMatch(
      /^--resume: .*no\/state cannot be written \(ENOENT\); pass another file\.\n$/,
    );
    expect(code).toBe(2);
  });

  test('keeps at Ctrl-C how far it came', async () => {
    const listenersCount = process.listenerCount('SIGINT');
    let calls = 0;
    const now = (): number => {
      calls += process.listenerCount('SIGINT') - listenersCount;
      if (calls === 30) process.emit('SIGINT');
      return performance.now();
    };
    const argv = ['explore', '--max-total-time', '60s', '--resume', 'stopped'];
    const { code, stdout } = await folder.call(argv, { now });
    expect(stdout).toMatch(/ s, stopped by Ctrl-C\n/);
    expect(stdout).toMatch(
      /no finding in all [\d,]+ programs of up to \d+ ops?: .*% of the states were gone on from/,
    );
    expect(code).toBe(0);
    expect(process.listenerCount('SIGINT')).toBe(listenersCount);
    expect((await document(['--max-total-time', '1ms', '--resume', 'stopped']))['end']).toBe(
      'out of time',
    );
  });
});
