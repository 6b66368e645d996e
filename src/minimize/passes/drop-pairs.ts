import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Longer programs have too many pairs. */
const OPS_MAX = 24;

/** Drops any two ops at once: an allocation and what undoes it, say, of which neither can go alone. */
export function dropPairs(program: Program, attempt: Attempt): Program {
  if (program.length > OPS_MAX) return program;
  for (let second = program.length - 1; second > 0; second -= 1) {
    for (let first = second - 1; first >= 0; first -= 1) {
      const candidate = program.filter((_, index) => index !== first && index !== second);
      if (attempt(candidate)) return dropPairs(candidate, attempt);
    }
  }
  return program;
}
