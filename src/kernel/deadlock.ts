import type { Core } from './core.ts';
import type { Semaphore } from './semaphore.ts';
import type { Thread } from './thread.ts';

type Edges = ReadonlyMap<Thread, Thread | undefined>;

/**
 * Why no thread can go on: the circle of threads in which each waits for the next one, or, where there is none, what
 * each waits for.
 *
 * @param semaphores All that threads may wait for: who holds one is waited for.
 */
export function describeDeadlock(core: Core, semaphores: Iterable<Semaphore>): string {
  const waiting = [...core.activities.keys()];
  const next = waitsFor(core, semaphores);
  const circle = waiting
    .map((thread) => circleFrom(thread, next))
    .find((found) => found.length > 0);
  return (circle ?? waiting)
    .map((thread) => {
      const other = circle === undefined ? undefined : next.get(thread);
      const held = other === undefined ? '' : `, which t${other.id} keeps`;
      return `t${thread.id} waits for ${thread.waitsIn?.name ?? 'nothing'}${held}`;
    })
    .join('; ');
}

/** For each thread that waits, one that it waits for, if any: who holds the semaphore last, or whose end it is. */
function waitsFor(core: Core, semaphores: Iterable<Semaphore>): Edges {
  const edges = new Map<Thread, Thread | undefined>();
  for (const { holders, waiters } of semaphores) {
    for (const thread of waiters.threads) edges.set(thread, holders.at(-1));
  }
  for (const { joiners, thread } of core.activities.values()) {
    for (const joiner of joiners.threads) edges.set(joiner, thread);
  }
  return edges;
}

/** The circle that a thread is part of, itself first; empty if it is part of none. */
function circleFrom(start: Thread, next: Edges): readonly Thread[] {
  const way: Thread[] = [];
  for (let at: Thread | undefined = start; at !== undefined && !way.includes(at);) {
    way.push(at);
    at = next.get(at);
    if (at === start) return way;
  }
  return [];
}
