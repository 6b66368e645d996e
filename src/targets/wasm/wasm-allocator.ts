import { UsageError } from '../../base/usage-error.ts';
import type { Promises } from '../../check/target.ts';
import type { AllocatorObject } from '../object.ts';
import {
  BYTES_CLASS,
  type Convention,
  CONVENTIONS,
  WASM_ROLES,
  type WasmRole,
} from './conventions.ts';
import { ModuleStopped } from './imports.ts';
import { WASM, type WasmExports, type WasmMemory } from './web-assembly.ts';

export interface WasmOptions {
  /** By what name an allocator's function is exported, where it is not one that is usual. */
  readonly symbols?: Readonly<Record<string, string>>;
  /** What is promised beyond, or in place of, what allocators of the kind do. */
  readonly promises?: Promises;
}

/** Whatever has a module's exports at the moment. */
export interface HasExports {
  readonly exports: WasmExports;
}

/** A null pointer is sent as 0, which `nullAddress` says. */
type Call = (...args: (number | null)[]) => number;

const PAGE_BYTES = 65_536;
/** TLSF rounds a request up to its class: by a sixteenth at the most. */
export const ROUNDED_UP = 1 + 1 / 16;
/** The largest request that an `i32` holds. */
const SIZE_MAX_32 = 2 ** 32 - 1;

/**
 * The allocator that an instance of a WebAssembly module exports, as an allocator object: `memory`, `malloc` and `free`, and
 * what else it has. Sizes and addresses are `i32`, read as unsigned. Growth of the memory is the footprint.
 *
 * @param name What to call the module in messages.
 * @throws {UsageError} It exports no memory, no `malloc` or no `free`, or not what `symbols` names.
 */
export function wasmAllocator(
  name: string,
  instance: HasExports,
  { promises, symbols = {} }: WasmOptions = {},
): AllocatorObject {
  if (memoryOf(instance) === undefined)
    throw new UsageError(`${name}: the module exports no memory; link it with --export-memory.`);
  const functions = Object.keys(instance.exports).filter(
    (exported) => typeof instance.exports[exported] === 'function',
  );
  const { convention, names } = exportedCalls(name, functions, symbols);
  const exported =
    (called: string): Call =>
    (...args) => {
      try {
        return (instance.exports[called] as Call)(...args) >>> 0;
      } catch (error) {
        throw error instanceof TypeError && error.message.includes('BigInt')
          ? takesWide(name, called)
          : error;
      }
    };
  const call = (role: WasmRole): Call =>
    collected(role, convention, exported) ?? exported(names.get(role)!);
  const request = (role: WasmRole): Call =>
    convention.refusal === 'trap' ? nullWhenFull(call(role), instance) : call(role);
  const has = (role: WasmRole): boolean => names.has(role);
  const free = call('free');
  return {
    promises: { sizeMax: SIZE_MAX_32, ...convention.promises, ...promises },
    get memory() {
      return memoryOf(instance)!;
    },
    footprint: () => memoryOf(instance)!.buffer.byteLength,
    malloc: request('malloc'),
    free: (address) => void free(address),
    ...(has('calloc') && { calloc: request('calloc') }),
    ...(has('realloc') && {
      realloc: takesNull(convention) ? request('realloc') : reallocOf(request),
    }),
    ...(has('aligned') && { aligned: request('aligned') }),
    ...(has('usableSize') && { usableSize: call('usableSize') }),
  };
}

/** What makes a block that a collector keeps, and what frees one. */
function collected(
  role: WasmRole,
  { collector, names }: Convention,
  exported: (called: string) => Call,
): Call | undefined {
  if (collector === undefined) return undefined;
  const [make, unpin] = [exported(names.malloc[0]!), exported(names.free[0]!)];
  const [pin, collect] = [exported(collector.pin), exported(collector.collect)];
  if (role === 'malloc') return (size) => pin(make(size ?? 0, BYTES_CLASS));
  return (address) => {
    unpin(address);
    return collect();
  };
}

/** The calls of an allocator among a module's functions. */
export interface ExportedCalls {
  readonly convention: Convention;
  /** By what name each is exported. */
  readonly names: ReadonlyMap<WasmRole, string>;
}

/** @throws {UsageError} There is no `malloc` or no `free`, or not what `symbols` names. */
export function exportedCalls(
  name: string,
  functions: readonly string[],
  symbols: Readonly<Record<string, string>>,
): ExportedCalls {
  requireRoles(name, symbols);
  const convention = conventionOf(functions, symbols);
  return { convention, names: namesIn(name, functions, { convention, symbols }) };
}

function requireRoles(name: string, symbols: Readonly<Record<string, string>>): void {
  const roles: readonly string[] = WASM_ROLES;
  const unknown = Object.keys(symbols).find((role) => !roles.includes(role));
  if (unknown !== undefined)
    throw new UsageError(
      `${name}: no call of an allocator is called '${unknown}'; name some of ${roles.join(', ')}.`,
    );
}

/** The memory that a module exports; the first one, whatever it is called. */
export function memoryOf({ exports }: HasExports): WasmMemory | undefined {
  return Object.values(exports).find((value) => value instanceof WASM.Memory);
}

/** The convention of the `malloc` that is there; C's where there is none, so that its name can be asked for. */
function conventionOf(
  functions: readonly string[],
  symbols: Readonly<Record<string, string>>,
): Convention {
  const known =
    symbols['malloc'] === undefined &&
    CONVENTIONS.find(({ collector, names }) => {
      const also = collector === undefined ? [] : Object.values(collector);
      return (
        names.malloc.some((name) => functions.includes(name)) &&
        also.every((name) => functions.includes(name))
      );
    });
  return known || CONVENTIONS[0]!;
}

function namesIn(
  name: string,
  functions: readonly string[],
  {
    convention,
    symbols,
  }: {
    readonly convention: Convention;
    readonly symbols: Readonly<Record<string, string>>;
  },
): ReadonlyMap<WasmRole, string> {
  const names = new Map<WasmRole, string>();
  const isFunction = (exported: string): boolean => functions.includes(exported);
  for (const role of WASM_ROLES) {
    const given = symbols[role];
    if (given !== undefined && !isFunction(given))
      throw new UsageError(
        `${name}: the module exports no function '${given}' (${describeFunctions(functions)}); say what its ${role} is called.`,
      );
    const found = given ?? convention.names[role].find(isFunction);
    if (found !== undefined) names.set(role, found);
    else if (role === 'malloc' || role === 'free')
      throw new UsageError(
        `${name}: the module exports no ${role} (${describeFunctions(functions)}); say what it is called, with --symbols ${role}=my_${role}.`,
      );
  }
  return names;
}

function describeFunctions(names: readonly string[]): string {
  if (names.length === 0) return 'it exports no function';
  return `it exports ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`;
}

/** Only C says that a realloc of null is a malloc; where a trap refuses, it is a mistake of the caller's. */
function takesNull({ refusal }: Convention): boolean {
  return refusal === 'null';
}

/** A realloc that asks for a new block where it is given none. */
function reallocOf(request: (role: WasmRole) => Call): Call {
  const [malloc, realloc] = [request('malloc'), request('realloc')];
  return (address, size = 0) => ((address ?? 0) === 0 ? malloc(size) : realloc(address ?? 0, size));
}

function takesWide(name: string, exported: string): UsageError {
  return new UsageError(
    `${name}: '${exported}' takes or returns an i64; export one that has i32 only.`,
  );
}

/** A trap refuses a request, the size of which stands last, when there is no memory for it; any other is a crash. */
function nullWhenFull(call: Call, instance: HasExports): Call {
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      const isTrap = error instanceof WASM.RuntimeError || error instanceof ModuleStopped;
      if (isTrap && !canGrow(memoryOf(instance)!, args.at(-1) ?? 0)) return 0;
      throw error;
    }
  };
}

/** Whether a memory has room for so many bytes more, and for what an allocator may round them up by. */
function canGrow(memory: WasmMemory, bytes: number): boolean {
  try {
    memory.grow(Math.ceil((bytes * ROUNDED_UP) / PAGE_BYTES) + 1);
    return true;
  } catch {
    return false;
  }
}
