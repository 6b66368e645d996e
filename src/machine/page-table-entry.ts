/**
 * One entry of a page table, 4 or 8 bytes, little-endian:
 *
 *     bit  63            32 31              12 11      8 7 6 5 4 3 2 1 0
 *          ┌───────────────┬──────────────────┬─────────┬─┬─┬─┬───┬─┬─┬─┐
 *          │ 0             │ frame            │ 0       │L│D│A│ 0 │U│W│P│
 *          └───────────────┴──────────────────┴─────────┴─┴─┴─┴───┴─┴─┴─┘
 *          8-byte entries only
 *
 * - `P` present; an entry without it is all zero
 * - `W` writable, `U` for user mode too: an access needs the right in every entry of its walk
 * - `A` accessed, set by each walk that uses the entry; `D` dirty, set in a leaf by the first store
 * - `L` leaf, in a level above the last: the entry maps a large page, whose first frame it names
 * - `frame` the number of the frame that holds the page, or the next table
 *
 * All other bits are reserved and zero. Physical addresses are below 2^32 here, so the upper half of an 8-byte entry is
 * reserved as well, and an entry is one unsigned number of 32 bits.
 *
 * Source: Intel SDM, volume 3, "Paging": formats of paging-structure entries. Where the page size is 4096, `frame`
 * stands where x86 has it.
 */
export const PRESENT = 1;
export const WRITABLE = 2;
export const USER = 4;
export const ACCESSED = 32;
export const DIRTY = 64;
export const LARGE = 128;

/** The rights among an entry's bits. */
export const RIGHTS = WRITABLE | USER;
/** Bits 3, 4 and 8 to 11: zero in every entry. */
export const RESERVED = 0xf18;

const FRAME_SHIFT = 12;

/** A leaf, decoded. */
export interface Mapping {
  /** The first frame. */
  readonly frame: number;
  /** Bytes: the page size, or that of a large page. */
  readonly size: number;
  /** WRITABLE, USER, both or 0. */
  readonly rights: number;
}

/** The number of the frame that an entry names. */
export function frameOf(entry: number): number {
  return entry >>> FRAME_SHIFT;
}

/** @param bits PRESENT and others, as they shall stand in the entry. */
export function encodeEntry(frame: number, bits: number): number {
  return ((frame << FRAME_SHIFT) | bits) >>> 0;
}
