import type { Size } from '../base/units.ts';
import type { Op } from '../program/op.ts';

/**
 * A file format for what a real program asked of its allocator.
 *
 * Reading is streamed: memory grows with the blocks that live at one time, not with the length of the trace.
 */
export interface TraceFormat {
  readonly name: string;
  /** What a file of this format holds and what records one, in one sentence. */
  readonly says: string;
  /**
   * True when a file that starts so is of this format, or tries to be.
   *
   * @param head The file's first HEAD_LENGTH characters, or all of it.
   */
  matches(head: string): boolean;
  /**
   * Reads a trace, op by op. What only the end can tell (counts, peak) is checked there, after the last op.
   *
   * @param lines Without line ends, as `splitLines` gives them.
   * @param file Named in messages; nothing is read from it.
   * @returns The ops as they are read, then, as the generator's return value, the summary.
   * @throws {UsageError} A line or the whole breaks the format; the message names the line and the mend.
   */
  read(lines: Iterable<string>, file: string): Generator<Op, TraceSummary, undefined>;
}

/** How much of a file's start `matches` wants to see. */
export const HEAD_LENGTH = 4096;

/**
 * What a whole trace held. Bytes are those asked for, exact; sums may exceed SIZE_MAX.
 *
 * - `opsCount`              ops read from the trace
 * - `blocksCount`           blocks handed out; a realloc of a block hands out none
 * - `peakBytes`             the most bytes live at one time
 * - `leftCount`             blocks never given back: the recorded program's leak
 * - `leftBytes`             bytes of those
 * - `linesPassedOverCount`  lines that hold no op: other output, frees of blocks from before the recording
 */
export interface TraceSummary {
  readonly opsCount: number;
  readonly blocksCount: number;
  readonly peakBytes: Size;
  readonly leftCount: number;
  readonly leftBytes: Size;
  readonly linesPassedOverCount: number;
}
