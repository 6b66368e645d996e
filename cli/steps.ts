import { once } from 'node:events';
import type { Io } from './io.ts';
import { UsageError } from '../src/base/usage-error.ts';

/** Waits for a key between two steps. `q` and Ctrl-C end the waiting for good. */
export class KeyWaiter {
  readonly #io: Io;
  #hasQuit = false;

  /** @throws {UsageError} There is no terminal to press a key on. */
  constructor(io: Io) {
    if (io.stdin.isTTY !== true || io.stdin.setRawMode === undefined) {
      throw new UsageError(
        '--step: there is no terminal to press a key on; leave --step out to see all steps at once.',
      );
    }
    this.#io = io;
  }

  /** @returns False once `q` or Ctrl-C was pressed. */
  async next(): Promise<boolean> {
    if (this.#hasQuit) return false;
    const key = await this.#readKey();
    this.#hasQuit = key === 'q' || key === '\u0003';
    return !this.#hasQuit;
  }

  async #readKey(): Promise<string> {
    const { stdin } = this.#io;
    const over = new AbortController();
    stdin.setRawMode!(true);
    stdin.resume();
    try {
      const pressed = once(stdin, 'data', { signal: over.signal });
      const [data] = (await Promise.race([
        pressed,
        once(stdin, 'end', { signal: over.signal }).then(() => ['q']),
      ])) as [Buffer | string];
      return data.toString();
    } finally {
      over.abort();
      stdin.setRawMode!(false);
      stdin.pause();
    }
  }
}
