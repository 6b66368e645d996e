import { fold } from '../src/base/prng.ts';
import type { ScriptCoverage } from './module-coverage.ts';

/**
 * What ran of some scripts, as numbers: one for each function that ran and the blocks of it that did and did not, so that
 * another way through a function is another number.
 */
export function codeFeatures(scripts: readonly ScriptCoverage[]): readonly number[] {
  return scripts.flatMap(({ functions, url }) =>
    functions
      .filter(({ ranges }) => ranges[0]!.count > 0)
      .map(({ ranges }) =>
        fold(
          `${url} ${ranges.map(({ count, startOffset }) => `${startOffset} ${count > 0}`).join(' ')}`,
        ),
      ),
  );
}
