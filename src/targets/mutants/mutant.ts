import type { SmallAllocatorName } from '../small-allocators.ts';
import type { Patch } from './import-patched.ts';

/** A target of ours that mutants are made of. */
export type Original =
  | 'reference'
  | SmallAllocatorName
  | 'machine'
  | 'machine/toy'
  | 'kernel'
  | 'kernel/ids';

/** A target of ours with one planted bug. */
export interface Mutant {
  /** Its own name, kebab-case; as a target it is `mutants/<name>`. */
  readonly name: string;
  /** What it is but for its bug. Default `reference`. */
  readonly original?: Original;
  /** The law or invariant that it breaks. */
  readonly law: string;
  /** What is wrong, and where such a mistake was seen. */
  readonly story: string;
  readonly patch: Patch | readonly Patch[];
  /**
   * The shortest program known that shows it where random programs do: at an op, or in the frees that close a run, as
   * program text without its first line.
   */
  readonly shortest: string;
}
