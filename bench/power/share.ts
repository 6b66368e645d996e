import { UsageError } from '../../src/base/usage-error.ts';

/** One part of several, which together are all. */
export interface Share {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/**
 * Reads `i/n`, counted from 1.
 *
 * @throws {UsageError} It is no share.
 */
export function parseShare(text: string): Share {
  const [, part, of] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (part === undefined || of === undefined || part < 1 || part > of)
    throw new UsageError(`--share: '${text}' is no share; pass one of several, such as 1/2.`);
  return { index: part - 1, of };
}
