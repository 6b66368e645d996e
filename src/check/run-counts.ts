import type { Size } from '../base/units.ts';

/** How many programs and ops a runner has seen, and what became of them. */
export interface RunCounts {
  programs: number;
  ops: number;
  skipped: number;
  notAsked: number;
  refused: number;
  /** Blocks, or a machine's areas, handed out to ops of any kind. */
  granted: number;
  /** Of those, blocks of at least `BIG_BLOCK` bytes. */
  grantedBig: number;
  /** Blocks that ops freed; not those that are freed at the end of each run. */
  freed: number;
}

/** From so many bytes on, many allocators take a block from the system by itself. */
const BIG_BLOCK = 2 ** 17;

export function noCounts(): RunCounts {
  return {
    programs: 0,
    ops: 0,
    skipped: 0,
    notAsked: 0,
    refused: 0,
    granted: 0,
    grantedBig: 0,
    freed: 0,
  };
}

/** Counts a block, or an area, that was handed out. */
export function countGranted(counts: RunCounts, size: Size): void {
  counts.granted += 1;
  if (size >= BIG_BLOCK) counts.grantedBig += 1;
}
