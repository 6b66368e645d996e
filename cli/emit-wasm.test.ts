import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { bumpModule } from '../src/targets/wasm/wasm-module.test-helper.ts';
import { TestFolder } from './test-folder.test-helper.ts';

const folder = new TestFolder();
afterAll(() => {
  folder.remove();
});

/** What a program says, and how it ends. */
function ran(file: string): { readonly status: number | null; readonly said: string } {
  const { status, stderr, stdout } = spawnSync(process.execPath, [file], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  return { status, said: `${stdout}${stderr}` };
}

describe('replay --emit js of a module of WebAssembly', () => {
  test('leaves a program that shows the finding by the exports alone, and nothing once it is mended', async () => {
    folder.write('bump.wasm', bumpModule({ roundsUp: false }));
    folder.write('odd.ops', 'heapcheck program 1\nb0 = malloc 5\nb1 = malloc 16\n');
    const argv = ['replay', 'odd.ops', '--target', 'bump.wasm', '--emit', 'js'];
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toMatch(/^blocks-stay-apart broken by bump\.wasm at step 1 of 2$/m);
    expect(stdout).toMatch(/^proof {6}odd\.mjs$/m);
    expect([code, ran('odd.mjs').status]).toEqual([1, 1]);
    folder.write('bump.wasm', bumpModule());
    expect(ran('odd.mjs')).toEqual({ status: 0, said: 'the bug does not show\n' });
  });

  test('says why there is none: a trap for a refusal, or memory that only heapcheck bounds', async () => {
    folder.write('traps.wasm', bumpModule({ roundsUp: false, names: ['__alloc', '__free'] }));
    folder.write('one.ops', 'heapcheck program 1\nb0 = malloc 5\nb1 = malloc 5\n');
    const traps = await folder.call([
      'replay',
      'one.ops',
      '--target',
      'traps.wasm',
      '--emit',
      'js',
    ]);
    expect(traps.stdout).toContain('no proof   a program of its own cannot get at traps.wasm;');
    folder.write('bump.wasm', bumpModule({ roundsUp: false }));
    folder.write(
      'full.ops',
      'heapcheck program 1\nb0 = malloc 900000000\nb1 = malloc 5\nb2 = malloc 5\n',
    );
    const full = await folder.call(['replay', 'full.ops', '--target', 'bump.wasm', '--emit', 'js']);
    expect(full.stdout).toContain(
      'no proof   it begins with a refusal, for which heapcheck bounds',
    );
  });
});
