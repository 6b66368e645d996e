import { createContext, Script } from 'node:vm';

/** Work that was stopped because it did not end in time. What it was working on is in no known state. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

const script = new Script('work()');
const context: { work?: () => unknown } = {};
createContext(context);
let limitNowMs = Infinity;

/**
 * What the work at hand may take, in milliseconds, for whoever waits for another process: V8 stops no thread that is
 * waiting. Infinity, where nobody guards it.
 */
export function timeLimitNow(): number {
  return limitNowMs;
}

/**
 * Does some work, and stops it when it takes too long: even an endless loop, since V8 checks for the stop at every turn
 * of one. A call costs about as much as starting a thread, some 50 us, so guard a batch where batches are small work.
 *
 * @param limitMs Milliseconds of wall-clock time.
 * @throws {TimedOut} The work was stopped, in the middle of whatever it did.
 */
export function withinTime<T>(limitMs: number, work: () => T): T {
  const outer = context.work;
  const limitOuterMs = limitNowMs;
  let result: { value: T } | undefined;
  context.work = () => {
    result = { value: work() };
  };
  limitNowMs = Math.min(limitMs, limitOuterMs);
  try {
    script.runInContext(context, { timeout: limitMs });
  } catch (error) {
    const isTimeout =
      (error as { code?: string } | undefined | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw isTimeout ? new TimedOut(`not done within ${limitMs} ms`) : error;
  } finally {
    limitNowMs = limitOuterMs;
    if (outer === undefined) delete context.work;
    else context.work = outer;
  }
  return result!.value;
}
