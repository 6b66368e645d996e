/**
 * What `npm run mutation` does: it changes the code of four folders in one place at a time, and has the tests of `src`
 * run that come there. A part: `npm run mutation -- --mutate 'src/heap/!(*.test*).ts'`.
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'bench/mutation/vitest.config.ts' },
  mutate: ['src/{machine,kernel,heap,check}/!(*.test*).ts'],
  // Texts: names, reports, the words of a union. Tests that name every text would say everything twice, and a word of a
  // union that is not what it was is seen where it is compared, which is a mutant of its own.
  mutator: { excludedMutations: ['StringLiteral'] },
  // Each mutant is run against the tests that come to it, those of its own file first; against all of them a night would
  // not do. What runs once, when a module is loaded, is tables and constants: for these every test would have to start anew.
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 1,
  // Rewrites paths in it by an interface that this TypeScript no longer has; nothing of ours needs that.
  tsconfigFile: 'none',
  incremental: true,
  incrementalFile: '.stryker/incremental.json',
  tempDirName: '.stryker/sandbox',
  ignorePatterns: ['/.stryker', '/coverage'],
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { logTests: false, reportTests: false },
  jsonReporter: { fileName: '.stryker/report.json' },
};
