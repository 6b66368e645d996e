import { clearLine, cursorTo } from 'node:readline';
import type { Io } from './io.ts';

/** How often a line is written where the last one cannot be overwritten, and where it can. */
const PLAIN_EVERY_MS = 3000;
const TERMINAL_EVERY_MS = 100;

/** One line that says how far the work is: overwritten on a terminal, written now and then elsewhere; on stderr. */
export class Progress {
  readonly #io: Io;
  readonly #isShown: boolean;
  #shownAt: number;
  #isLineOpen = false;

  constructor(io: Io, isShown: boolean) {
    this.#io = io;
    this.#isShown = isShown;
    this.#shownAt = io.now();
  }

  /** Shows a line if it is time for one; `line` is called only then. */
  update(line: () => string): void {
    const { stderr } = this.#io;
    const everyMs = stderr.isTTY === true ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
    if (!this.#isShown || this.#io.now() - this.#shownAt < everyMs) return;
    this.#shownAt = this.#io.now();
    if (stderr.isTTY !== true) {
      stderr.write(`${line()}\n`);
      return;
    }
    this.clear();
    stderr.write(line().slice(0, (stderr.columns ?? 80) - 1));
    this.#isLineOpen = true;
  }

  /** Makes room for other output. */
  clear(): void {
    if (!this.#isLineOpen) return;
    const stream = this.#io.stderr as NodeJS.WritableStream;
    clearLine(stream, 0);
    cursorTo(stream, 0);
    this.#isLineOpen = false;
  }
}
