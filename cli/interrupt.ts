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

/** Does some work, and lets others have their turn: signals are heard then, and messages are sent. */
export async function inTurn<T>(work: () => T): Promise<T> {
  const result = work();
  await setImmediate();
  return result;
}

/**
 * Hears Ctrl-C from here until it is closed, for a search that is done in small pieces: between two of them no signal is
 * lost. A second one ends the process.
 */
export class InterruptListener {
  #isPressed = false;
  #wake: () => void = () => undefined;

  readonly #press = (): void => {
    this.#isPressed = true;
    this.#wake();
  };

  constructor() {
    process.once('SIGINT', this.#press);
  }

  get isPressed(): boolean {
    return this.#isPressed;
  }

  /** @throws {Interrupted} Ctrl-C was pressed. */
  check(): void {
    if (this.#isPressed) throw new Interrupted('stopped by Ctrl-C');
  }

  /** Does one piece, unless Ctrl-C was pressed. @throws {Interrupted} It was. */
  run<T>(work: () => T): Promise<T> {
    this.check();
    return inTurn(work);
  }

  /** Waits until what was begun calls back, or Ctrl-C is pressed. */
  async wait(begin: (wake: () => void) => void): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      begin(resolve);
    });
    this.check();
  }

  close(): void {
    process.off('SIGINT', this.#press);
  }
}
