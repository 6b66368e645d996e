import type { Prng } from '../src/base/prng.ts';
import type { Program } from '../src/program/program.ts';

/** Draws a program of up to `opsMax` ops. The same state of `prng` gives the same program. */
export type DrawProgram = (prng: Prng, opsMax: number) => Program;

/** Short programs are as likely as a quarter: what they find needs the least shrinking. */
export function programLength(prng: Prng, opsMax: number): number {
  return prng.oneIn(4) ? prng.between(1, Math.min(8, opsMax)) : prng.between(1, opsMax);
}
