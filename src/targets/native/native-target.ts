import { assert } from '../../base/kit-bug.ts';
import type { Size } from '../../base/units.ts';
import type { AllocatorTarget, MakeAllocatorTarget } from '../../check/target.ts';
import { type NativeLibrary, type NativeSpec, openLibrary } from './native-library.ts';
import { NativeMemory } from './native-memory.ts';

/** Aligned as every pointer is: what posix_memalign asks for at the least. */
const POINTER_BYTES = 8;

/**
 * Loads a library into this process, as a target. What crashes there takes the process with it, so this is for
 * processes that may die; a heap is as fresh as the last program left it, unless the library has a reset.
 *
 * @throws {UsageError} The library cannot be loaded, or does not have the functions.
 */
export async function nativeTarget(spec: NativeSpec, name: string): Promise<MakeAllocatorTarget> {
  const library = await openLibrary(spec);
  const target = targetOf(library, name);
  return () => {
    target.reset?.();
    return target;
  };
}

/** A loaded library as a target. There is one heap, so there is one target. */
function targetOf(library: NativeLibrary, name: string): AllocatorTarget {
  const { functions, koffi, promises } = library;
  const { begin, calloc, high, low, realloc, reset, usableSize } = functions;
  const memory = new NativeMemory((address, size) => koffi.view(address, size));
  const blocks =
    functions.newNothrow === undefined ? plainBlocks(library) : operatorBlocks(library);
  begin?.();
  return {
    name,
    promises,
    memory,
    ...blocks,
    ...(calloc && { calloc: (count, size) => orNull(calloc(count, size)) }),
    ...(realloc && { realloc: (address, size) => orNull(realloc(address ?? 0, size)) }),
    ...(usableSize && { usableSize: (address) => Number(usableSize(address)) }),
    ...(low &&
      high && {
        get bounds() {
          return { start: Number(low()), end: Number(high()) + 1 };
        },
      }),
    ...(reset && {
      reset: () => {
        reset();
        begin?.();
      },
    }),
  };
}

type Blocks = Pick<AllocatorTarget, 'aligned' | 'free' | 'malloc'>;

/** Functions of C: whatever gave a block, `free` takes it back. */
function plainBlocks({ functions }: NativeLibrary): Blocks {
  const { aligned, free, malloc, posixAligned } = functions;
  assert(malloc !== undefined && free !== undefined, 'a library has malloc and free');
  const blocks: Blocks = {
    malloc: (size) => orNull(malloc(size)),
    free: (address) => {
      free(address ?? 0);
    },
  };
  if (aligned !== undefined)
    return { ...blocks, aligned: (alignment, size) => orNull(aligned(alignment, size)) };
  if (posixAligned === undefined) return blocks;
  const result = new BigUint64Array(1);
  return {
    ...blocks,
    aligned: (alignment, size) => {
      const error = Number(posixAligned(result, Math.max(POINTER_BYTES, alignment), size));
      return error === 0 ? orNull(Number(result[0])) : null;
    },
  };
}

/** Operators of C++: a block is given back as it was asked for, with its size and its alignment. */
function operatorBlocks({ functions }: NativeLibrary): Blocks {
  const { deleteAligned, deleteSized, free, newAlignedNothrow, newNothrow } = functions;
  assert(newNothrow !== undefined && free !== undefined, 'a library has new and delete');
  const nothrow = new Uint8Array(1);
  const sizes = new Map<number, Size>();
  const alignments = new Map<number, number>();
  const blocks: Blocks = {
    malloc: (size) => {
      const address = orNull(newNothrow(size, nothrow));
      if (address !== null) sizes.set(address, size);
      return address;
    },
    free: (address) => {
      const alignment = alignments.get(address ?? 0);
      const size = sizes.get(address ?? 0);
      if (address !== null) {
        alignments.delete(address);
        sizes.delete(address);
      }
      if (alignment !== undefined) deleteAligned!(address, alignment);
      else if (size !== undefined && deleteSized !== undefined) deleteSized(address, size);
      else free(address ?? 0);
    },
  };
  if (newAlignedNothrow === undefined || deleteAligned === undefined) return blocks;
  return {
    ...blocks,
    aligned: (alignment, size) => {
      const address = orNull(newAlignedNothrow(size, alignment, nothrow));
      if (address !== null) alignments.set(address, alignment);
      return address;
    },
  };
}

/** An address as koffi gives it: a number, or a bigint where it is beyond 2^53. */
function orNull(address: number | bigint): number | null {
  return address === 0 ? null : Number(address);
}
