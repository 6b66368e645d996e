import type { Promises } from '../../check/target.ts';
import { MIB, SIZE_MAX } from '../../base/units.ts';

/** What a function of a library is to us. */
export type Role = keyof typeof ROLES;

/**
 * The functions that a library may have, with their types in C. An address is a number to us, and 0 is null.
 *
 * - `begin` makes the heap, `reset` empties it: without a reset, a heap is fresh only in a process that is new.
 * - `low` and `high` tell where the heap is: its first byte, and its last.
 * - `posixAligned` is asked where there is no `aligned`; `freeAligned` frees what `aligned` gave, where `free` may not.
 */
export const ROLES = {
  malloc: ['uintptr_t', ['size_t']],
  free: ['void', ['uintptr_t']],
  calloc: ['uintptr_t', ['size_t', 'size_t']],
  realloc: ['uintptr_t', ['uintptr_t', 'size_t']],
  aligned: ['uintptr_t', ['size_t', 'size_t']],
  posixAligned: ['int', ['void *', 'size_t', 'size_t']],
  usableSize: ['size_t', ['uintptr_t']],
  begin: ['int', []],
  reset: ['void', []],
  low: ['uintptr_t', []],
  high: ['uintptr_t', []],
  newNothrow: ['uintptr_t', ['size_t', 'void *']],
  newAlignedNothrow: ['uintptr_t', ['size_t', 'size_t', 'void *']],
  deleteSized: ['void', ['uintptr_t', 'size_t']],
  deleteAligned: ['void', ['uintptr_t', 'size_t']],
} as const satisfies Readonly<Record<string, readonly [result: string, args: readonly string[]]>>;

/** Names of functions, by what they are to us. */
export type Symbols = Readonly<Partial<Record<Role, string>>>;

export interface Preset {
  readonly symbols: Symbols;
  /** Roles without which there is nothing to test. The others are asked for where the library has them. */
  readonly needs: readonly Role[];
  readonly promises: Promises;
}

export type PresetName = keyof typeof PRESETS;

/**
 * Sizes that a system grants, lazily, and that cost seconds as soon as they are copied or zeroed. From 2^63 on a block has
 * no room in an address space, so such requests are sent: they must be refused.
 */
const SIZES_LEFT_OUT = { min: 16 * MIB + 1, max: 2n ** 63n - 1n };

/** Promised by every library of C. */
const PROMISES: Promises = { alignment: 8, sizeMax: SIZE_MAX, sizesLeftOut: SIZES_LEFT_OUT };

/**
 * What libraries call their functions. The alignment of 8 is that of any object of 8 bytes: C23 asks for no more than the
 * size of a request can need, and most allocators give no more to small ones.
 */
export const PRESETS = {
  libc: {
    symbols: {
      malloc: 'malloc',
      free: 'free',
      calloc: 'calloc',
      realloc: 'realloc',
      aligned: 'aligned_alloc',
      posixAligned: 'posix_memalign',
      usableSize: 'malloc_usable_size',
    },
    needs: ['malloc', 'free'],
    promises: PROMISES,
  },
  /** The course's: mm.c on top of memlib.c, which must both be in the library. */
  'malloc-lab': {
    symbols: {
      malloc: 'mm_malloc',
      free: 'mm_free',
      calloc: 'mm_calloc',
      realloc: 'mm_realloc',
      begin: 'mm_init',
      reset: 'mem_reset_brk',
      low: 'mem_heap_lo',
      high: 'mem_heap_hi',
    },
    needs: ['malloc', 'free', 'begin', 'reset', 'low', 'high'],
    promises: PROMISES,
  },
  /** Operators of C++ in the names of the Itanium ABI. Those that return null are asked, as no call may throw. */
  'c++': {
    symbols: {
      newNothrow: '_ZnwmRKSt9nothrow_t',
      free: '_ZdlPv',
      newAlignedNothrow: '_ZnwmSt11align_val_tRKSt9nothrow_t',
      deleteSized: '_ZdlPvm',
      deleteAligned: '_ZdlPvSt11align_val_t',
    },
    needs: ['newNothrow', 'free'],
    promises: { ...PROMISES, zeroSize: 'block' },
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** An allocator that the world runs on, told by the name of its file. */
interface KnownLibrary {
  readonly file: RegExp;
  readonly promises: Promises;
  /** What the environment must say for the library to load late. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What each promises beyond the C standard:
 *
 * - glibc: 16 for every block; malloc(0) is a block; realloc(p, 0) frees.
 * - jemalloc 5: 8 for requests of up to 8 bytes; realloc(p, 0) frees (`zero_realloc:free`, the default on Linux since 5.3). It keeps
 *   more in the space for a library's own variables than is left when it is loaded late.
 * - mimalloc 2: 8 for requests of up to 8 bytes; realloc(p, 0) gives a block of no bytes.
 * - tcmalloc (gperftools): 8 for requests of up to 8 bytes; realloc(p, 0) frees.
 */
const KNOWN_LIBRARIES: readonly KnownLibrary[] = [
  {
    file: /^libc[-.]/,
    promises: { alignment: 16, zeroSize: 'block', reallocZero: 'frees' },
  },
  {
    file: /^libjemalloc/,
    promises: { zeroSize: 'block', reallocZero: 'frees' },
    env: { GLIBC_TUNABLES: 'glibc.rtld.optional_static_tls=8192' },
  },
  { file: /^libmimalloc/, promises: { zeroSize: 'block', reallocZero: 'resizes' } },
  { file: /^libtcmalloc/, promises: { zeroSize: 'block', reallocZero: 'frees' } },
];

/** What is known of a library by its file's name. */
export function knownLibrary(fileName: string): Pick<KnownLibrary, 'env' | 'promises'> | undefined {
  return KNOWN_LIBRARIES.find(({ file }) => file.test(fileName));
}
