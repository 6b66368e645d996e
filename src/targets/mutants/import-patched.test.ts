import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { KitBug } from '../../base/kit-bug.ts';
import type { FlatArena } from '../../heap/flat-arena.ts';
import type { referenceTarget } from '../reference.ts';
import { importPatched, type Patch } from './import-patched.ts';

interface Reference {
  readonly referenceTarget: typeof referenceTarget;
}

async function reference(patches: readonly Patch[]): Promise<Reference> {
  return Object(await importPatched('targets/reference', patches));
}

const HEADER: Patch = {
  module: 'heap/heap',
  find: 'return block + this.layout.header;',
  replace: 'return block;',
};
const NAME: Patch = {
  module: 'targets/reference',
  find: "?? 'reference'",
  replace: "?? 'changed'",
};

const flatArena = async (patches: readonly Patch[]): Promise<{ FlatArena: typeof FlatArena }> =>
  Object(await importPatched('heap/flat-arena', patches));

describe('a patched module', () => {
  test('differs by its patch, and the module that everybody uses does not', async () => {
    const patched = (await reference([HEADER])).referenceTarget()();
    const plain = (await reference([])).referenceTarget()();
    expect(plain.malloc(24)! - patched.malloc(24)!).toBe(8);
  });

  test('may be the entry itself, or one far below it, or both at once', async () => {
    const target = (await reference([HEADER, NAME])).referenceTarget()();
    expect([target.name, target.malloc(24)! % 16]).toEqual(['changed', 8]);
  });

  test('may have several lines changed', async () => {
    const more: Patch = {
      module: 'heap/heap',
      find: 'if (size > this.#sizeMax)\n            return null;\n        const extent = this.layout.extentFor(size);\n        if (this.#isBig(size, extent))\n            return this.#mallocBig(size, this.options.alignment);',
      replace: 'const extent = this.layout.extentFor(size);',
    };
    const target = (await reference([HEADER, more])).referenceTarget()();
    expect(target.malloc(24)! % 16).toBe(8);
    const before = target.footprint!();
    target.malloc(200_000);
    target.free(null);
    expect(target.footprint!() - before).toBeLessThan(2 * 200_000);
    expect(target.events!()['bigMallocs']).toBe(0);
  });

  test('is made anew for each import, the modules beside it are not', async () => {
    const [first, second, plain] = await Promise.all([
      reference([NAME]),
      reference([{ ...NAME, replace: "?? 'other'" }]),
      reference([]),
    ]);
    expect(first.referenceTarget).not.toBe(second.referenceTarget);
    expect(first.referenceTarget).not.toBe(plain.referenceTarget);
    expect((await flatArena([NAME])).FlatArena).toBe((await flatArena([])).FlatArena);
  });

  test('works from the built package, and has its own name in what it throws', () => {
    const built = new URL('../../../dist/src/targets/mutants/import-patched.js', import.meta.url);
    const patch = { ...HEADER, replace: "throw new Error('planted');" };
    const script = `
      const { importPatched } = await import('${built.href}');
      const { referenceTarget } = await importPatched('targets/reference', [${JSON.stringify(patch)}]);
      try { referenceTarget()().malloc(24); } catch (error) { console.log(error.stack); }`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
    expect(output.toString()).toMatch(/^Error: planted\n.*\/src\/heap\/heap\.js\?patched:\d+:\d+/);
  });
});

describe('a patch is refused', () => {
  test.each([
    ['stands nowhere', 'const nothing = such;', 0],
    ['stands more than once', 'this.layout.header', 5],
  ])('whose text %s', async (_, find, atLeast) => {
    const error: unknown = await reference([{ ...HEADER, find }]).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(KitBug);
    const times = /not (\d+) times/.exec((error as Error).message)![1];
    expect(Number(times)).toBeGreaterThanOrEqual(atLeast);
    expect((error as Error).message).toMatch(/^the text '.*' stands once in .*\/heap\/heap\.js/);
  });
});
