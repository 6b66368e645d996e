import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { basename, dirname, extname, isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../src/base/usage-error.ts';
import type {
  AllocatorTarget,
  MakeAllocatorTarget,
  MakeTarget,
  Promises,
} from '../src/check/target.ts';
import type { ProofTarget } from '../src/emit/emit.ts';
import type { FlatArenaOptions } from '../src/heap/flat-arena.ts';
import { type HeapOptions, PRESETS } from '../src/heap/options.ts';
import { withinTime, TimedOut } from '../src/supervise/watchdog.ts';
import { findMutant, loadMutant } from '../src/targets/mutants/index.ts';
import { PRESETS as GEOMETRIES, type PresetName } from '../src/machine/geometry.ts';
import { kernelName, kernelTarget, type KernelTargetOptions } from '../src/targets/kernel.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { type AllocatorObject, type MakeAllocator, objectTarget } from '../src/targets/object.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { PRESETS as NATIVE_PRESETS } from '../src/targets/native/presets.ts';
import { servedNative } from '../src/targets/native/served-native.ts';
import { wasmTarget } from '../src/targets/wasm/wasm-target.ts';
import { SMALL_ALLOCATORS, type SmallAllocatorName } from '../src/targets/small-allocators.ts';
import { printTargetOptions, type TargetOptions, targetOptionsOf } from './target-options.ts';
import { isHandout } from './lab-handout.ts';
import { loadLabTarget } from './lab-target.ts';

/** A target as the command was given it. */
export interface LoadedTarget {
  /** The first words of its reports, and the middle of its findings' file names. */
  readonly name: string;
  readonly makeTarget: MakeTarget;
  /** What `--target` needs to load it again. */
  readonly spec: string;
  /** What stood beside it, and is needed as well. */
  readonly options: TargetOptions;
  /** The module's file, for a target of the user's own. */
  readonly file?: string;
  /** How a program of its own gets at it, written beside a file of this folder; none for what is heapcheck's own. */
  readonly proofFrom?: (folder: string) => ProofTarget;
}

export interface LoadOptions extends TargetOptions {
  /** Folder from which paths are read. */
  readonly cwd: string;
  /** Memory of the reference, where more is needed than its own default. */
  readonly arena?: FlatArenaOptions;
}

const BUILT_IN = "'reference', 'machine', or another name that 'heapcheck list targets' shows";
/** The machines by name. */
const MACHINES = namesByPreset('machine');
export const MACHINE_NAMES: readonly string[] = [...MACHINES.keys()];
/** The reference on the pages of each machine, by name. */
const PAGED = namesByPreset('reference/paged');
export const PAGED_NAMES: readonly string[] = [...PAGED.keys()];
/** The kernels by name: each preset, without address-space ids and with them. */
const KERNELS: ReadonlyMap<string, KernelTargetOptions> = new Map(
  (Object.keys(GEOMETRIES) as PresetName[]).flatMap((preset) =>
    (['off', 'on'] as const).map((ids) => {
      const options = { preset, tlb: { ids } };
      return [kernelName(options), options] as const;
    }),
  ),
);
export const KERNEL_NAMES: readonly string[] = [...KERNELS.keys()];
/** A module that has not loaded by then never will: it waits at its top level for what does not come. */
const LOAD_LIMIT_MS = 10_000;
const SCRIPT_ENDINGS = ['.js', '.mjs', '.cjs'];
const TYPESCRIPT_ENDINGS = ['.ts', '.mts', '.cts'];
const WASM_ENDING = '.wasm';

/**
 * Loads a target by what stands on the command line: the name of one of ours, or the path of a module.
 *
 * @throws {UsageError} There is no such target, or its module cannot serve as one.
 */
export async function loadTarget(spec: string, options: LoadOptions): Promise<LoadedTarget> {
  const own = targetOptionsOf(options);
  if (isBuiltIn(spec)) {
    refuseOptions(own, `${spec} is heapcheck's own, of which all is known`);
    return loadBuiltIn(spec, options);
  }
  if (isLabSpec(spec, options.cwd)) {
    refuseOptions(own, `${spec} is a handout, of which all is known`);
    return loadLabTarget(spec, options.cwd);
  }
  const file = resolve(options.cwd, spec);
  checkFile(spec, file);
  const name = moduleTargetName(file, options.cwd);
  if (extname(file) === WASM_ENDING) return loadWasm({ name, spec, file }, own);
  if (isLibrary(file)) return loadLibrary({ name, spec, file }, own);
  const { promise, ...others } = own;
  refuseOptions(others, `${spec} is a module of JavaScript, whose calls are named as they are`);
  const makeAllocator = exportedAllocator(spec, await importModule(spec, file));
  return {
    name,
    spec,
    options: own,
    file,
    makeTarget: promising(userTarget(name, spec, makeAllocator), promise),
    proofFrom: (folder) => ({ kind: 'module', specifier: specifierFrom(folder, file) }),
  };
}

/** A module of WebAssembly, whose reports are named as it is and whose messages as it was given. */
function loadWasm(
  { file, name, spec }: { readonly name: string; readonly spec: string; readonly file: string },
  options: TargetOptions,
): LoadedTarget {
  const { memoryMax, promise, symbols } = options;
  const bytes = readFileSync(file);
  const wasmOptions = {
    ...(memoryMax !== undefined && { memoryMax }),
    ...(promise && { promises: promise }),
    ...(symbols && { symbols }),
  };
  const makeTarget = loadedInTime(spec, () => wasmTarget(spec, new Uint8Array(bytes), wasmOptions));
  return { name, spec, options, file, makeTarget: withName(makeTarget, name) };
}

/** @throws {UsageError} What starts a module does not end. */
function loadedInTime<T>(spec: string, load: () => T): T {
  try {
    return withinTime(LOAD_LIMIT_MS, load);
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    throw new UsageError(
      `${spec}: the module has not started after ${LOAD_LIMIT_MS / 1000} s; make sure that what sets it up ends.`,
    );
  }
}

/** A shared library, whatever its version: libc.so.6. */
function isLibrary(file: string): boolean {
  return /\.(so(\.\d+)*|dylib|dll)$/.test(file);
}

/** A library in the language of the machine, which a process of its own loads. */
function loadLibrary(
  { file, name, spec }: { readonly name: string; readonly spec: string; readonly file: string },
  options: TargetOptions,
): LoadedTarget {
  const { preset, promise, symbols } = options;
  const native = { library: file, preset, promises: promise, symbols };
  return {
    name,
    spec,
    options,
    file,
    makeTarget: servedNative(native, name),
    ...(preset === undefined || preset === 'libc'
      ? { proofFrom: () => proofOfLibrary(file, symbols ?? {}) }
      : {}),
  };
}

/** How a program in C calls a library: by the names of C, where no others were told. */
function proofOfLibrary(file: string, symbols: Readonly<Record<string, string>>): ProofTarget {
  const { libc } = NATIVE_PRESETS;
  const { aligned, calloc, free, malloc, realloc, usableSize } = { ...libc.symbols, ...symbols };
  const link = `${file} -Wl,-rpath,${dirname(file)}`;
  return { kind: 'library', malloc, free, calloc, realloc, aligned, usableSize, link };
}

function withName(makeTarget: MakeAllocatorTarget, name: string): MakeAllocatorTarget {
  return () => Object.assign(makeTarget(), { name });
}

/** What a module in a folder imports a file by: `./my-allocator.js`. */
function specifierFrom(folder: string, file: string): string {
  const path = relative(folder, file).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** @throws {UsageError} There is an option, and the target is of a kind that has no use for it. */
function refuseOptions(options: TargetOptions, reason: string): void {
  const option = /--[a-z-]+/.exec(printTargetOptions(options))?.[0];
  if (option !== undefined) throw new UsageError(`${option}: ${reason}; leave it out.`);
}

/** The targets, with promises beside their own. */
function promising(makeTarget: MakeAllocatorTarget, promise?: Promises): MakeAllocatorTarget {
  if (promise === undefined) return makeTarget;
  return () => {
    const target = makeTarget();
    return Object.assign(target, { promises: { ...target.promises, ...promise } });
  };
}

/** A folder with an mm.c in it, or one that is said how to build. */
function isLabSpec(spec: string, cwd: string): boolean {
  const [path = ''] = spec.split('?');
  const folder = resolve(cwd, path);
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder && (path !== spec || isHandout(folder));
}

/** A module in a folder of that name is told by its ending. */
export function isBuiltIn(spec: string): boolean {
  return (
    spec === 'reference' ||
    spec === 'machine' ||
    spec === 'kernel' ||
    isSmallAllocator(spec) ||
    (/^(reference|machine|kernel|mutants)\//.test(spec) && extname(spec) === '')
  );
}

async function loadBuiltIn(spec: string, options: LoadOptions): Promise<LoadedTarget> {
  if (spec.startsWith('mutants/')) {
    return builtIn(spec, await loadMutant(findMutant(spec)));
  }
  if (isSmallAllocator(spec)) return builtIn(spec, SMALL_ALLOCATORS[spec]());
  const kernel = KERNELS.get(spec);
  if (kernel !== undefined) return builtIn(spec, kernelTarget(kernel));
  if (/^kernel\b/.test(spec))
    throw new UsageError(
      `target: there is no kernel '${spec.slice('kernel/'.length)}'; pass ${KERNEL_NAMES.join(', ')}.`,
    );
  if (/^machine\b/.test(spec))
    return builtIn(spec, machineTarget({ preset: machinePresetOf(spec) }));
  const paged = PAGED.get(spec);
  if (paged !== undefined) return builtIn(spec, referenceTarget({ machine: { preset: paged } }));
  const makeTarget = referenceTarget({
    name: spec,
    heap: presetOf(spec),
    ...(options.arena && { arena: options.arena }),
  });
  return builtIn(spec, makeTarget);
}

function builtIn(spec: string, makeTarget: MakeTarget): LoadedTarget {
  return { name: spec, spec, options: {}, makeTarget };
}

function isSmallAllocator(spec: string): spec is SmallAllocatorName {
  return Object.hasOwn(SMALL_ALLOCATORS, spec);
}

/** Each preset by the name that a target has on it: x86-64 needs no mention. */
function namesByPreset(name: string): ReadonlyMap<string, PresetName> {
  const presets = Object.keys(GEOMETRIES) as PresetName[];
  return new Map(
    presets.map((preset) => [preset === 'x86-64' ? name : `${name}/${preset}`, preset]),
  );
}

function machinePresetOf(spec: string): PresetName {
  const found = MACHINES.get(spec);
  if (found !== undefined) return found;
  throw new UsageError(
    `target: there is no machine '${spec.slice('machine/'.length)}'; pass ${MACHINE_NAMES.join(', ')}.`,
  );
}

function presetOf(spec: string): HeapOptions {
  const preset = spec === 'reference' ? 'default' : spec.slice('reference/'.length);
  const presets: Readonly<Record<string, HeapOptions>> = PRESETS;
  if (Object.hasOwn(presets, preset)) return presets[preset]!;
  throw new UsageError(
    `target: the reference has no preset '${preset}'; pass reference, or one of ${[
      ...Object.keys(PRESETS).map((name) => `reference/${name}`),
      ...PAGED_NAMES,
    ].join(', ')}.`,
  );
}

function checkFile(spec: string, file: string): void {
  const ending = extname(file);
  if (!existsSync(file)) {
    const mend = `pass the path of a module, ${BUILT_IN}`;
    throw new UsageError(`target: there is no '${spec}'; ${mend}.`);
  }
  if (statSync(file).isDirectory()) {
    throw new UsageError(`target: ${spec} is a folder without mm.c; pass a .js or .mjs file.`);
  }
  if (
    ![...SCRIPT_ENDINGS, ...TYPESCRIPT_ENDINGS, WASM_ENDING].includes(ending) &&
    !isLibrary(file)
  ) {
    throw new UsageError(
      `target: ${spec} is no module; pass a .js, .mjs or .wasm file, or a library.`,
    );
  }
}

/** The path from here, without the ending of a script, or the file's name alone where that is no path downwards. */
function moduleTargetName(file: string, cwd: string): string {
  const path = relative(cwd, file).replaceAll('\\', '/');
  const below = path.startsWith('..') || isAbsolute(path) ? basename(file) : path;
  const isScript = [...SCRIPT_ENDINGS, ...TYPESCRIPT_ENDINGS].includes(extname(file));
  if (!isScript) return below;
  const name = below.slice(0, -extname(file).length);
  return isBuiltIn(name) ? below : name;
}

/** Files that a target's name may stand for, as `moduleTargetName` made it. */
export function filesOfName(name: string): readonly string[] {
  return [name, ...[...SCRIPT_ENDINGS, ...TYPESCRIPT_ENDINGS].map((ending) => `${name}${ending}`)];
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
