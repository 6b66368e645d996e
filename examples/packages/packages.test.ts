/** Allocators from npm: what they break is in `corpus`, and as far as they hold nothing is found. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Engine } from '../../fuzz/index.ts';
import { Runner } from '../../src/check/runner.ts';
import { LAWS } from '../../src/check/law.ts';
import { emitProof } from '../../src/emit/emit.ts';
import { ProofFolder, shownBy } from '../../src/emit/run-proof.test-helper.ts';
import { corpusFolder } from '../../src/store/corpus-folder.ts';
import { objectTarget, type MakeAllocator } from '../../src/targets/object.ts';

interface Adapter {
  readonly default: MakeAllocator;
  readonly asFarAsItHolds: MakeAllocator;
}

const PACKAGES = ['thing-malloc', 'codemix-malloc', 'number-allocator'] as const;
const corpus = corpusFolder(join(import.meta.dirname, 'corpus'));

const folder = new ProofFolder();
afterAll(() => folder.remove());

async function load(name: string): Promise<Adapter> {
  return (await import(join(import.meta.dirname, `${name}.js`))) as Adapter;
}

describe.each(PACKAGES)('%s', (name) => {
  const stored = corpus.findingsOf(`examples/packages/${name}`);

  test.each(stored)('breaks $law as its file says, in as few ops', async ({ law, program }) => {
    const make = objectTarget(name, (await load(name)).default);
    const run = (ops: typeof program): string | undefined =>
      new Runner(make, { checkEvery: 1 }).run(ops)?.law;
    expect(run(program)).toBe(law);
    const shorter = program.map((_, left) => program.filter((_op, index) => index !== left));
    expect(shorter.map(run)).not.toContain(law);
  });

  test.each(stored)('is shown to break $law by a program of its own', async ({ program }) => {
    const make = objectTarget(name, (await load(name)).default);
    const { finding, trace } = shownBy(make, program);
    const module = { kind: 'module', specifier: join(import.meta.dirname, `${name}.js`) } as const;
    const proof = emitProof({ finding, trace, target: make() }, module, 'js');
    folder.write(`${name}.mjs`, 'text' in proof ? proof.text : '');
    expect(await folder.run(`${name}.mjs`)).toBe(1);
  });

  test('keeps every law it is asked as far as it holds', async () => {
    const make = objectTarget(name, (await load(name)).asFarAsItHolds);
    const engine = new Engine(make, { seed: 1 });
    expect(engine.run(500)).toBeUndefined();
    expect(engine.runner.counts.freed).toBeGreaterThan(500);
  });

  test('is an adapter of less than 60 lines', () => {
    const text = readFileSync(join(import.meta.dirname, `${name}.js`), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(60);
  });
});

test('numbers with no memory behind them are judged by their ranges, and shown', async () => {
  const make = objectTarget('numbers', (await load('number-allocator')).asFarAsItHolds);
  const runner = new Runner(make, { checkEvery: 1, record: 'blocks' });
  runner.run([
    { kind: 'malloc', slot: 0, size: 24 },
    { kind: 'malloc', slot: 1, size: 8 },
    { kind: 'free', slot: 0 },
  ]);
  expect(runner.trace.at(2)?.blocks).toEqual([
    { start: 0, end: 24, state: 'free' },
    { start: 24, end: 32, state: 'used' },
    { start: 32, end: 64, state: 'free' },
  ]);
  const asked = LAWS.filter(({ name }) => (runner.asked.get(name) ?? 0) > 0).map(
    ({ name }) => name,
  );
  expect(asked).toContain('blocks-stay-apart');
  expect(asked).not.toContain('contents-survive');
});

test('every stored finding is of a package', () => {
  const files = readdirSync(join(import.meta.dirname, 'corpus/findings'));
  const found = PACKAGES.flatMap((name) => corpus.findingsOf(`examples/packages/${name}`));
  expect(files).toHaveLength(found.length);
});
