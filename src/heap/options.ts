import { isPowerOfTwo } from '../base/bits.ts';
import { KIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';

/** What the note leaves open. Every choice is named; none is an accident. */
export interface HeapOptions {
  /** Bytes in front of each block. 4 stores sizes and list links in 4 bytes, 8 and 16 in 8 bytes. */
  readonly header: 4 | 8 | 16;
  /** Payload addresses are multiples of this; a power of two, 4 to 4096. */
  readonly alignment: number;
  /** Whether headers also say if a block and the one in front are used, and free blocks repeat their size at the end. */
  readonly tags: 'none' | 'boundary';
  /**
   * How free blocks are kept: in `bins` by size with a bitmap; in one list, newest first (`lifo`) or by `address`; or in
   * the list by address with an index beside it, which chooses exactly as first fit by address does (`address-indexed`).
   */
  readonly list: 'bins' | 'lifo' | 'address' | 'address-indexed';
  readonly links: 'single' | 'double';
  /** Which block serves a request, where a list is searched: the first that fits, from the start or from where the last search ended; the smallest; the largest. */
  readonly fit: 'first' | 'next' | 'best' | 'worst';
  /** Where small blocks' memory comes from. Big blocks are always mapped. */
  readonly growth: 'map' | 'brk';
  /** Bytes to grow by at the least. */
  readonly growthUnit: number;
  /** Requests from this size on are mapped on their own and unmapped when freed; Infinity for none. */
  readonly bigThreshold: number;
  /** Whether the threshold is compared with the request or with the whole block, header included. */
  readonly bigCounts: 'request' | 'block';
  /** Whether free blocks merge where one map ends and the next begins. */
  readonly coalescing: 'across-maps' | 'within-map';
}

/** The heap that scales: 16-aligned, boundary tags, bins. */
export const DEFAULT_OPTIONS: HeapOptions = {
  header: 8,
  alignment: 16,
  tags: 'boundary',
  list: 'bins',
  links: 'double',
  fit: 'first',
  growth: 'map',
  growthUnit: 64 * KIB,
  bigThreshold: 128 * KIB,
  bigCounts: 'request',
  coalescing: 'across-maps',
};

/** The note to the letter: 8 bytes with the size in front, one list in the free memory, first fit, whole pages. */
export const LECTURE_NOTE: HeapOptions = {
  header: 8,
  alignment: 8,
  tags: 'none',
  list: 'address',
  links: 'single',
  fit: 'first',
  growth: 'map',
  growthUnit: 4 * KIB,
  bigThreshold: 4 * KIB,
  bigCounts: 'block',
  coalescing: 'across-maps',
};

/** Presets by name, as targets are called. */
export const PRESETS = { default: DEFAULT_OPTIONS, 'lecture-note': LECTURE_NOTE } as const;

/**
 * Fills in what was left out from the default preset.
 *
 * @throws {UsageError} Options that do not go together, with the option to change.
 */
export function completeOptions(options: Partial<HeapOptions>): HeapOptions {
  const complete = { ...DEFAULT_OPTIONS, ...options };
  const { alignment, growthUnit, header, list, tags } = complete;
  const word = wordSize(header);
  refuse(!isPowerOfTwo(alignment) || alignment < word || alignment > 4096, {
    option: 'alignment',
    got: alignment,
    mend: `a power of two from ${word} to 4096`,
  });
  refuse(tags === 'boundary' && alignment < 8, {
    option: 'alignment',
    got: alignment,
    mend: '8 or more with boundary tags, whose three flags lie in the low bits of the size',
  });
  refuse(
    list === 'bins' && (tags === 'none' || complete.links === 'single' || complete.fit !== 'first'),
    {
      option: 'list',
      got: list,
      mend: "'lifo' or 'address', or keep bins with boundary tags, double links and first fit",
    },
  );
  refuse(list === 'address-indexed' && complete.fit !== 'first', {
    option: 'fit',
    got: complete.fit,
    mend: "'first', which is what the index searches for",
  });
  refuse(!(growthUnit > 0), {
    option: 'growthUnit',
    got: growthUnit,
    mend: 'a number of bytes above 0',
  });
  refuse(!(complete.bigThreshold > 0), {
    option: 'bigThreshold',
    got: complete.bigThreshold,
    mend: 'a number of bytes above 0, or Infinity for none',
  });
  return complete;
}

/** Bytes of a size field and of a list link. */
export function wordSize(header: HeapOptions['header']): 4 | 8 {
  return header === 4 ? 4 : 8;
}

function refuse(isWrong: boolean, parts: { option: string; got: unknown; mend: string }): void {
  if (isWrong)
    throw new UsageError(`heap: ${parts.option} is ${String(parts.got)}; pass ${parts.mend}.`);
}
