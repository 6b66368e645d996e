import { defineConfig } from 'vitest/config';

const FOLDERS = '{src,properties,fuzz,cli,bench,examples}';

export default defineConfig({
  test: {
    include: [`${FOLDERS}/**/*.test.ts`],
    globalSetup: './vitest.setup.ts',
    runner: './vitest.runner.ts',
    testTimeout: 30_000,
    // No module of ours keeps a state that one test could leave to another, and what is loaded and compiled once serves all. V8
    // counts what is covered for a whole process, though, and tests of `fuzz --coverage` begin its counts anew.
    isolate: process.argv.includes('--coverage'),
    // The default leaves one core to others, which on two is half of the machine.
    maxWorkers: '100%',
    coverage: {
      provider: 'v8',
      include: ['{src,properties,fuzz,cli}/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-helper.ts'],
      reporter: ['text-summary'],
      thresholds: {
        'src/base/**': { branches: 100 },
        'src/machine/**': { branches: 100 },
        'src/kernel/**': { branches: 100 },
        'src/heap/**': { branches: 100 },
        'src/allocators/**': { branches: 100 },
        'src/program/**': { branches: 100 },
        'src/check/**': { branches: 100 },
      },
    },
  },
});
