/*
 * The part of the JavaScript API of WebAssembly that is used here. TypeScript has its types in those of the browser only,
 * which a library must not ask its users for.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmGlobal {
  value: bigint | number;
}

export type WasmExports = Readonly<Record<string, unknown>>;

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A module that was compiled. */
export type WasmModule = object;

/** In pages of 64 KiB. */
export interface WasmLimits {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: boolean;
}

interface Api {
  readonly Memory: new (limits: WasmLimits) => WasmMemory;
  readonly Module: (new (bytes: Uint8Array<ArrayBuffer>) => WasmModule) & {
    imports(module: WasmModule): readonly {
      readonly kind: string;
      readonly module: string;
      readonly name: string;
    }[];
    exports(module: WasmModule): readonly {
      readonly kind: string;
      readonly module: string;
      readonly name: string;
    }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: WasmImports,
  ) => { readonly exports: WasmExports };
  readonly RuntimeError: new (message?: string) => Error;
}

export const WASM = Reflect.get(globalThis, 'WebAssembly') as Api;
