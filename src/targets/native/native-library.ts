import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type koffiModule from 'koffi';
import type { LibraryHandle } from 'koffi';
import { UsageError } from '../../base/usage-error.ts';
import type { Promises } from '../../check/target.ts';
import {
  knownLibrary,
  type Preset,
  PRESETS,
  type PresetName,
  type Role,
  ROLES,
  type Symbols,
} from './presets.ts';

/** Which library to test, and how. Plain data: it goes to other processes. */
export interface NativeSpec {
  /** A path, or a name that the system's loader knows: libc.so.6. */
  readonly library: string;
  /** Default: libc. */
  readonly preset?: PresetName | undefined;
  /** Names of functions that are others than the preset's. */
  readonly symbols?: Symbols | undefined;
  /** What is promised besides, or otherwise. */
  readonly promises?: Promises | undefined;
}

/** A function of C, as koffi calls it. */
// oxlint-disable-next-line typescript/no-explicit-any
type NativeFunction = (...args: readonly unknown[]) => any;

type Koffi = typeof koffiModule;

/** A library that is loaded into this process. */
export interface NativeLibrary {
  readonly koffi: Koffi;
  /** The functions that it has, by what they are to us. */
  readonly functions: Readonly<Partial<Record<Role, NativeFunction>>>;
  readonly promises: Promises;
}

/**
 * Loads koffi, which calls C.
 *
 * @throws {UsageError} It is not installed, or not for this system.
 */
export async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch {
    throw new UsageError(
      `native libraries are called through the package koffi, which is not installed for ${process.platform}-${process.arch}; run: npm install --save-dev koffi.`,
    );
  }
}

/**
 * Loads a library into this process. Whatever it does while it is loaded, it does here.
 *
 * @throws {UsageError} It cannot be loaded, or does not have the functions.
 */
export async function openLibrary(spec: NativeSpec): Promise<NativeLibrary> {
  const koffi = await loadKoffi();
  const { library, preset: presetName = 'libc' } = spec;
  const preset: Preset = PRESETS[presetName];
  const handle = load(koffi, library);
  const ownerOf = ownerFinder(koffi);
  const functions: Partial<Record<Role, NativeFunction>> = {};
  for (const role of Object.keys(ROLES) as Role[]) {
    const given = spec.symbols?.[role];
    const name = given ?? preset.symbols[role];
    if (name === undefined) continue;
    if (isIn(handle, name, library, ownerOf)) {
      const [result, args] = ROLES[role];
      functions[role] = handle.func(name, result, [...args]);
    } else if (given !== undefined || preset.needs.includes(role)) {
      throw new UsageError(
        `${library}: the library has no function '${name}'; pass --symbols ${role}=NAME with what it is called there, or another --preset.`,
      );
    }
  }
  return { koffi, functions, promises: promisesOf(spec) };
}

/** What is promised: by the preset, by the library, by the caller; the later wins. */
export function promisesOf({ library, preset = 'libc', promises }: NativeSpec): Promises {
  const known = preset === 'libc' ? knownLibrary(basename(library))?.promises : undefined;
  return { ...PRESETS[preset].promises, ...known, ...promises };
}

function load(koffi: Koffi, library: string): LibraryHandle {
  try {
    // Names that are missing show now, and not as a crash of the first call.
    return koffi.load(library, { lazy: false });
  } catch (error) {
    const reason = (error as Error).message.replace(/^Failed to load shared library: /, '');
    const named = reason.startsWith(library) ? reason : `${library}: ${reason}`;
    throw new UsageError(
      `${named}; pass a library that was built for ${process.platform}-${process.arch}.`,
    );
  }
}

/** Whether a function is the library's own: a name is looked up in all that the library depends on, libc among it. */
function isIn(
  handle: LibraryHandle,
  name: string,
  library: string,
  ownerOf: (symbol: unknown) => string,
): boolean {
  let symbol: unknown;
  try {
    symbol = handle.symbol(name);
  } catch {
    return false;
  }
  const owner = ownerOf(symbol);
  if (owner === '') return false;
  if (!library.includes('/')) return basename(owner) === library;
  return realpathSync(owner) === realpathSync(library);
}

/** @returns A function that tells which file a function is in. */
function ownerFinder(koffi: Koffi): (symbol: unknown) => string {
  const type = koffi.struct({ file: 'str', base: 'void *', name: 'str', address: 'void *' });
  const dladdr = koffi.load(null).func('dladdr', 'int', ['void *', koffi.out(koffi.pointer(type))]);
  return (symbol) => {
    const found: { file?: string } = {};
    return dladdr(symbol, found) === 0 ? '' : found.file!;
  };
}
