export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** One past the highest address: user addresses of x86-64 with four levels are below 2^47, this leaves room above. */
export const ADDRESS_LIMIT = 2 ** 48;

/**
 * A size in bytes, 0 to 2^64-1, always exact: a number up to 2^53-1, a bigint above.
 * Two equal sizes have one form, so `===` compares them.
 */
export type Size = number | bigint;

export const SIZE_MAX: Size = 2n ** 64n - 1n;

/** Brings an exact integer into the form of a Size. */
export function sizeOf(value: bigint): Size {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** The product of two sizes, exact; it may exceed SIZE_MAX. */
export function sizeProduct(count: Size, size: Size): Size {
  const product = Number(count) * Number(size);
  return product <= Number.MAX_SAFE_INTEGER ? product : sizeOf(BigInt(count) * BigInt(size));
}

/** An address as reports show it: `0x0000_1010`, in groups of four digits, at least two groups. */
export function formatAddress(address: number): string {
  const digits = address.toString(16);
  const groupsCount = Math.max(2, Math.ceil(digits.length / 4));
  const padded = digits.padStart(groupsCount * 4, '0');
  return `0x${padded.match(/.{4}/g)!.join('_')}`;
}
