import type { ReadyReason, Scheduler } from './scheduler.ts';
import type { Thread } from './thread.ts';

const LEVELS_COUNT = 3;
/** Ticks after which all threads are on the first level again, so that none starves. */
const BOOST_TICKS = 100;

/**
 * A multi-level feedback queue: threads of the first level that has any run in turn. Who uses up a slice goes down a
 * level, where slices are twice as long; who blocks before that stays; now and then all go up again.
 *
 * Source: Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", "Scheduling: The Multi-Level Feedback Queue".
 */
export class Mlfq implements Scheduler {
  readonly policy = 'mlfq';
  readonly #queues: Thread[][] = Array.from({ length: LEVELS_COUNT }, () => []);
  #levels = new WeakMap<Thread, number>();
  #boostAt = BOOST_TICKS;

  get ready(): readonly Thread[] {
    return this.#queues.flat();
  }

  add(thread: Thread, reason: ReadyReason, _now: number): void {
    const level = this.#levelOf(thread) + Number(reason === 'preempted');
    this.#levels.set(thread, Math.min(level, LEVELS_COUNT - 1));
    this.#queues[this.#levelOf(thread)]!.push(thread);
  }

  take(now: number): Thread | undefined {
    if (now >= this.#boostAt) this.#boost(now);
    return this.#queues.find((queue) => queue.length > 0)?.shift();
  }

  sliceOf(thread: Thread, quantum: number): number {
    return quantum * 2 ** this.#levelOf(thread);
  }

  #levelOf(thread: Thread): number {
    return this.#levels.get(thread) ?? 0;
  }

  #boost(now: number): void {
    this.#boostAt = now + BOOST_TICKS;
    this.#levels = new WeakMap();
    const all = this.ready;
    for (const queue of this.#queues) queue.length = 0;
    this.#queues[0]!.push(...all);
  }
}
