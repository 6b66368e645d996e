import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MakeAllocator, objectTarget } from '../src/targets/object.ts';
import { type Combination, runCombinations } from './combination.ts';

const OPS = 10_000_000;

/** The adapters. */
const PACKAGES = ['thing-malloc', 'codemix-malloc', 'number-allocator'] as const;

/**
 * Allocators from npm against the fuzzer, as far as they hold; what they break besides is in `docs/packages.md`.
 *
 * @param share 1 for all of it, 10 for a tenth of the ops.
 * @returns How many findings there were.
 */
export async function campaignOnPackages(seed: number, share: number): Promise<number> {
  console.log(`allocators from npm, ${OPS / share} ops each\n`);
  const all: Combination[] = [];
  for (const name of PACKAGES) {
    const file = resolve('examples/packages', `${name}.js`);
    const { asFarAsItHolds } = (await import(pathToFileURL(file).href)) as {
      readonly asFarAsItHolds: MakeAllocator;
    };
    all.push({ name, makeTarget: objectTarget(name, asFarAsItHolds) });
  }
  return runCombinations(all, { seed, ops: OPS / share, askedMin: 0 });
}
