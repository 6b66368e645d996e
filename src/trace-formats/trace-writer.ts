import type { Op } from '../program/op.ts';
import type { Losses } from './block-calls.ts';

/** A file format that programs can be written in, for programs other than heapcheck. */
export interface TraceWriter {
  /** As the format is called that reads it. */
  readonly name: string;
  /**
   * Writes a program of ops on blocks as if each of its requests were granted.
   *
   * @param read Reads the ops from the start; called more than once where the first lines tell what the last hold.
   * @param losses Told what the format cannot say.
   * @returns The lines, without their ends.
   * @throws {UsageError} No file of this format can hold the program.
   */
  write(read: () => Iterable<Op>, losses: Losses): Generator<string, void, undefined>;
}
