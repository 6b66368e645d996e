import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // Those that read sources, or run what was built: they never see a mutant.
    exclude: ['src/*.test.ts', 'src/supervise/**', 'src/targets/mutants/**'],
    runner: './vitest.runner.ts',
    // A mutant may loop. What is right takes a tenth of this at the most.
    testTimeout: 5000,
  },
});
