import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import type { MakeAllocatorTarget } from '../src/check/target.ts';
import type { ProofTarget } from '../src/emit/emit.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { PRESETS } from '../src/targets/native/presets.ts';
import { servedNative } from '../src/targets/native/served-native.ts';
import { plainCalls } from '../src/targets/wasm/plain-calls.ts';
import { wasmTarget } from '../src/targets/wasm/wasm-target.ts';
import type { LoadedTarget } from './loaded-target.ts';
import { specifierFrom } from './specifier.ts';
import type { TargetOptions } from './target-options.ts';
import { proofOfWasm } from './wasm-proof.ts';

/** A module that has not started by then never will. */
const START_LIMIT_MS = 10_000;

/** Where a target lies: what to call it, as it stands on the command line, and in the file system. */
interface Place {
  readonly name: string;
  readonly spec: string;
  readonly file: string;
}

/** A module of WebAssembly, whose reports are named as it is and whose messages as it was given. */
export function loadWasm({ file, name, spec }: Place, options: TargetOptions): LoadedTarget {
  const { memoryMax, promise, symbols } = options;
  const bytes = new Uint8Array(readFileSync(file));
  const wasmOptions = {
    ...(memoryMax !== undefined && { memoryMax }),
    ...(promise && { promises: promise }),
    ...(symbols && { symbols }),
  };
  const makeTarget = loadedInTime(spec, () => wasmTarget(spec, bytes, wasmOptions));
  const plain = plainCalls(spec, bytes, wasmOptions);
  return {
    name,
    spec,
    options,
    file,
    makeTarget: withName(makeTarget, name),
    proofFrom: (folder) => proofOfWasm(specifierFrom(folder, file), plain),
  };
}

/** @throws {UsageError} What starts a module does not end. */
function loadedInTime<T>(spec: string, load: () => T): T {
  try {
    return withinTime(START_LIMIT_MS, load);
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    throw new UsageError(
      `${spec}: the module has not started after ${START_LIMIT_MS / 1000} s; make sure that what sets it up ends.`,
    );
  }
}

/** A shared library, whatever its version: libc.so.6. */
export function isLibrary(file: string): boolean {
  return /\.(so(\.\d+)*|dylib|dll)$/.test(file);
}

/** A library in the language of the machine, which a process of its own loads. */
export function loadLibrary({ file, name, spec }: Place, options: TargetOptions): LoadedTarget {
  const { preset, promise, symbols } = options;
  const native = { library: file, preset, promises: promise, symbols };
  return {
    name,
    spec,
    options,
    file,
    native,
    makeTarget: servedNative(native, name),
    ...(preset === undefined || preset === 'libc'
      ? { proofFrom: () => proofOfLibrary(file, symbols ?? {}) }
      : {}),
  };
}

/** How a program in C calls a library: by the names of C, where no others were told. */
function proofOfLibrary(file: string, symbols: Readonly<Record<string, string>>): ProofTarget {
  const { libc } = PRESETS;
  const { aligned, calloc, free, malloc, realloc, usableSize } = { ...libc.symbols, ...symbols };
  const link = `${file} -Wl,-rpath,${dirname(file)}`;
  return { kind: 'library', malloc, free, calloc, realloc, aligned, usableSize, link };
}

function withName(makeTarget: MakeAllocatorTarget, name: string): MakeAllocatorTarget {
  return () => Object.assign(makeTarget(), { name });
}
