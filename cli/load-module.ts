import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../src/base/usage-error.ts';
import type { AllocatorTarget, MakeAllocatorTarget, Promises } from '../src/check/target.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { type AllocatorObject, type MakeAllocator, objectTarget } from '../src/targets/object.ts';
import type { LoadedTarget } from './loaded-target.ts';
import { specifierFrom } from './specifier.ts';
import type { TargetOptions } from './target-options.ts';

const TYPESCRIPT_ENDINGS = ['.ts', '.mts', '.cts'];
export const SCRIPT_ENDINGS = ['.js', '.mjs', '.cjs', ...TYPESCRIPT_ENDINGS];
/** A module that has not loaded by then never will: it waits at its top level for what does not come. */
const LOAD_LIMIT_MS = 10_000;

/** A module of JavaScript that makes allocators. */
export async function loadModule(
  { file, name, spec }: Pick<LoadedTarget, 'name' | 'spec'> & { readonly file: string },
  options: TargetOptions,
): Promise<LoadedTarget> {
  const makeAllocator = exportedAllocator(spec, await importModule(spec, file));
  return {
    name,
    spec,
    options,
    file,
    makeTarget: promising(userTarget(name, spec, makeAllocator), options.promise),
    proofFrom: (folder) => ({ kind: 'module', specifier: specifierFrom(folder, file) }),
  };
}

/** The targets, with promises beside their own. */
function promising(makeTarget: MakeAllocatorTarget, promise?: Promises): MakeAllocatorTarget {
  if (promise === undefined) return makeTarget;
  return () => {
    const target = makeTarget();
    return Object.assign(target, { promises: { ...target.promises, ...promise } });
  };
}

type Exports = Readonly<Record<string, unknown>>;

/** Imports a module, and listens for what it rejects on the side: that would end the process without a sentence. */
async function importModule(spec: string, file: string): Promise<Exports> {
  const strays: unknown[] = [];
  const note = (reason: unknown): void => {
    strays.push(reason);
  };
  process.on('unhandledRejection', note);
  const loading = new AbortController();
  try {
    const loaded: unknown = await Promise.race([
      import(pathToFileURL(file).href),
      loadLimit(spec, loading.signal),
    ]);
    await setImmediate();
    if (strays.length > 0) throw strays[0];
    return loaded as Exports;
  } catch (error) {
    await setImmediate();
    throw error instanceof UsageError ? error : loadError(spec, file, error);
  } finally {
    loading.abort();
    process.off('unhandledRejection', note);
  }
}

/** @throws {UsageError} When the time is over. Until then its timer keeps the process from ending in silence. */
async function loadLimit(spec: string, signal: AbortSignal): Promise<never> {
  await setTimeout(LOAD_LIMIT_MS, undefined, { signal });
  throw new UsageError(
    `${spec}: the module has not loaded after ${LOAD_LIMIT_MS / 1000} s; make sure that every await at its top level ends.`,
  );
}

function loadError(spec: string, file: string, error: unknown): UsageError {
  if (
    TYPESCRIPT_ENDINGS.includes(extname(file)) &&
    codeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION'
  ) {
    return new UsageError(
      `${spec}: Node ${process.versions.node} does not load TypeScript; use Node 22.18 or later, a loader (node --import tsx), or pass the compiled .js.`,
    );
  }
  return new UsageError(
    `${spec}: the module throws when it is loaded, ${describeThrown(error)}${placeIn(file, error)}; mend it, then try again.`,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return `'${String(error)}'`;
  return `${error.name}: ${error.message.split('\n')[0]}`;
}

/** Where an error was thrown, or where the module cannot be parsed: a line of the module, or another file's. */
function placeIn(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, path, line] = /(?:file:\/\/)?(\/[^\s:()]+):(\d+)/.exec(stack) ?? [];
  const syntaxErrorLine = error instanceof SyntaxError ? syntaxLine(file) : undefined;
  if (syntaxErrorLine !== undefined) return ` (line ${syntaxErrorLine})`;
  if (path === undefined || path === import.meta.filename) return '';
  return path === file ? ` (line ${line})` : ` (${path}:${line})`;
}

/** Where a module cannot be parsed; Node says it on its standard error only. */
function syntaxLine(file: string): string | undefined {
  const check = ['--check', '--input-type=module', '-'];
  const { stderr } = spawnSync(process.execPath, check, {
    input: readFileSync(file),
    encoding: 'utf8',
  });
  return /^\[stdin\]:(\d+)/.exec(stderr)?.[1];
}

/** The function that makes a user's allocator: the default export, or the one called `makeAllocator`. */
function exportedAllocator(spec: string, loaded: Exports): () => AllocatorObject {
  const { default: main, makeAllocator } = loaded;
  const exported = typeof main === 'function' ? main : (makeAllocator ?? main);
  if (exported === undefined || isEmptyObject(exported)) throw noExport(spec, loaded);
  if (
    typeof exported === 'function' &&
    /^class\b/.test(Function.prototype.toString.call(exported))
  ) {
    const name = exported.name === '' ? 'Allocator' : exported.name;
    throw new UsageError(
      `${spec}: the module exports a class; export default () => new ${name}().`,
    );
  }
  return exported as () => AllocatorObject;
}

/** What a CommonJS module exports that exports nothing. */
function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function noExport(spec: string, loaded: Exports): UsageError {
  const names = Object.keys(loaded).filter(
    (name) => name !== 'default' && name !== 'module.exports',
  );
  const others =
    names.length === 0
      ? 'nothing'
      : `${names.slice(0, 5).join(', ')}, but neither default nor makeAllocator`;
  return new UsageError(
    `${spec}: the module exports ${others}; export default () => allocator, where allocator has malloc(size) and free(address).`,
  );
}

/** A user's allocator as a target. What making one throws is the caller's to mend, not a finding. */
function userTarget(
  name: string,
  spec: string,
  makeAllocator: () => AllocatorObject,
): MakeAllocatorTarget {
  if (typeof makeAllocator !== 'function') return objectTarget(spec, makeAllocator);
  const make: MakeAllocator = () => {
    let allocator: AllocatorObject;
    try {
      allocator = withinTime(LOAD_LIMIT_MS, makeAllocator);
    } catch (error) {
      const problem =
        error instanceof TimedOut ? `is ${error.message}` : `throws ${describeThrown(error)}`;
      throw new UsageError(
        `${spec}: making an allocator ${problem}; every program needs a fresh one.`,
      );
    }
    if (allocator instanceof Promise) {
      const mend = 'await at the top level of the module, and return the allocator itself';
      throw new UsageError(`${spec}: the function returns a promise; ${mend}.`);
    }
    return allocator;
  };
  // Messages name the module as it was given; reports name the target.
  objectTarget(spec, make);
  const makeTarget = objectTarget(name, make);
  return () => withSpeakingReset(makeTarget(), spec);
}

/** The target with a `reset` whose errors are told as the module's: a reset is no op, so no law is asked of it. */
function withSpeakingReset(target: AllocatorTarget, spec: string): AllocatorTarget {
  const reset = target.reset?.bind(target);
  if (reset === undefined) return target;
  target.reset = () => {
    try {
      reset();
    } catch (error) {
      throw new UsageError(
        `${spec}: reset throws ${describeThrown(error)}; mend it, or leave it out, and every program gets a fresh allocator.`,
      );
    }
  };
  return target;
}
