import { assert } from '../base/kit-bug.ts';
import type { Thread, Waiting } from './thread.ts';

/** Threads that wait for one thing, the longest waiting first. */
export class WaitQueue implements Waiting {
  /** What they wait for, for reports: `s0`, `the end of t2`. */
  readonly name: string;
  readonly #threads: Thread[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get threads(): readonly Thread[] {
    return this.#threads;
  }

  get first(): Thread | undefined {
    return this.#threads[0];
  }

  /** The thread that runs waits here from now on. */
  add(thread: Thread): void {
    assert(thread.waitsIn === undefined, 'a thread waits in one queue');
    thread.state = 'blocked';
    thread.waitsIn = this;
    this.#threads.push(thread);
  }

  /** Takes the first one out. @returns Undefined: nobody waits. */
  take(): Thread | undefined {
    const thread = this.#threads[0];
    if (thread !== undefined) this.remove(thread);
    return thread;
  }

  remove(thread: Thread): void {
    assert(thread.waitsIn === this, 'a thread is taken out of where it waits');
    thread.waitsIn = undefined;
    this.#threads.splice(this.#threads.indexOf(thread), 1);
  }
}
