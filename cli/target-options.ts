import { type Command, Option } from 'commander';
import { isPowerOfTwo } from '../src/base/bits.ts';
import { SIZE_MAX, type Size } from '../src/base/units.ts';
import { UsageError } from '../src/base/usage-error.ts';
import type { Promises } from '../src/check/target.ts';
import { type PresetName, PRESETS } from '../src/targets/native/presets.ts';
import { parseCount } from './parse-option.ts';

/** What the command line says of a target beside where it is. */
export interface TargetOptions {
  /** The names that a library gives its calls, by the names of C: `malloc` is its `my_alloc`, say. */
  readonly symbols?: Readonly<Record<string, string>>;
  /** How a native library calls what it offers, as a whole. */
  readonly preset?: PresetName;
  /** What it promises, above what is known of its kind. */
  readonly promise?: Promises;
  /** Bytes that the memory of a WebAssembly module may have at the most. */
  readonly memoryMax?: number;
}

/** Promises that a command line can say. */
type SaidPromise = Exclude<keyof Promises, 'sizesLeftOut'>;

/** How the value of each promise is read. */
const PROMISES: Readonly<Record<SaidPromise, (text: string) => unknown>> = {
  alignment: alignmentOf,
  sizeMax: sizeOf,
  zeroSize: oneOf('block', 'null', 'either'),
  reallocZero: oneOf('frees', 'resizes'),
  reallocKeepsAlignment: onlyTrue,
  doubleFree: oneOf('refused', 'ignored', 'aborted'),
  freeInside: oneOf('refused', 'ignored', 'aborted'),
  freeForeign: oneOf('refused', 'ignored', 'aborted'),
  writeFreed: oneOf('ignored', 'aborted'),
  recovers: bytesOf,
  returnsFrom: bytesOf,
  slack: bytesOf,
  usableGrows: onlyTrue,
  repeats: onlyTrue,
  steady: onlyTrue,
  largest: onlyTrue,
};

function onlyTrue(text: string): true {
  return text === 'true' ? true : refuse("'true'");
}

/** Adds the options that say more of a target. */
export function addTargetOptions(command: Command): Command {
  return command
    .option(
      '--symbols <list>',
      'names that a library gives its calls: malloc=my_alloc,free=my_free',
      parseSymbols,
    )
    .addOption(
      new Option('--preset <name>', 'how a native library calls what it offers')
        .choices(Object.keys(PRESETS))
        .default(undefined, 'libc'),
    )
    .option(
      '--promise <list>',
      `what the target promises: alignment=16,zeroSize=null, … (${Object.keys(PROMISES).join(', ')})`,
      parsePromises,
    )
    .option(
      '--memory-max <bytes>',
      'memory that a WebAssembly module may have (default: 64 MiB)',
      parseCount('--memory-max'),
    );
}

/** Those of a command's options that say more of its target. */
export function targetOptionsOf(options: TargetOptions): TargetOptions {
  const { memoryMax, preset, promise, symbols } = options;
  return {
    ...(preset && { preset }),
    ...(symbols && { symbols }),
    ...(promise && { promise }),
    ...(memoryMax !== undefined && { memoryMax }),
  };
}

/** The options as they stand on a command line, each with a space in front; nothing where there are none. */
export function printTargetOptions({ memoryMax, preset, promise, symbols }: TargetOptions): string {
  return [
    preset && ` --preset ${preset}`,
    symbols && ` --symbols ${printPairs(symbols)}`,
    promise && ` --promise ${printPairs(promise)}`,
    memoryMax !== undefined && ` --memory-max ${memoryMax}`,
  ]
    .filter((option) => typeof option === 'string')
    .join('');
}

function printPairs(pairs: object): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',');
}

/** Reads names of calls: `malloc=my_alloc,free=my_free`. */
export function parseSymbols(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(pairsOf('--symbols', text, 'malloc=my_alloc,free=my_free'));
}

/** Reads promises: `alignment=16,zeroSize=null`. */
export function parsePromises(text: string): Promises {
  return Object.fromEntries(
    pairsOf('--promise', text, 'alignment=16,zeroSize=null').map(([name, value]) => [
      name,
      promised(name, value),
    ]),
  );
}

function promised(name: string, text: string): unknown {
  if (!Object.hasOwn(PROMISES, name)) {
    throw new UsageError(
      `--promise: nothing is called '${name}'; pass some of ${Object.keys(PROMISES).join(', ')}.`,
    );
  }
  try {
    return PROMISES[name as SaidPromise](text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--promise: ${name} cannot be '${text}'; pass ${error.message}.`);
  }
}

function pairsOf(option: string, text: string, example: string): [string, string][] {
  return text.split(',').map((word) => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    throw new UsageError(
      `${option}: '${word}' is no NAME=VALUE; pass such with commas between: ${option} ${example}.`,
    );
  });
}

/** @throws {UsageError} Always; its message is what to pass instead. */
function refuse(mend: string): never {
  throw new UsageError(mend);
}

function oneOf(...values: readonly string[]): (text: string) => string {
  return (text) =>
    values.includes(text) ? text : refuse(values.map((value) => `'${value}'`).join(' or '));
}

function bytesOf(text: string): number {
  const bytes = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(bytes) ? bytes : refuse('a number of bytes');
}

function alignmentOf(text: string): number {
  const alignment = Number(text);
  return /^\d+$/.test(text) && isPowerOfTwo(alignment) ? alignment : refuse('a power of two');
}

function sizeOf(text: string): Size {
  if (!/^\d+$/.test(text) || BigInt(text) > SIZE_MAX) return refuse('a size of up to 2^64-1');
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}
