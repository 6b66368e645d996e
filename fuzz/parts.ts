/**
 * The parts of the engine that can be left out, to see what each is worth.
 *
 * - `swarm` Weights of ops drawn for each program; without it every program has the same.
 * - `sizes` Sizes near thresholds, sizes that wrap, and an even sweep; without it all are even over the powers of two.
 * - `repeats` A handful of sizes a program, drawn again and again; without it each size is a fresh one.
 * - `fits` Sizes that just fit, or just do not, what the program holds and has freed.
 * - `mutation` Kept programs changed a little; without it each program is drawn afresh.
 * - `growth` Short programs only until some ops were run; without it the first may be as long as any.
 * - `novelty` Programs kept for what they show first; without it any program may be kept.
 */
export const ENGINE_PARTS = [
  'swarm',
  'sizes',
  'repeats',
  'fits',
  'growth',
  'mutation',
  'novelty',
] as const satisfies readonly string[];

export type EnginePart = (typeof ENGINE_PARTS)[number];

/** The whole engine. */
export const NOTHING: ReadonlySet<EnginePart> = new Set();
