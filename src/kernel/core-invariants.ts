import { encloses, formatRange, overlaps } from '../base/range.ts';
import type { CheckedRule } from '../base/rule.ts';
import { FRAME_SIZE } from './context-switch.ts';
import type { Core } from './core.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Semaphore } from './semaphore.ts';
import type { SwitchWatch } from './switch-watch.ts';
import type { Thread } from './thread.ts';
import type { WaitQueue } from './wait-queue.ts';

/** What the invariants of threads look at. */
export interface CoreState {
  readonly core: Core;
  readonly watch: SwitchWatch;
  readonly semaphores: readonly Semaphore[];
  readonly queues: readonly MessageQueue[];
}

/** What scheduler, threads and what they wait for keep, seen from inside. */
export type CoreInvariant = CheckedRule<CoreState>;

/** In the order in which they are asked: each may rely on the ones before it. */
export const CORE_INVARIANTS: readonly CoreInvariant[] = [
  {
    name: 'one-thread-runs',
    says: 'The current thread is running, and no other is.',
    rows: 'S1 R01',
    source: 'Hyperkernel: current is valid and RUNNING, and RUNNING implies current.',
    check: ({ core }) => {
      const running = threadsOf(core).filter(({ state }) => state === 'running');
      const expected = core.current === undefined ? [] : [core.current];
      return sameThreads(running, expected)
        ? undefined
        : `${namesOf(running)} ${running.length === 1 ? 'is' : 'are'} running, current is ${namesOf(expected)}`;
    },
  },
  {
    name: 'ready-threads-are-queued',
    says: 'The ready queue has exactly the threads that are ready, each once.',
    rows: 'S2 S3 R05',
    source: 'seL4, valid_queues and ct_not_in_q; valid_blocked: nobody is forgotten.',
    check: ({ core }) => {
      const ready = threadsOf(core).filter(({ state }) => state === 'ready');
      const queued = core.scheduler.ready;
      return sameThreads(ready, queued)
        ? undefined
        : `${namesOf(queued)} ${queued.length === 1 ? 'is' : 'are'} queued, ready ${ready.length === 1 ? 'is' : 'are'} ${namesOf(ready)}`;
    },
  },
  {
    name: 'blocked-thread-waits-once',
    says: 'A blocked thread is in exactly one wait queue, the one that it names; no other thread is in any.',
    rows: 'S4 Q3 R17 R18',
    source: 'seL4, sym_refs(state_refs_of); Pintos, thread_unblock.',
    check: (state) => {
      const queues = waitQueuesOf(state);
      for (const thread of threadsOf(state.core)) {
        const own = queues.filter(({ threads }) => threads.includes(thread));
        const isRight =
          thread.state === 'blocked'
            ? own.length === 1 && own[0] === thread.waitsIn
            : own.length === 0 && thread.waitsIn === undefined;
        if (!isRight)
          return `t${thread.id} is ${thread.state} and waits in ${own.length} queues (${own.map(({ name }) => name).join(', ')})`;
      }
      const alive = new Set(threadsOf(state.core));
      const stray = queues.flatMap(({ threads }) => threads).find((thread) => !alive.has(thread));
      return stray && `t${stray.id} has ended and waits`;
    },
  },
  {
    name: 'switch-follows-its-order',
    says: 'A switch saves, picks, sets the root, loads and returns, in this order.',
    rows: 'R08',
    source:
      'The note: "The handler saves off …", "picks …", "tells the processor …", "are loaded", "We return".',
    check: ({ watch }) => watch.problems.order,
  },
  {
    name: 'scheduler-is-entered-from-the-kernel',
    says: 'The scheduler is asked in the kernel, when no thread is running any more.',
    rows: 'S8 R03',
    source: 'xv6, sched(); Pintos, schedule().',
    check: ({ watch }) => watch.problems.entry,
  },
  {
    name: 'registers-lie-on-their-stack',
    says: "Saved registers lie inside their own thread's stack.",
    rows: 'S9 R04',
    source:
      'The note: "saves off the current values for all the registers onto the process stack".',
    check: ({ watch, core }) => {
      const wrong = threadsOf(core).find(
        ({ savedSp, stack, state }) =>
          state !== 'running' && (savedSp < stack.start || savedSp + FRAME_SIZE > stack.end),
      );
      return watch.problems.stack ?? (wrong && `t${wrong.id} has its registers elsewhere`);
    },
  },
  {
    name: 'stacks-are-guarded',
    says: "Below each stack lies a page that is nobody's, and nothing but stacks that are in use is mapped among them.",
    rows: 'S9 R12',
    source: 'Linux, stack_guard_gap; Pintos, the magic number of struct thread.',
    check: ({ core }) => {
      for (const { space, stackRange, stacks } of core.processes) {
        const bare = stacks.find(({ start }) => space.areas.at(start - 1) !== undefined);
        if (bare !== undefined) return `below the stack ${formatRange(bare)} something is mapped`;
        const mapped = space.areas.all().filter((area) => encloses(stackRange, area));
        const extra = mapped.find((area) => !stacks.some((stack) => overlaps(stack, area)));
        if (extra !== undefined) return `${formatRange(extra)} is mapped and no stack`;
      }
      return undefined;
    },
  },
  {
    name: 'registers-come-back',
    says: 'A thread goes on with every register as it was, the program counter among them.',
    rows: 'S6 R07',
    source: 'Komodo, preEntryResume and validDispatcherContext.',
    check: ({ watch }) => watch.problems.registers,
  },
  {
    name: 'root-is-that-of-current',
    says: 'When a program goes on, the root is that of its process.',
    rows: 'S7 R06 R12',
    source: 'Komodo, preEntryCommon.',
    check: ({ watch }) => watch.problems.root,
  },
  {
    name: 'core-idles-only-alone',
    says: 'Without a current thread none has been running, and time goes by only while none is ready.',
    rows: 'S5 R19',
    source: 'seL4, only_idle and valid_idle.',
    check: ({ core }) =>
      core.idleWhileReady === 0
        ? undefined
        : `${core.idleWhileReady} ticks went by idle while a thread was ready`,
  },
  {
    name: 'ended-thread-goes-after-the-switch',
    says: 'What a thread had is taken away when it has ended and the core is no longer its own; a process ends with its last thread.',
    rows: 'S10 S11',
    source: 'Pintos: prev != cur; xv6, "zombie exit"; Hyperkernel, nr_* == 0.',
    check: ({ core, watch }) => {
      if (watch.problems.burial !== undefined) return watch.problems.burial;
      if (core.processes.size !== core.kernel.spaces.size)
        return `${core.processes.size} processes have ${core.kernel.spaces.size} address spaces`;
      for (const process of core.processes) {
        const stacks = [...process.threads].map(({ stack }) => stack);
        const dying = core.dying.filter((each) => each.process === process);
        if (process.stacks.length !== stacks.length + dying.length)
          return `process ${process.number} has ${process.stacks.length} stacks for ${stacks.length} threads`;
        const lost = [...stacks, ...dying.map(({ thread }) => thread.stack)].find(
          (stack) => !process.space.areas.cover(stack),
        );
        if (lost !== undefined) return `a stack of process ${process.number} is not mapped`;
        if (process.stacks.length === 0) return `process ${process.number} has no threads`;
      }
      return undefined;
    },
  },
  {
    name: 'time-is-conserved',
    says: 'Ticks of programs, kernel, switches and idling are all ticks of the clock.',
    rows: 'S12 R20',
    source: 'The note, and every process accounting since.',
    check: ({ core }) => {
      const { idle, kernel, switching, user } = core.accounts;
      const sum = idle + kernel + switching + user;
      return sum === core.clock
        ? undefined
        : `${sum} ticks are accounted, the clock says ${core.clock}`;
    },
  },
  {
    name: 'alarms-ring-in-order',
    says: 'The alarms of sleepers are sorted by time, and no program has a tick while one is overdue.',
    rows: 'S12 R18',
    source: 'Pintos, "Alarm Clock"; Linux, timerqueue: the one that expires next is in front.',
    check: ({ core: { alarms, current } }) => {
      const { times } = alarms;
      const wrong = times.findIndex((time, index) => index > 0 && time < times[index - 1]!);
      if (wrong > 0)
        return `the alarm for tick ${times[wrong]} stands behind the one for tick ${times[wrong - 1]}`;
      if (current === undefined || current.lastTickAt <= alarms.dueAt) return undefined;
      return `t${current.id} had a tick until ${current.lastTickAt}, an alarm was due at ${alarms.dueAt}`;
    },
  },
  {
    name: 'semaphore-counts',
    says: 'A value is never negative, and equals the initial one and all ups, less the downs that are over.',
    rows: 'Q1 R15',
    source: 'Pintos, synch.c; Arpaci-Dusseau, "Semaphores".',
    check: ({ semaphores }) => {
      const wrong = semaphores.find(
        ({ downsCount, initial, upsCount, value }) =>
          value < 0 || value !== initial + upsCount - downsCount,
      );
      return (
        wrong &&
        `${wrong.waiters.name} is ${wrong.value}, after ${wrong.upsCount} ups and ${wrong.downsCount} downs from ${wrong.initial}`
      );
    },
  },
  {
    name: 'no-wake-up-is-lost',
    says: 'Who waits for a semaphore that is handed off finds it at 0; under Mesa, somebody who was woken has yet to try for each unit that is there.',
    rows: 'Q2 Q7',
    source: 'Pintos, sema_up and the loop of sema_down; xv6, sleep and wakeup.',
    check: ({ core, semaphores }) => {
      for (const { kind, value, waiters } of semaphores) {
        const trying = [...core.activities.values()].filter(
          ({ pending, thread }) =>
            thread.state === 'ready' &&
            pending?.name === 'down' &&
            pending.semaphore.waiters === waiters,
        );
        const idleUnits = kind === 'hand-off' ? value : value - trying.length;
        if (waiters.threads.length > 0 && idleUnits > 0)
          return `${waiters.name} is ${value}, ${waiters.threads.length} threads wait and ${trying.length} try`;
      }
      return undefined;
    },
  },
  {
    name: 'ring-is-consistent',
    says: 'A queue has 0 to its capacity of messages, and writes where they end.',
    rows: 'Q4 R16',
    source: 'FreeRTOS, queue.h, as proved with VeriFast.',
    check: ({ queues }) => {
      const wrong = queues.find(({ capacity, contents, count, read, receivedCount, write }) => {
        const isOrdered = contents.every((number, index) => number === receivedCount + index);
        return (
          count < 0 || count > capacity || write !== (read + 1 + count) % capacity || !isOrdered
        );
      });
      return (
        wrong &&
        `a queue of ${wrong.capacity} reads behind ${wrong.read}, writes at ${wrong.write} and counts ${wrong.count}`
      );
    },
  },
  {
    name: 'messages-arrive-in-order',
    says: 'What is received is what was sent, in order, nothing lost and nothing twice.',
    rows: 'Q5 R16',
    source: 'FreeRTOS, queuecontracts.',
    check: ({ queues }) => queues.find(({ problem }) => problem !== undefined)?.problem,
  },
  {
    name: 'queue-waits-for-a-reason',
    says: 'Senders wait only for a full queue and receivers for an empty one.',
    rows: 'Q6',
    source: 'FreeRTOS, queue.h.',
    check: ({ queues }) => {
      const wrong = queues.find(
        ({ capacity, count, receivers, senders }) =>
          (senders.threads.length > 0 && count < capacity) ||
          (receivers.threads.length > 0 && count > 0),
      );
      return (
        wrong &&
        `a queue with ${wrong.count} of ${wrong.capacity} messages has ${wrong.senders.threads.length} senders and ${wrong.receivers.threads.length} receivers waiting`
      );
    },
  },
  {
    name: 'request-completes-once',
    says: 'A device has a request for each thread that waits for it, and serves the one that waits longest.',
    rows: 'Q10 R17',
    source: 'The note: "Blocking on I/O".',
    check: ({ core }) => {
      for (const { dueAt, requestsCount, served, waiters } of core.devices) {
        const isRight =
          requestsCount === waiters.threads.length &&
          served === waiters.first &&
          dueAt < Infinity === requestsCount > 0;
        if (!isRight)
          return `${waiters.name} has ${requestsCount} requests and ${waiters.threads.length} threads that wait`;
      }
      return undefined;
    },
  },
];

function threadsOf(core: Core): readonly Thread[] {
  return [...core.activities.keys()];
}

function waitQueuesOf({ core, queues, semaphores }: CoreState): readonly WaitQueue[] {
  return [
    ...[...core.activities.values()].map(({ joiners }) => joiners),
    ...semaphores.map(({ waiters }) => waiters),
    ...queues.flatMap(({ receivers, senders }) => [senders, receivers]),
    ...[...core.devices].map(({ waiters }) => waiters),
    ...core.alarms.queues,
  ];
}

/** Whether lists have the same threads, each once; in the first one none is twice. */
function sameThreads(a: readonly Thread[], b: readonly Thread[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}

function namesOf(threads: readonly Thread[]): string {
  return threads.length === 0 ? 'nobody' : threads.map(({ id }) => `t${id}`).join(', ');
}
