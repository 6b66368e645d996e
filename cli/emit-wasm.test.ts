import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import {
  bumpModule,
  collectedModule,
  constant,
  OP,
  text,
  wasmModule,
} from '../src/targets/wasm/wasm-module.test-helper.ts';
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

  /** A file's replay with a program of its own, and how that program ends before and after the module is mended. */
  const statuses = async (
    ops: string,
    { broken, mended }: Readonly<Record<'broken' | 'mended', Uint8Array>>,
    more: readonly string[] = [],
  ): Promise<readonly (number | null)[]> => {
    const shown = `shown-${(count += 1)}`;
    folder.write('heap.wasm', broken);
    folder.write(`${shown}.ops`, `heapcheck program 1\n${ops.replaceAll('; ', '\n')}\n`);
    const argv = ['replay', `${shown}.ops`, '--target', 'heap.wasm', '--emit', 'js', ...more];
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toContain(`proof      ${shown}.mjs`);
    const { status } = ran(`${shown}.mjs`);
    folder.write('heap.wasm', mended);
    return [code, status, ran(`${shown}.mjs`).status];
  };
  let count = 0;
  const scriptNames = ['__alloc', '__free'] as const;
  const memory = [...text('env'), ...text('memory'), 2, 1, 1, 3];

  test.each<[string, string, Readonly<Record<'broken' | 'mended', Uint8Array>>]>([
    [
      'refuses what a null pointer refuses',
      'b0 = malloc 900000000; b1 = malloc 5; b2 = malloc 5',
      { broken: bumpModule({ roundsUp: false }), mended: bumpModule() },
    ],
    [
      'takes a trap for a refusal where there is no memory',
      'b0 = malloc 60000; b1 = malloc 5; b2 = malloc 5',
      {
        broken: bumpModule({
          names: scriptNames,
          roundsUp: false,
          when13: 'traps',
          trapsAt: 60_000,
        }),
        mended: bumpModule({ names: scriptNames, when13: 'traps', trapsAt: 60_000 }),
      },
    ],
    [
      'takes any other trap for a crash',
      'b0 = malloc 13',
      {
        broken: bumpModule({ names: scriptNames, when13: 'traps' }),
        mended: bumpModule({ names: scriptNames }),
      },
    ],
    [
      'is given a memory as the target is',
      'b0 = malloc 5; b1 = malloc 5',
      {
        broken: bumpModule({ pages: 0, imports: [memory], roundsUp: false }),
        mended: bumpModule({ pages: 0, imports: [memory] }),
      },
    ],
    [
      'pins blocks and collects them',
      'b0 = malloc 24; b1 = malloc 24; free b0',
      { broken: collectedModule([...constant(1024)]), mended: collectedModule() },
    ],
  ])('leaves one that %s', async (_, ops, modules) => {
    const more = ops.includes('60000') ? ['--memory-max', '65536'] : [];
    expect(await statuses(ops, modules, more)).toEqual([1, 1, 0]);
  });

  test('bounds the memory, so that a module shows what it does when that is full', async () => {
    const modules = { broken: bumpModule({ looksAtGrowth: false }), mended: bumpModule() };
    const ops = 'b0 = malloc 60000; b1 = malloc 60000';
    expect(await statuses(ops, modules, ['--memory-max', '65536'])).toEqual([1, 1, 0]);
    // The bound is the program's own: with memory enough nothing is wrong.
    folder.write('heap.wasm', modules.broken);
    const argv = ['replay', `shown-${count}.ops`, '--target', 'heap.wasm'];
    const { code } = await folder.call(argv);
    expect(code).toBe(0);
  });

  test.each([
    ['abort', 'env', 1, []],
    ['seed', 'env', 0, []],
    ['emscripten_resize_heap', 'env', 0, [OP.drop]],
    ['proc_exit', 'wasi_snapshot_preview1', 1, []],
    ['fd_write', 'wasi_snapshot_preview1', 0, []],
  ] as const)('answers %s of %s as the target does', async (name, from, status, more) => {
    // Its malloc calls the import, which has index 0, of the type of malloc where it has a result, and else of free.
    const functions = [
      {
        name: 'malloc',
        paramsCount: 1,
        hasResult: true,
        code: [OP.get, 0, OP.call, 0, ...more, ...constant(1024)],
      },
      { name: 'free', paramsCount: 1, hasResult: false, code: [] },
    ];
    const imports = [[...text(from), ...text(name), 0, more.length === 0 ? 1 : 0]];
    const bytes = wasmModule({ functions, imports, importedFunctions: 1 });
    folder.write(`${name}.wasm`, bytes);
    folder.write(`${name}.ops`, 'heapcheck program 1\nb0 = malloc 8\nb1 = malloc 8\n');
    const argv = ['replay', `${name}.ops`, '--target', `${name}.wasm`, '--emit', 'js'];
    const { stdout } = await folder.call(argv);
    const law = status === 1 ? 'calls-return' : 'blocks-stay-apart';
    expect(stdout).toContain(`${law} broken by ${name}.wasm`);
    const { said } = ran(`${name}.mjs`);
    expect(said).toContain(status === 1 ? `${name}(8)` : law);
  });
});
