import type { Mutant } from './mutant.ts';

/** One-line bugs of threads that wait: of the scheduler, of interrupts, and of semaphores and queues. */
export const THREAD_MUTANTS: readonly Mutant[] = [
  {
    name: 'wake-up-is-lost',
    original: 'kernel',
    law: 'ready-threads-are-queued',
    story:
      'Who is woken is ready, and the scheduler never hears of it. futex of Linux lost wake-ups for want of a barrier ("futex: Ensure get_futex_key_refs() always implies a barrier").',
    patch: {
      module: 'kernel/core',
      find: '        this.scheduler.add(thread, reason, this.clock);',
      replace:
        "        if (reason !== 'woken')\n            this.scheduler.add(thread, reason, this.clock);",
    },
    shortest: 'io 0',
  },
  {
    name: 'up-wakes-twice',
    original: 'kernel',
    law: 'ready-threads-are-queued',
    story:
      'One up makes one thread ready twice: it is in the ready queue two times, and runs when it should wait.',
    patch: {
      module: 'kernel/core-calls',
      find: 'core.wake(semaphore.up(thread));',
      replace:
        'const woken = semaphore.up(thread);\n        core.wake(woken);\n        core.wake(woken);',
    },
    shortest: 't1 = spawn thread\nt1: b1 = malloc 0\nb0 = malloc 0',
  },
  {
    name: 'picked-thread-stays-queued',
    original: 'kernel',
    law: 'ready-threads-are-queued',
    story: 'The thread that is picked stays in the ready queue while it runs.',
    patch: {
      module: 'kernel/round-robin',
      find: 'return this.ready.shift();',
      replace: 'return this.ready[0];',
    },
    shortest: 'quantum 1',
  },
  {
    name: 'new-policy-forgets-who-is-ready',
    original: 'kernel',
    law: 'ready-threads-are-queued',
    story: 'The policy changes, and who was ready under the old one is in no queue of the new one.',
    patch: {
      module: 'kernel/core',
      find: 'for (const thread of threads)\n            this.scheduler.add',
      replace: 'for (const thread of [])\n            this.scheduler.add',
    },
    shortest: 't1 = spawn process\npolicy mlfq',
  },
  {
    name: 'boost-forgets-who-is-ready',
    original: 'kernel',
    law: 'ready-threads-are-queued',
    story:
      'When all threads go up to the first level again, the queues are emptied and not filled.',
    patch: { module: 'kernel/mlfq', find: 'this.#queues[0].push(...all);', replace: ';' },
    shortest: 'policy mlfq\ncompute 110',
  },
  {
    name: 'preempted-thread-is-forgotten',
    original: 'kernel',
    law: 'one-thread-runs',
    story: 'The timer takes the core from a thread that is not put back into the ready queue.',
    patch: {
      module: 'kernel/core',
      find: "() => this.#makeReady(activity.thread, 'preempted')",
      replace: '() => undefined',
    },
    shortest: 'compute 10',
  },
  {
    name: 'dispatched-thread-is-not-running',
    original: 'kernel',
    law: 'one-thread-runs',
    story: 'The state of the thread that goes on is left at ready.',
    patch: { module: 'kernel/core', find: "thread.state = 'running';", replace: ';' },
    shortest: 'quantum 1',
  },
  {
    name: 'kernel-runs-with-interrupts-on',
    original: 'kernel',
    law: 'scheduler-is-entered-from-the-kernel',
    story:
      'Interrupts are not turned off on the way into the kernel, so that the scheduler may be interrupted (xv6 panics: "sched interruptible").',
    patch: {
      module: 'kernel/core',
      find: "this.isInKernel = true;\n        this.#watcher?.stepped('enter'",
      replace: "this.#watcher?.stepped('enter'",
    },
    shortest: '',
  },
  {
    name: 'joiners-wait-for-ever',
    original: 'kernel',
    law: 'blocked-thread-waits-once',
    story: 'A thread ends and wakes nobody who waits for that.',
    patch: {
      module: 'kernel/core',
      find: 'for (let joiner = joiners.take(); joiner !== undefined; joiner = joiners.take())',
      replace: 'for (const joiner of [])',
    },
    shortest: 't1 = spawn thread\njoin t1',
  },
  {
    name: 'idle-time-is-nobodys',
    original: 'kernel',
    law: 'time-is-conserved',
    story: 'The clock goes on while the core is idle, and no account has that time.',
    patch: {
      module: 'kernel/core',
      find: "this.#spend('idle', ticks);",
      replace: 'this.clock = due;',
    },
    shortest: 'io 1',
  },
  {
    name: 'last-alarm-rings-first',
    original: 'kernel',
    law: 'alarms-ring-in-order',
    story: 'Sleepers are sorted the wrong way round: all sleep as long as the last of them.',
    patch: { module: 'kernel/alarms', find: 'alarm.dueAt > dueAt', replace: 'alarm.dueAt < dueAt' },
    shortest: 't1 = spawn thread\nt2 = spawn thread\nsleep 1\nt1: sleep 0\nt2: store a0 0 1',
  },
  {
    name: 'down-goes-below-zero',
    original: 'kernel',
    law: 'semaphore-counts',
    story: 'A down at 0 goes through, and the value is negative.',
    patch: {
      module: 'kernel/semaphore',
      find: 'if (this.#value === 0)',
      replace: 'if (this.#value < 0)',
    },
    shortest: 's0 = semaphore 0\ndown s0',
  },
  {
    name: 'up-wakes-nobody',
    original: 'kernel',
    law: 'no-wake-up-is-lost',
    story:
      'The value is raised, and who waits for it sleeps on. pthread_cond_signal of glibc could wake nobody who waited (bug 25847).',
    patch: {
      module: 'kernel/semaphore',
      find: 'const woken = this.waiters.take();',
      replace: 'const woken = undefined;',
    },
    shortest: 't1 = spawn thread\nb0 = malloc 0\nt1: b1 = malloc 0',
  },
  {
    name: 'last-come-first-woken',
    original: 'kernel',
    law: 'request-completes-once',
    story:
      'A wait queue is a stack, so an I/O completion wakes a thread whose request is not the one that is complete.',
    patch: {
      module: 'kernel/wait-queue',
      find: 'const thread = this.#threads[0];\n        if (thread',
      replace: 'const thread = this.#threads.at(-1);\n        if (thread',
    },
    shortest: 't1 = spawn thread\nio 1\nt1: io 1',
  },
  {
    name: 'next-request-never-begins',
    original: 'kernel',
    law: 'request-completes-once',
    story: 'A device that has completed a request does not begin with the next one.',
    patch: {
      module: 'kernel/device',
      find: 'next === undefined ? Infinity : now + next.ticks',
      replace: 'Infinity',
    },
    shortest: 't1 = spawn thread\nio 1\nt1: io 0',
  },
  {
    name: 'sent-by-who-waited-and-lost',
    original: 'kernel',
    law: 'ring-is-consistent',
    story: 'A message goes to the thread that waits for one, and stays in the queue as well.',
    patch: {
      module: 'kernel/message-queue',
      find: 'if (woken === undefined)\n            this.#put(message);\n        else',
      replace: 'this.#put(message);\n        if (woken !== undefined)',
    },
    shortest: 'q0 = queue 1\nt1 = spawn thread\nt1: send q0\nreceive q0',
  },
  {
    name: 'full-queue-takes-one-more',
    original: 'kernel',
    law: 'ring-is-consistent',
    story: 'A queue that is full takes one message more, over its oldest.',
    patch: {
      module: 'kernel/message-queue',
      find: 'this.count === this.capacity',
      replace: 'this.count > this.capacity',
    },
    shortest: 'q0 = queue 1\nsend q0\nsend q0',
  },
  {
    name: 'ring-wraps-a-place-late',
    original: 'kernel',
    law: 'ring-is-consistent',
    story: 'The index to write at wraps one place behind the end of the ring.',
    patch: {
      module: 'kernel/message-queue',
      find: '(this.write + 1) % this.capacity',
      replace: '(this.write + 1) % (this.capacity + 1)',
    },
    shortest: 'q0 = queue 1\nsend q0',
  },
  {
    name: 'receiver-sleeps-beside-its-message',
    original: 'kernel',
    law: 'queue-waits-for-a-reason',
    story:
      'A message is kept while somebody waits for one: the wake-up that belongs to it is lost.',
    patch: {
      module: 'kernel/message-queue',
      find: 'const woken = this.receivers.take();',
      replace: 'const woken = undefined;',
    },
    shortest: 'q0 = queue 1\nt1 = spawn thread\nt1: send q0\nreceive q0',
  },
  {
    name: 'heap-has-no-lock',
    original: 'kernel',
    law: 'heap-is-locked',
    story: 'Two threads share a malloc that is not made for it, and the timer strikes inside.',
    patch: {
      module: 'targets/process-heap',
      find: "yield { kind: 'call', call: { name: 'down', semaphore: this.lock } };\n        const address",
      replace: 'const address',
    },
    shortest: 't1 = spawn thread\nt1: b1 = malloc 0\nb0 = malloc 0',
  },
];
