import type { MemoryRefusals } from '../../check/target.ts';
import type { SystemCalls } from './system-calls.ts';

/** The calls of the system that refusals need. */
export type RefusingCalls = Pick<SystemCalls, 'dataBytes' | 'limitData' | 'lackedMemory' | 'tidy'>;

/** Where refusals are counted: memory that outlives a process that dies while it is refused some. */
export interface RefusalCounts {
  refused: number;
  /** 1 while a call is under way that is refused memory. */
  isRefusing: number;
}

/**
 * Memory that the system refuses to a library. Nobody stands between the two, so it is not told request by request, but
 * call by call: calls count that take memory, as the size of the process's data tells, and the whole of a call is
 * refused. While it lasts, no data may be added to the process (RLIMIT_DATA), so brk, mmap and mprotect fail with ENOMEM,
 * which the call leaves behind in errno: so it is known to have been refused something, and a call that asked for
 * nothing does not count. One that dies counts.
 *
 * A program gives the same calls the same refusals each time. This process itself is refused memory for as long, so it
 * tidies up before: V8 has then room for what little it does meanwhile.
 *
 * Source: setrlimit(2), RLIMIT_DATA: "affects calls to brk(2), sbrk(2), and (since Linux 4.7) mmap(2)".
 */
export class SystemRefusals implements MemoryRefusals {
  readonly #system: RefusingCalls;
  readonly #counts: RefusalCounts;
  /** Calls that are granted memory before some are refused it, and how many these are. */
  #first = 0;
  #count = 0;

  constructor(system: RefusingCalls, counts: RefusalCounts) {
    this.#system = system;
    this.#counts = counts;
  }

  get refusedCount(): number {
    return this.#counts.refused + this.#counts.isRefusing;
  }

  refuse(first: number, count: number): void {
    this.#first = first;
    this.#count = count;
    this.#counts.refused = 0;
  }

  /** Makes a call of the library, whose turn it may be to be refused memory. */
  during<Answer>(call: () => Answer): Answer {
    if (this.#count === 0) return call();
    this.#system.tidy();
    return this.#first > 0 ? this.#granted(call) : this.#refused(call);
  }

  #granted<Answer>(call: () => Answer): Answer {
    const before = this.#system.dataBytes();
    const answer = call();
    if (this.#system.dataBytes() > before) this.#first -= 1;
    return answer;
  }

  #refused<Answer>(call: () => Answer): Answer {
    this.#counts.isRefusing = 1;
    this.#system.limitData('to what there is');
    const answer = call();
    const lacked = this.#system.lackedMemory();
    this.#system.limitData('as before');
    this.#counts.isRefusing = 0;
    if (!lacked) return answer;
    this.#counts.refused += 1;
    this.#count -= 1;
    return answer;
  }
}
