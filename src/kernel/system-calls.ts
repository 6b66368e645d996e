import { UsageError } from '../base/usage-error.ts';

/** The calls by which a program changes its address space, by the names that Linux has for them. */
export type SystemCall = 'mmap' | 'munmap' | 'mprotect' | 'brk';

/**
 * Why a system call was refused, by the names that Linux has for it; then nothing has changed.
 *
 * - `EINVAL` the arguments never make sense: no bytes, an address that is not a page's first, or past the last one
 * - `EEXIST` something is mapped where the program insists on mapping
 * - `ENOMEM` no room in the address space, no frame, or nothing mapped where something must be
 */
export type Refusal = 'EINVAL' | 'EEXIST' | 'ENOMEM';

export function noCalls(): Record<SystemCall, number> {
  return { mmap: 0, munmap: 0, mprotect: 0, brk: 0 };
}

/** @throws {UsageError} A number that no program can pass: not whole, or outside of those allowed. */
export function checkNumber(name: string, value: number, least = 0): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new UsageError(
    `${name}: got ${value}; pass a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}.`,
  );
}
