import type { Prng } from '../src/base/prng.ts';
import type { Program } from '../src/program/program.ts';

/** Ops of a short program for a machine or a kernel, whose ops do much each. */
export const SHORT_MAX = 8;

/** Draws a program of up to `opsMax` ops. The same state of `prng` gives the same program. */
export type DrawProgram = (prng: Prng, opsMax: number) => Program;

/** How long programs are. */
export interface Lengths {
  /** Ops of the longest. */
  readonly opsMax: number;
  /** Ops of the longest short one. */
  readonly shortMax: number;
}

/** Ops of a program. Every other one is short: most bugs need few ops, and what those find needs the least shrinking. */
export function programLength(prng: Prng, { opsMax, shortMax }: Lengths): number {
  return prng.between(1, prng.oneIn(2) ? Math.min(shortMax, opsMax) : opsMax);
}
