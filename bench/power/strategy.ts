import type { MakeTarget } from '../../src/check/target.ts';

/** Milliseconds after which a batch is taken to hang: many times what one takes. */
export const HANG_MS = 2000;

/** A way to look for bugs. */
export interface Strategy {
  readonly name: string;
  /** What it is, in a line. */
  readonly says: string;
  /** What it can be sent against. */
  readonly families: 'allocators' | 'allocators and machines';
  /** Whether the seed makes a difference; without one, there is one trial a task. */
  readonly isSeeded: boolean;
  /** Begins a search. */
  begin(makeTarget: MakeTarget, seed: number): Search;
}

/** A search that is under way. */
export interface Search {
  /**
   * Goes on for a while.
   *
   * @returns What was found, at the op that was executed last; or `nothing`; or `exhausted`, where there is no more to try.
   * @throws {TimedOut} An op did not end. The search is over then.
   */
  next(): Hit | 'nothing' | 'exhausted';
}

/** A bug that was found. */
export interface Hit {
  /**
   * Makes the program that found it small, in the strategy's own way; none where it has no such way.
   *
   * @throws It cannot, since a program on the way hangs, or the target throws between two programs.
   */
  readonly shrink?: () => Shrunk | undefined;
}

export interface Shrunk {
  /** What it ends in, where shrinking kept to that: the law and the kind of op. */
  readonly ending?: string;
  /** Ops of the program that is left. */
  readonly length: number;
  /** Programs that were run on the way. */
  readonly runsCount: number;
}
