import { type RunnerTestCase, TestRunner } from 'vitest';

import { withinTime } from './src/supervise/watchdog.ts';

/**
 * Stops a test that loops. The limit on time alone cannot, for it waits for a turn of the event loop. So a free list
 * that was spoiled into a ring fails the tests that walk it, and the others still run.
 */
export default class StoppingRunner extends TestRunner {
  /** What a test does before it first waits for something is under the limit. */
  async runTask(test: RunnerTestCase): Promise<void> {
    await withinTime(test.timeout, () => TestRunner.getTestFn(test)());
  }
}
