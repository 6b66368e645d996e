/** Each mistake is found, and shrunk to a program than which none is shorter. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  FAMOUS,
  famousNames,
  hunt,
  isShortest,
  loadFamous,
  shortestOf,
} from '../../bench/famous-hunt.ts';
import { isConfirmed, searchShortest } from '../../bench/mutant-search.ts';
import { emitProof } from '../../src/emit/emit.ts';
import { ProofFolder, shownBy } from '../../src/emit/run-proof.test-helper.ts';
import { Runner } from '../../src/check/runner.ts';

const folder = new ProofFolder();
afterAll(() => folder.remove());

test('every module has its law and its program', () => {
  expect(famousNames().toSorted()).toEqual(Object.keys(FAMOUS).toSorted());
  expect(famousNames()).toHaveLength(11);
});

describe.each(Object.entries(FAMOUS))('%s', (name, mistake) => {
  test.each(shortestOf(mistake).map((known) => ({ known, ops: known.length })))(
    `breaks ${mistake.law} in $ops ops, and no shorter program shows it`,
    async ({ known }) => {
      const makeTarget = await loadFamous(name);
      expect(new Runner(makeTarget, { checkEvery: 1 }).run(known)?.law).toBe(mistake.law);
      // No program is shorter than the one without ops.
      const isConfirmedShortest =
        known.length === 0 || isConfirmed(searchShortest(known, makeTarget));
      expect(isConfirmedShortest).toBe(true);
    },
  );

  test('is found by the fuzzer and shrunk to as few ops', async () => {
    const makeTarget = await loadFamous(name);
    const { refined } = hunt(makeTarget, 1, 20_000)!;
    expect(refined.finding.law).toBe(mistake.law);
    expect(isShortest(refined, mistake, makeTarget)).toBe(true);
  });

  test('is shown by a program of its own', async () => {
    const make = await loadFamous(name);
    const { finding, trace } = shownBy(make, shortestOf(mistake)[0]!);
    const module = { kind: 'module', specifier: join(import.meta.dirname, `${name}.js`) } as const;
    const proof = emitProof({ finding, trace, target: make() }, module, 'js');
    folder.write(`${name}.mjs`, 'text' in proof ? proof.text : '');
    expect(await folder.run(`${name}.mjs`)).toBe(1);
  });

  test('is told in less than 60 lines', () => {
    const text = readFileSync(join(import.meta.dirname, `${name}.js`), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(60);
  });
});
