import { readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Engine } from '../fuzz/index.ts';
import { sameBug } from '../src/check/finding.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeAllocatorTarget } from '../src/check/target.ts';
import { refine, type Refined } from '../src/minimize/refine.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../src/program/text.ts';
import { type MakeAllocator, objectTarget } from '../src/targets/object.ts';

/** A mistake that a real allocator made, written anew in `examples/famous`. */
interface FamousMistake {
  readonly law: string;
  /** The shortest programs known that show it, as text: one that does at an op, one in the frees that close a run. */
  readonly shortest: readonly string[];
}

/** From where the project is run. */
const FOLDER = resolve('examples/famous');

/** By the name of the module. */
export const FAMOUS: Readonly<Record<string, FamousMistake>> = {
  'keeps-the-gap-behind': {
    law: 'blocks-stay-apart',
    shortest: ['b0 = malloc 0\nb1 = malloc 0\nfree b0\nfree b1\nb0 = malloc 17\nb1 = malloc 0'],
  },
  'merges-list-neighbours': {
    law: 'freed-space-returns',
    shortest: ['b0 = malloc 0\nb1 = malloc 0'],
  },
  'truncates-units': {
    law: 'blocks-stay-apart',
    shortest: ['b0 = malloc 68719476800\nb1 = malloc 0'],
  },
  'wraps-near-the-top': {
    law: 'impossible-request-is-refused',
    shortest: ['b0 = malloc 4294967295'],
  },
  'two-thresholds': {
    law: 'big-blocks-go-back',
    shortest: ['b0 = malloc 16368', 'b0 = malloc 16368\nfree b0'],
  },
  'grows-and-refuses': {
    law: 'failed-request-changes-nothing',
    shortest: ['b0 = malloc 1048561'],
  },
  'merges-forwards-only': {
    law: 'freed-space-returns',
    shortest: ['b0 = malloc 0\nb1 = malloc 0'],
  },
  // The room that there is on a fresh heap is not to be had.
  'rounds-bins-up': { law: 'freed-space-returns', shortest: [''] },
  'realloc-copies-the-new-size': {
    law: 'calls-return',
    shortest: ['b0 = malloc 0\nb0 = realloc b0 9'],
  },
  'realloc-forgets-alignment': {
    law: 'malloc-aligns',
    shortest: ['b0 = malloc 0\nb0 = realloc b0 1'],
  },
  'loses-front-padding': {
    law: 'freed-space-returns',
    shortest: ['b0 = malloc 0\nb1 = aligned 16 0'],
  },
};

/** The modules that there are. */
export function famousNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.js'))
    .map((file) => basename(file, '.js'));
}

export async function loadFamous(name: string): Promise<MakeAllocatorTarget> {
  const url = pathToFileURL(resolve(FOLDER, `${name}.js`)).href;
  const { default: make } = (await import(url)) as { readonly default: MakeAllocator };
  return objectTarget(name, make);
}

export function shortestOf({ shortest }: FamousMistake): readonly Program[] {
  return shortest.map((text) => parseProgram(`${PROGRAM_HEADER}\n${text}`, 'shortest').program);
}

/** Whether a found program shows the mistake where a known one does, and is as short. */
export function isShortest(
  { finding, program }: Refined,
  mistake: FamousMistake,
  makeTarget: MakeAllocatorTarget,
): boolean {
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  return shortestOf(mistake).some((known) => {
    const expected = runner.run(known);
    return expected !== undefined && sameBug(expected, finding) && program.length === known.length;
  });
}

/** Fuzzes until something is found, and shrinks it; undefined where so many programs find nothing. */
export function hunt(
  makeTarget: MakeAllocatorTarget,
  seed: number,
  programsMax: number,
): { readonly refined: Refined; readonly opsCount: number } | undefined {
  const engine = new Engine(makeTarget, { seed });
  const raw = engine.run(programsMax);
  if (raw === undefined) return undefined;
  const exact = new Runner(makeTarget, { checkEvery: 1 });
  const refined = refine((program) => exact.run(program), raw.program, raw.finding);
  return { refined, opsCount: engine.runner.counts.ops };
}
