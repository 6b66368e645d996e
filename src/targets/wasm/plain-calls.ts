import type { Convention, WasmRole } from './conventions.ts';
import { type AnsweredImport, answersFor } from './imports.ts';
import { readState } from './sections.ts';
import { exportedCalls } from './wasm-allocator.ts';
import { INITIALIZERS, pagesMaxOf, type WasmTargetOptions } from './wasm-target.ts';
import { WASM } from './web-assembly.ts';

/** How anybody has the allocator of a module, with nothing of heapcheck's in between, as the target has it. */
export interface PlainCalls {
  readonly convention: Convention;
  /** By what name each call is exported. */
  readonly names: ReadonlyMap<WasmRole, string>;
  /** What sets it up, if it does not do so by itself. */
  readonly initializer: string | undefined;
  readonly imports: readonly AnsweredImport[];
  /** Pages of 64 KiB that its memory may have. */
  readonly pagesMax: number;
}

/** @param bytes A module of which a target was made. */
export function plainCalls(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  options: WasmTargetOptions = {},
): PlainCalls {
  const module = new WASM.Module(bytes);
  const functions = WASM.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map((each) => each.name);
  const { importedMemory } = readState(bytes);
  const pagesMax = pagesMaxOf(options);
  return {
    ...exportedCalls(name, functions, options.symbols ?? {}),
    initializer: INITIALIZERS.find((each) => functions.includes(each)),
    imports: answersFor(module, { name, importedMemory, pagesMax }),
    pagesMax,
  };
}
