import type { Promises } from '../../check/target.ts';

/** What an allocator is asked through the exports of its module. */
export const WASM_ROLES = ['malloc', 'free', 'calloc', 'realloc', 'aligned', 'usableSize'] as const;

export type WasmRole = (typeof WASM_ROLES)[number];

/** By what names a module exports its allocator, and what allocators of its kind promise. */
export interface Convention {
  readonly names: Readonly<Record<WasmRole, readonly string[]>>;
  readonly promises: Promises;
  /** How a request is refused: by a null pointer, or by a trap, after which all is as it was. */
  readonly refusal: 'null' | 'trap';
  /** Where a collector frees: what keeps a new block, and what frees those that are kept no more. */
  readonly collector?: { readonly pin: string; readonly collect: string };
}

/** The class that a collected block is said to be of: AssemblyScript's `idof<ArrayBuffer>()`, which has no references. */
export const BYTES_CLASS = 1;

/**
 * Conventions, in the order in which they are tried.
 *
 * - C: wasi-libc and Emscripten. dlmalloc in wasi-libc aligns blocks to 16 bytes, Emscripten's dlmalloc and emmalloc to 8
 *   (MALLOC_ALIGNMENT in their sources), so 8 is what both owe.
 * - AssemblyScript: `~lib/rt` exports `__alloc`, `__realloc` and `__free` of its TLSF. Blocks lie on multiples of 16 (AL_SIZE in
 *   `rt/common`); a request that cannot be granted traps, and one above OBJECT_MAXSIZE is none that the runtime allows. The
 *   same calls are `heap.alloc` and so on in its language.
 * - AssemblyScript with `--exportRuntime`: objects of its collector, whose header is another 16 bytes. One that was made is
 *   pinned, lest a collection frees it; to free it is to unpin it and to collect.
 */
export const CONVENTIONS: readonly Convention[] = [
  {
    names: {
      malloc: ['malloc', '_malloc', 'emscripten_builtin_malloc', 'dlmalloc'],
      free: ['free', '_free', 'emscripten_builtin_free', 'dlfree'],
      calloc: ['calloc', '_calloc', 'dlcalloc'],
      realloc: ['realloc', '_realloc', 'dlrealloc'],
      aligned: ['aligned_alloc', '_aligned_alloc', 'memalign', '_memalign', 'dlmemalign'],
      usableSize: ['malloc_usable_size', '_malloc_usable_size', 'dlmalloc_usable_size'],
    },
    promises: { alignment: 8 },
    refusal: 'null',
  },
  {
    names: {
      malloc: ['__alloc', 'heap.alloc'],
      free: ['__free', 'heap.free'],
      calloc: [],
      realloc: ['__realloc', 'heap.realloc'],
      aligned: [],
      usableSize: [],
    },
    promises: { alignment: 16, sizeMax: 2 ** 30 - 17 },
    refusal: 'trap',
  },
  {
    names: {
      malloc: ['__new'],
      free: ['__unpin'],
      calloc: [],
      realloc: [],
      aligned: [],
      usableSize: [],
    },
    promises: { alignment: 16, sizeMax: 2 ** 30 - 21 },
    refusal: 'trap',
    collector: { pin: '__pin', collect: '__collect' },
  },
];
