/** Property suites for fast-check, in any test runner. `heapcheck/vitest` registers them in vitest. */
export { fillAndFreePrograms, type OpWeights, programs, type ProgramShape } from './arbitraries.ts';
export {
  Check,
  type CheckFinding,
  type CheckOptions,
  type CheckProgress,
  type CheckResult,
  checkTarget,
} from './check.ts';
export { sizesFor, type SizeWeights } from './sizes.ts';
export {
  BrokenLaw,
  lawsNotAllowed,
  type LawProperty,
  type PropertiesOptions,
  propertiesOf,
} from './suites.ts';
