import type { Prng } from '../src/base/prng.ts';
import type { Program } from '../src/program/program.ts';

/** Draws a program of up to `opsMax` ops. The same state of `prng` gives the same program. */
export type DrawProgram = (prng: Prng, opsMax: number) => Program;

/** Programs of up to so many ops are short. */
export const SHORT_OPS = 8;

/** Every other program is short: most bugs need few ops on a fresh heap, and what those find needs the least shrinking. */
export function programLength(prng: Prng, opsMax: number): number {
  return prng.between(1, prng.oneIn(2) ? Math.min(SHORT_OPS, opsMax) : opsMax);
}
