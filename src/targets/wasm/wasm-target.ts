import { UsageError } from '../../base/usage-error.ts';
import { MIB } from '../../base/units.ts';
import type { MakeAllocatorTarget, Snapshots } from '../../check/target.ts';
import { type AllocatorObject, objectTarget } from '../object.ts';
import { type AnsweredImport, answersFor, importsFor } from './imports.ts';
import { WasmImage, type WasmState } from './image.ts';
import { readState, rewritten } from './sections.ts';
import { WASM, type WasmExports, type WasmGlobal, type WasmModule } from './web-assembly.ts';
import { type HasExports, memoryOf, wasmAllocator, type WasmOptions } from './wasm-allocator.ts';

export interface WasmTargetOptions extends WasmOptions {
  /** Bytes that the memory may grow to, rounded up to pages of 64 KiB. Default: 64 MiB, or less where the module says so. */
  readonly memoryMax?: number;
}

const PAGE_BYTES = 65_536;
/** The globals that a module keeps to itself are exported by this name, with their index behind it. */
const HIDDEN = 'heapcheck:global:';
/** What sets a module up that does not do so by itself, the first that is there. */
export const INITIALIZERS = ['_initialize', '__wasm_call_ctors'];

/** Pages of 64 KiB that a module's memory may have. */
export function pagesMaxOf({ memoryMax = 64 * MIB }: WasmTargetOptions): number {
  return Math.ceil(memoryMax / PAGE_BYTES);
}

/**
 * Makes a target of a WebAssembly module in its binary form. Its state is its memory and its globals, those that it does
 * not export too, so a reset is exact; once the memory has grown, the next program gets a new instance.
 *
 * What is not seen of its state: tables that it changes, and data and element segments that it drops.
 *
 * @param name What to call the target.
 * @throws {UsageError} It is no module, needs what nobody gives it, traps when it starts, or exports no allocator.
 */
export function wasmTarget(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  options: WasmTargetOptions = {},
): MakeAllocatorTarget {
  const factory = new InstanceFactory(name, bytes, options);
  return objectTarget(name, () => new WasmHeap(name, factory, options).allocator);
}

/** Makes instances of one module. */
class InstanceFactory {
  readonly globalNames: readonly string[];
  readonly #name: string;
  readonly #module: WasmModule;
  readonly #answers: readonly AnsweredImport[];

  constructor(name: string, bytes: Uint8Array<ArrayBuffer>, options: WasmTargetOptions) {
    this.#name = name;
    // What is no module is told by the compiler, before it is read here.
    compile(name, bytes);
    const { importedMemory, mutableGlobals } = readState(bytes);
    const pagesMax = pagesMaxOf(options);
    const globals = new Map(mutableGlobals.map((index) => [`${HIDDEN}${index}`, index] as const));
    this.globalNames = [...globals.keys()];
    this.#module = compile(name, rewritten(bytes, { globals, pagesMax }));
    this.#answers = answersFor(this.#module, { name, importedMemory, pagesMax });
  }

  make(): HasExports {
    const holder: { instance?: HasExports } = {};
    const imports = importsFor(this.#answers, () => memoryOf(holder.instance!)!);
    try {
      const instance = new WASM.Instance(this.#module, imports);
      holder.instance = instance;
      const setUp = INITIALIZERS.find((each) => typeof instance.exports[each] === 'function');
      if (setUp !== undefined) (instance.exports[setUp] as () => void)();
      return instance;
    } catch (error) {
      throw new UsageError(
        `${this.#name}: the module cannot be started, ${String(error)}; mend it, or pass a .js module that instantiates it.`,
      );
    }
  }
}

function compile(name: string, bytes: Uint8Array<ArrayBuffer>): WasmModule {
  try {
    return new WASM.Module(bytes);
  } catch (error) {
    const [, reason = String(error)] = /WebAssembly\.Module\(\): (.*)/.exec(String(error)) ?? [];
    throw new UsageError(`${name}: this is no WebAssembly module, ${reason}; build it again.`);
  }
}

/** One allocator in an instance, which is exchanged when that is the only way back. */
class WasmHeap implements HasExports {
  readonly allocator: AllocatorObject;
  readonly #factory: InstanceFactory;
  #instance: { readonly exports: WasmExports };
  #image: WasmImage;

  constructor(name: string, factory: InstanceFactory, options: WasmTargetOptions) {
    this.#factory = factory;
    this.#instance = factory.make();
    const allocator = wasmAllocator(name, this, options);
    this.#image = this.#newImage();
    this.allocator = Object.defineProperty(
      { ...allocator, reset: () => this.#restore(this.#image.start), snapshots: this.#snapshots() },
      'memory',
      Object.getOwnPropertyDescriptor(allocator, 'memory')!,
    );
  }

  get exports(): WasmExports {
    return this.#instance.exports;
  }

  #newImage(): WasmImage {
    const { exports } = this.#instance;
    const globals = this.#factory.globalNames.map((name) => exports[name] as WasmGlobal);
    return new WasmImage(memoryOf(this)!, globals, this.#image?.base);
  }

  /** A memory cannot shrink. */
  #restore(state: WasmState): void {
    if (state.bytesCount < memoryOf(this)!.buffer.byteLength) {
      this.#instance = this.#factory.make();
      this.#image = this.#newImage();
    }
    this.#image.restore(state);
  }

  #snapshots(): Snapshots<WasmState> {
    return {
      capture: () => this.#image.capture(),
      restore: (state) => this.#restore(state),
      describe: (sink) => this.#image.describe(sink),
    };
  }
}
