import type { HeapOptions } from '../src/heap/options.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { runCombinations } from './combination.ts';

const OPS = 1_000_000;
/** How often each law is to be asked in each combination. */
const ASKED = 1000;

/**
 * The reference in every combination of its options against the fuzzer.
 *
 * @param share 1 for all of it, 10 for a tenth of the ops.
 * @returns How many findings there were, and laws that were asked too rarely in a combination.
 */
export function campaignOnReference(seed: number, share: number): number {
  console.log(`the reference, ${OPS / share} ops a combination\n`);
  const all = combinations().map((options) => {
    const name = Object.values(options).join(' ');
    return { name, makeTarget: referenceTarget({ name: `reference ${name}`, heap: options }) };
  });
  return runCombinations(all, { seed, ops: OPS / share, askedMin: ASKED / share });
}

/** Every fit, list, links, tags and growth that go together. */
function combinations(): readonly Partial<HeapOptions>[] {
  const combined: Partial<HeapOptions>[] = [];
  for (const growth of ['map', 'brk'] as const) {
    for (const coalescing of ['across-maps', 'within-map'] as const) {
      if (growth === 'brk' && coalescing === 'within-map') continue;
      combined.push({ growth, coalescing, list: 'bins' });
      for (const tags of ['none', 'boundary'] as const) {
        for (const links of ['single', 'double'] as const) {
          combined.push({ growth, coalescing, tags, links, list: 'address-indexed' });
          for (const list of ['lifo', 'address'] as const) {
            for (const fit of ['first', 'next', 'best', 'worst'] as const) {
              combined.push({ growth, coalescing, tags, links, list, fit });
            }
          }
        }
      }
    }
  }
  return combined;
}
