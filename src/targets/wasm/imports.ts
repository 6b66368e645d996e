import { UsageError } from '../../base/usage-error.ts';
import type { MemoryLimits } from './sections.ts';
import { WASM, type WasmImports, type WasmMemory, type WasmModule } from './web-assembly.ts';

/** What WASI answers to a call that it does not have: ENOSYS. */
const NOT_SUPPORTED = 52;
const PAGE_BYTES = 65_536;

export interface ImportOptions {
  /** What to call the module in messages. */
  readonly name: string;
  readonly importedMemory: MemoryLimits | undefined;
  readonly pagesMax: number;
  /** The memory of the instance that is being made, once it is there. */
  readonly memory: () => WasmMemory;
}

/** A call of the module that ended it. */
export class ModuleStopped extends Error {
  override readonly name = 'ModuleStopped';
}

/**
 * What a module needs of its surroundings, as far as an allocator can need it: a memory, somebody who hears of its end,
 * and a system that has no files.
 *
 * @throws {UsageError} It needs something else.
 */
export function importsFor(module: WasmModule, options: ImportOptions): WasmImports {
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { kind, module: from, name } of WASM.Module.imports(module)) {
    const value = provide(from, name, kind, options);
    if (value === undefined)
      throw new UsageError(
        `${options.name}: the module imports ${kind} '${from}.${name}', which nobody gives it; pass a .js module that instantiates it.`,
      );
    (imports[from] ??= {})[name] = value;
  }
  return imports;
}

function provide(
  from: string,
  name: string,
  kind: string,
  { importedMemory, memory, pagesMax }: ImportOptions,
): unknown {
  if (kind === 'memory' && importedMemory !== undefined) {
    const { isShared, minimum, maximum = pagesMax } = importedMemory;
    return new WASM.Memory({
      initial: minimum,
      maximum: Math.max(minimum, Math.min(maximum, pagesMax)),
      shared: isShared,
    });
  }
  if (kind !== 'function') return undefined;
  if (from.startsWith('wasi_'))
    return name === 'proc_exit' ? stop('proc_exit') : () => NOT_SUPPORTED;
  return from === 'env' ? ENVIRONMENT[name]?.(memory) : undefined;
}

type EnvironmentCall = (...args: number[]) => number | void;

/** What the runtimes of Emscripten and AssemblyScript call. */
const ENVIRONMENT: Readonly<Record<string, (memory: () => WasmMemory) => EnvironmentCall>> = {
  abort: () => stop('abort'),
  emscripten_notify_memory_growth: () => () => {},
  emscripten_resize_heap:
    (memory) =>
    (bytes = 0) =>
      growTo(memory(), bytes),
  seed: () => () => 0.5,
};

function stop(call: string): EnvironmentCall {
  return (...args) => {
    throw new ModuleStopped(`${call}(${args.join(', ')})`);
  };
}

/** @returns 1 when the memory has so many bytes, 0 when it cannot. */
function growTo(memory: WasmMemory, bytes: number): number {
  const pages = Math.ceil((bytes >>> 0) / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  try {
    if (pages > 0) memory.grow(pages);
    return 1;
  } catch {
    return 0;
  }
}
