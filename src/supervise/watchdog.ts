import { createContext, Script } from 'node:vm';

/** Work that was stopped because it did not end in time. What it was working on is in no known state. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

const script = new Script('work()');
const context: { work?: () => unknown } = {};
createContext(context);

/**
 * Does some work, and stops it when it takes too long: even an endless loop, since V8 checks for the stop at every turn
 * of one. A call costs about as much as starting a thread, some 50 us, so guard a batch where batches are small work.
 *
 * @param limitMs Milliseconds of wall-clock time.
 * @throws {TimedOut} The work was stopped, in the middle of whatever it did.
 */
export function withinTime<T>(limitMs: number, work: () => T): T {
  const outer = context.work;
  let result: { value: T } | undefined;
  context.work = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: limitMs });
  } catch (error) {
    const isTimeout =
      (error as { code?: string } | undefined | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw isTimeout ? new TimedOut(`not done within ${limitMs} ms`) : error;
  } finally {
    if (outer === undefined) delete context.work;
    else context.work = outer;
  }
  return result!.value;
}
