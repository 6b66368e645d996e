import { unreachable } from '../base/kit-bug.ts';
import type { Mmu } from '../machine/mmu.ts';

/** Bytes that an access moves. */
export type AccessSize = 1 | 2 | 4 | 8;

/** What came of an access: a value, or why there is none. */
export type AccessAnswer =
  | { readonly kind: 'done'; readonly value: number }
  | { readonly kind: 'faulted'; readonly why: string };

/** Why an access was refused that its page allows. */
export const OUT_OF_FRAMES = 'no frame is left';

/** Loads bytes as a little-endian number; exact below 2^53. */
export function loadBytes(mmu: Mmu, address: number, size: AccessSize): number {
  switch (size) {
    case 1:
      return mmu.load8(address);
    case 2:
      return mmu.load16(address);
    case 4:
      return mmu.load32(address);
    case 8:
      return mmu.load64(address);
    default:
      return unreachable(size);
  }
}

/** @param stored What to store where: a little-endian number, 0 ≤ value < 2^53. */
export function storeBytes(
  mmu: Mmu,
  { address, size, value }: { address: number; size: AccessSize; value: number },
): void {
  switch (size) {
    case 1:
      return mmu.store8(address, value);
    case 2:
      return mmu.store16(address, value);
    case 4:
      return mmu.store32(address, value);
    case 8:
      return mmu.store64(address, value);
    default:
      return unreachable(size);
  }
}

/**
 * Makes an access. Faults are known by name, so that a kernel with a line changed, whose classes are its own, can be
 * driven too.
 */
export function attempt(make: () => number): AccessAnswer {
  try {
    return { kind: 'done', value: make() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'PageFault') return { kind: 'faulted', why: String(error.cause) };
    if (error.name === 'OutOfFrames') return { kind: 'faulted', why: OUT_OF_FRAMES };
    throw error;
  }
}
