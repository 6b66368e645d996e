import { isPowerOfTwo } from '../base/bits.ts';
import { UsageError } from '../base/usage-error.ts';

/**
 * The shape of virtual memory. An address is cut into one index a level, root first, and an offset:
 *
 *     x86-64   ┌─ 9 ─┬─ 9 ─┬─ 9 ─┬─ 9 ─┬── 12 ──┐   a 2 MiB leaf ends at the third index
 *     x86-32         ┌── 10 ──┬── 10 ──┬── 12 ──┐
 *     toy                        ┌─ 4 ─┬─ 4 ─┬ 6 ┐
 *
 * Levels count from 0, the root.
 */
export interface Geometry {
  /** Bytes of a page, of a frame and of a table; a power of two, 64 to 64 KiB. */
  readonly pageSize: number;
  /** Index bits of each level, root first. */
  readonly levelBits: readonly number[];
  /** Bytes of a table's entry. */
  readonly entrySize: 4 | 8;
  /** The levels above the last whose entries may map a large page. */
  readonly largeLevels: readonly number[];
  /** One past the highest address; one from here on is not canonical. At most 2^48, and 2^36 pages. */
  readonly addressLimit: number;
}

/** A page number and an address-space id fit one number together. */
const PAGES_MAX = 2 ** 36;

/** The geometries with a name. */
export const PRESETS = {
  'x86-64': {
    pageSize: 4096,
    levelBits: [9, 9, 9, 9],
    entrySize: 8,
    largeLevels: [2],
    addressLimit: 2 ** 47,
  },
  'x86-32': {
    pageSize: 4096,
    levelBits: [10, 10],
    entrySize: 4,
    largeLevels: [],
    addressLimit: 2 ** 32,
  },
  toy: {
    pageSize: 64,
    levelBits: [4, 4],
    entrySize: 4,
    largeLevels: [],
    addressLimit: 2 ** 14,
  },
} as const satisfies Record<string, Geometry>;

export type PresetName = keyof typeof PRESETS;

/**
 * How many bytes an entry of each level covers, root first. A leaf at that level maps a page of this size, so the last
 * is the page size.
 */
export function spansOf(geometry: Geometry): readonly number[] {
  let span = geometry.pageSize;
  return geometry.levelBits
    .toReversed()
    .map((bits) => {
      const own = span;
      span *= 2 ** bits;
      return own;
    })
    .toReversed();
}

/** @throws {UsageError} No machine can be built so. */
export function checkGeometry(geometry: Geometry): void {
  const { pageSize, levelBits, entrySize, largeLevels, addressLimit } = geometry;
  if (!isPowerOfTwo(pageSize) || pageSize < 64 || pageSize > 2 ** 16) {
    throw new UsageError(`pageSize: got ${pageSize}; pass a power of two, 64 to 65536.`);
  }
  const bits = levelBits.find((count) => entrySize * 2 ** count !== pageSize);
  if (bits !== undefined || levelBits.length === 0) {
    throw new UsageError(
      `levelBits: got [${levelBits.join(', ')}]; pass levels whose tables of ${entrySize}-byte entries fill one page of ${pageSize} bytes.`,
    );
  }
  const last = levelBits.length - 1;
  if (!largeLevels.every((level) => Number.isInteger(level) && level >= 0 && level < last)) {
    throw new UsageError(
      `largeLevels: got [${largeLevels.join(', ')}]; pass levels above the last, ${last}.`,
    );
  }
  const reach = Math.min(2 ** 48, pageSize * PAGES_MAX, spansOf(geometry)[0]! * 2 ** levelBits[0]!);
  if (!(addressLimit > 0 && addressLimit <= reach && addressLimit % pageSize === 0)) {
    throw new UsageError(
      `addressLimit: got ${addressLimit}; pass whole pages, at most ${reach} bytes.`,
    );
  }
}
