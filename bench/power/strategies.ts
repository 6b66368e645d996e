import { BYTES } from './bytes-strategy.ts';
import { EXPLORE } from './explore-strategy.ts';
import { FAST_CHECK } from './fast-check-strategies.ts';
import { ABLATIONS, FUZZ, PROPERTIES } from './own-strategies.ts';
import { RANDOM } from './random-strategy.ts';
import type { Strategy } from './strategy.ts';

/** Every strategy, in the order in which tables and charts show them: others, ours, ours without parts of it. */
export const STRATEGIES: readonly Strategy[] = [
  RANDOM,
  BYTES,
  ...FAST_CHECK,
  PROPERTIES,
  FUZZ,
  EXPLORE,
  ...ABLATIONS,
];
