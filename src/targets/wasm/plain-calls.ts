import { exportedCalls } from './wasm-allocator.ts';
import type { WasmRole } from './conventions.ts';
import { INITIALIZERS } from './wasm-target.ts';
import { WASM } from './web-assembly.ts';

/** What makes a module's memory grow from outside of it. */
const RESIZES = 'emscripten_resize_heap';

/** The functions of a module by which anybody has its allocator, with nothing of heapcheck's in between. */
export interface PlainCalls {
  readonly names: ReadonlyMap<WasmRole, string>;
  /** What sets it up, if it does not do so by itself. */
  readonly initializer: string | undefined;
}

/** @returns None, where a request is refused by a trap, or where the module needs more than functions that it may miss. */
export function plainCalls(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  symbols: Readonly<Record<string, string>> = {},
): PlainCalls | undefined {
  const module = new WASM.Module(bytes);
  const isGiven = WASM.Module.imports(module).every(
    (each) => each.kind === 'function' && each.name !== RESIZES,
  );
  const functions = WASM.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map((each) => each.name);
  const { convention, names } = exportedCalls(name, functions, symbols);
  if (!isGiven || convention.refusal === 'trap') return undefined;
  return { names, initializer: INITIALIZERS.find((each) => functions.includes(each)) };
}
