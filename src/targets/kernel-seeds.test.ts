/** The programs of threads that every kernel is checked with first. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PRESETS, type PresetName } from '../machine/geometry.ts';
import { needsKernel } from '../program/op.ts';
import { parseProgram } from '../program/text.ts';
import { broken, outcomes } from './kernel-programs.test-helper.ts';
import { kernelTarget } from './kernel.ts';

const FOLDER = join(import.meta.dirname, '../../corpus/seeds');

const SEEDS = readdirSync(FOLDER)
  .filter((file) => file.startsWith('threads-'))
  .map((file) => [file, parseProgram(readFileSync(join(FOLDER, file), 'utf8'), file)] as const);

const CIRCLE = 't0 waits for s1, which t1 keeps; t1 waits for s0, which t0 keeps';

test('each has several threads, and says why it is there', () => {
  expect(SEEDS.length).toBeGreaterThanOrEqual(5);
  for (const [, { notes, program }] of SEEDS) {
    expect(notes.map(([key]) => key)).toEqual(['rows', 'why']);
    expect(program.some(needsKernel)).toBe(true);
  }
});

test.each(SEEDS)('%s finds nothing on any machine', (_, { program }) => {
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    for (const ids of ['off', 'on'] as const)
      expect(broken(program, kernelTarget({ preset, tlb: { ids } }))).toBe('nothing');
  }
});

test.each(SEEDS)(
  '%s comes to every op, or names the circle of its deadlock',
  (file, { program }) => {
    const ended = outcomes(program);
    const lines = (kind: string): readonly string[] =>
      ended.filter((line) => line.includes(`→ ${kind}`));
    const isDeadlock = file.includes('deadlock');
    expect(lines('skipped').length > 0).toBe(isDeadlock);
    expect(lines('blocked').map((line) => line.split('→ blocked ')[1])).toEqual(
      isDeadlock ? [CIRCLE, CIRCLE] : [],
    );
  },
);
