import { setImmediate } from 'node:timers/promises';
import { createContext, Script } from 'node:vm';

/** The person at the terminal pressed Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const script = new Script('work()');
const context: { work?: () => void } = {};
createContext(context);

/**
 * Does some work that Ctrl-C stops in the middle, even in an endless loop. Outside of it Ctrl-C ends the process, so
 * that a second one always does.
 *
 * @throws {Interrupted} Ctrl-C was pressed.
 */
export async function interruptible<T>(work: () => T): Promise<T> {
  let result: { value: T } | undefined;
  context.work = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { breakOnSigint: true });
  } catch (error) {
    const isInterrupt = (error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
    throw isInterrupt ? new Interrupted('stopped by Ctrl-C') : error;
  }
  // The terminal gets its turn: what was printed is shown before the next piece of work.
  await setImmediate();
  return result!.value;
}
