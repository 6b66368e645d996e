import type { KnownLengths } from '../known-programs.ts';
import type { MakeTarget } from '../../src/check/target.ts';

/** A target with one bug, which is to be found. */
export interface Task {
  readonly name: string;
  /** Machines perform programs of their own kinds of op, which not every strategy can draw. */
  readonly family: 'allocator' | 'machine';
  /** Ops of the shortest program known that shows the bug. */
  readonly shortestLength: number;
  /** The same by law and kind of op, for each that is known to come of it. */
  readonly shortestLengths: KnownLengths;
  load(): Promise<MakeTarget>;
}
