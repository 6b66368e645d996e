import { unreachable } from '../../base/kit-bug.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { MemoryLimits } from './sections.ts';
import {
  WASM,
  type WasmImports,
  type WasmLimits,
  type WasmMemory,
  type WasmModule,
} from './web-assembly.ts';

/** What WASI answers to a call that it does not have: ENOSYS. */
const NOT_SUPPORTED = 52;
const PAGE_BYTES = 65_536;

/** How an import of a module is answered: by a value, by its end, by more memory, or by a memory that it is given. */
export type ImportAnswer =
  | { readonly kind: 'returns'; readonly value: number | undefined }
  | { readonly kind: 'stops' }
  | { readonly kind: 'grows' }
  | { readonly kind: 'memory'; readonly limits: WasmLimits };

export interface AnsweredImport {
  readonly module: string;
  readonly name: string;
  readonly answer: ImportAnswer;
}

export interface AnswerOptions {
  /** What to call the module in messages. */
  readonly name: string;
  readonly importedMemory: MemoryLimits | undefined;
  readonly pagesMax: number;
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
export function answersFor(module: WasmModule, options: AnswerOptions): readonly AnsweredImport[] {
  return WASM.Module.imports(module).map(({ kind, module: from, name }) => {
    const answer = answerTo({ from, name, kind }, options);
    if (answer === undefined)
      throw new UsageError(
        `${options.name}: the module imports ${kind} '${from}.${name}', which nobody gives it; pass a .js module that instantiates it.`,
      );
    return { module: from, name, answer };
  });
}

/** @param memory The memory of the instance that is being made, once it is there. */
export function importsFor(
  answers: readonly AnsweredImport[],
  memory: () => WasmMemory,
): WasmImports {
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { answer, module, name } of answers)
    (imports[module] ??= {})[name] = valueOf(answer, name, memory);
  return imports;
}

/** What the runtimes of Emscripten and AssemblyScript call. */
const ENVIRONMENT: ReadonlyMap<string, ImportAnswer> = new Map([
  ['abort', { kind: 'stops' }],
  ['emscripten_notify_memory_growth', { kind: 'returns', value: undefined }],
  ['emscripten_resize_heap', { kind: 'grows' }],
  ['seed', { kind: 'returns', value: 0.5 }],
]);

function answerTo(
  { from, kind, name }: { readonly from: string; readonly kind: string; readonly name: string },
  { importedMemory, pagesMax }: AnswerOptions,
): ImportAnswer | undefined {
  if (kind === 'memory' && importedMemory !== undefined) {
    const { isShared, minimum, maximum = pagesMax } = importedMemory;
    const most = Math.max(minimum, Math.min(maximum, pagesMax));
    return { kind: 'memory', limits: { initial: minimum, maximum: most, shared: isShared } };
  }
  if (kind !== 'function') return undefined;
  if (from.startsWith('wasi_'))
    return name === 'proc_exit' ? { kind: 'stops' } : { kind: 'returns', value: NOT_SUPPORTED };
  return from === 'env' ? ENVIRONMENT.get(name) : undefined;
}

function valueOf(answer: ImportAnswer, name: string, memory: () => WasmMemory): unknown {
  switch (answer.kind) {
    case 'memory':
      return new WASM.Memory(answer.limits);
    case 'returns':
      return () => answer.value;
    case 'grows':
      return (bytes: number) => growTo(memory(), bytes);
    case 'stops':
      return (...args: readonly number[]) => {
        throw new ModuleStopped(`${name}(${args.join(', ')})`);
      };
    default:
      return unreachable(answer);
  }
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
