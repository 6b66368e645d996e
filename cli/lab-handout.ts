import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { MIB } from '../src/base/units.ts';
import { type LabOptions, parseLabSpec, printLabSpec } from './lab-spec.ts';

/** A malloc-lab handout in its folder, in which nothing is ever written. */
export interface Handout {
  /** What `--target` takes. */
  readonly spec: string;
  readonly folder: string;
  /** The files to compile. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  readonly isSanitized: boolean;
  readonly config: LabConfig;
  /** Traces in its own folder, by name. */
  readonly traces: readonly string[];
}

/** What a handout's config.h says, or the course's own values. */
export interface LabConfig {
  /** Every block's address is a multiple of it. */
  readonly alignment: number;
  /** Bytes that the heap can have. */
  readonly heapMax: number;
  /** Share of the utilization in the points. */
  readonly utilizationWeight: number;
  /** Operations a second that count in full. */
  readonly throughputFull: number;
}

/** The values of the course. Source: CS:APP, Malloc Lab, `config.h`. */
const DEFAULTS: LabConfig = {
  alignment: 8,
  heapMax: 20 * MIB,
  utilizationWeight: 0.6,
  throughputFull: 600e3,
};

/**
 * Looks a handout over.
 *
 * @param spec Its folder, with options where it is not built as usual.
 * @throws {UsageError} There is no handout.
 */
export function openHandout(spec: string, cwd: string): Handout {
  const { folder: path, options } = parseLabSpec(spec);
  const folder = resolve(cwd, path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`lab: there is no folder '${path}'; pass the one that holds mm.c.`);
  return {
    spec: printLabSpec(path, options),
    folder,
    sources: [
      sourceIn(folder, path, { name: options.mm ?? 'mm.c', option: '--mm' }),
      sourceIn(folder, path, { name: options.memlib ?? 'memlib.c', option: '--memlib' }),
    ],
    flags: flagsOf(folder, options),
    isSanitized: options.sanitize !== undefined,
    config: parseConfig(textOf(join(folder, 'config.h'))),
    traces: ['traces', '.'].flatMap((name) => tracesIn(join(folder, name))),
  };
}

/** Whether a folder holds a handout, where it is not said how its files are named. */
export function isHandout(folder: string): boolean {
  return existsSync(join(folder, 'mm.c'));
}

function sourceIn(
  folder: string,
  path: string,
  { name, option }: { readonly name: string; readonly option: string },
): string {
  const file = join(folder, name);
  if (existsSync(file)) return file;
  throw new UsageError(`${path}: there is no ${name}; name the file with ${option}, or add it.`);
}

/** A handout of 32 bits says so in its Makefile. */
function flagsOf(folder: string, { cflags, sanitize }: LabOptions): readonly string[] {
  const isNarrow = /^[^#\n]*-m32\b/m.test(textOf(join(folder, 'Makefile')));
  const usual = ['-O2', '-g', ...(isNarrow ? ['-m32'] : [])];
  const given = cflags === undefined ? usual : cflags.split(/\s+/).filter((flag) => flag !== '');
  return sanitize === undefined
    ? given
    : [...given, `-fsanitize=${sanitize}`, '-fno-omit-frame-pointer'];
}

/** What stands in the lines `#define NAME value`. */
export function parseConfig(text: string): LabConfig {
  const valueOf = (name: string): number | undefined => {
    const line = new RegExp(`^\\s*#\\s*define\\s+${name}\\s+(.+)$`, 'm').exec(text)?.[1];
    return line === undefined ? undefined : evaluate(line.replace(/\/[*/].*$/, ''));
  };
  return {
    alignment: valueOf('ALIGNMENT') ?? DEFAULTS.alignment,
    heapMax: valueOf('MAX_HEAP') ?? DEFAULTS.heapMax,
    utilizationWeight: valueOf('UTIL_WEIGHT') ?? DEFAULTS.utilizationWeight,
    throughputFull: valueOf('AVG_LIBC_THRUPUT') ?? DEFAULTS.throughputFull,
  };
}

/** A number of C, or a product of numbers and of shifts in parentheses: `(20*(1<<20))`. Nothing for other expressions. */
function evaluate(expression: string): number | undefined {
  const factors = expression.replaceAll(/[\s()]/g, '').split('*');
  const product = factors
    .map((factor) => {
      const [base, shift = '0'] = factor.split('<<');
      return Number.parseFloat(base!) * 2 ** Number(shift);
    })
    .reduce((a, b) => a * b);
  return Number.isFinite(product) ? product : undefined;
}

function tracesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rep'))
    .toSorted()
    .map((name) => join(folder, name));
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
