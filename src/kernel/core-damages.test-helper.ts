/** Damage to a core in the midst of its work, the rules that it breaks, and what they say. */
import { PAGE } from './kernel-world.test-helper.ts';
import type { Workshop } from './workshop.test-helper.ts';

type Damage = readonly [
  what: string,
  harm: (workshop: Workshop) => void,
  names: readonly string[],
  says: string,
];

export const DAMAGES: readonly Damage[] = [
  [
    'S1: a current thread that is not current',
    ({ world }) => {
      world.core.current = undefined;
    },
    ['one-thread-runs'],
    't8 is running, current is nobody',
  ],
  [
    'S1: a second one that runs',
    ({ ready }) => {
      ready.state = 'running';
    },
    ['one-thread-runs', 'ready-threads-are-queued'],
    't8, t9 are running, current is t8',
  ],
  [
    'S3: a ready thread that is forgotten',
    ({ world }) => world.core.scheduler.take(0),
    ['ready-threads-are-queued'],
    'nobody are queued, ready is t9',
  ],
  [
    'S2: a thread that is queued twice',
    ({ ready, world }) => world.core.scheduler.add(ready, 'new', 0),
    ['ready-threads-are-queued'],
    't9, t9 are queued, ready is t9',
  ],
  [
    'S2: a queued thread that is not ready',
    ({ waiting, world }) => {
      world.core.scheduler.take(0);
      world.core.scheduler.add(waiting.gate, 'new', 0);
    },
    ['ready-threads-are-queued'],
    't1 is queued, ready is t9',
  ],
  [
    'S2: two queued threads, one of which is not ready',
    ({ ready, running, waiting, world }) => {
      world.core.scheduler.add(waiting.gate, 'new', 0);
      ready.state = 'ready';
      running.state = 'ready';
    },
    ['one-thread-runs', 'ready-threads-are-queued'],
    't9, t1 are queued, ready are t8, t9',
  ],
  [
    'S4: a blocked thread that does not say where it waits',
    ({ waiting }) => {
      waiting.gate.waitsIn = undefined;
    },
    ['blocked-thread-waits-once'],
    't1 is blocked and waits in 1 queues (s0)',
  ],
  [
    'S4: a blocked thread in no queue',
    ({ gate }) => gate.waiters.take(),
    ['blocked-thread-waits-once'],
    't1 is blocked and waits in 0 queues ()',
  ],
  [
    'Q3: a blocked thread in two queues',
    ({ mail, waiting }) => {
      waiting.gate.waitsIn = undefined;
      mail.receivers.add(waiting.gate);
    },
    ['blocked-thread-waits-once'],
    't1 is blocked and waits in 2 queues (s0, q0 to have a message)',
  ],
  [
    'S4: a ready thread that says that it waits',
    ({ gate, ready }) => {
      ready.waitsIn = gate.waiters;
    },
    ['blocked-thread-waits-once'],
    't9 is ready and waits in 0 queues ()',
  ],
  [
    'S4: a thread that waits and has ended',
    ({ ended, gate }) => gate.waiters.add(ended),
    ['blocked-thread-waits-once'],
    't0 has ended and waits',
  ],
  [
    'R08: a step out of order',
    ({ running, world }) => world.watch.stepped('set-root', running),
    ['switch-follows-its-order'],
    'set-root came after return',
  ],
  [
    'S8: a scheduler that a program asks',
    ({ running, world }) => {
      running.state = 'ready';
      world.watch.stepped('pick', undefined);
      running.state = 'running';
    },
    ['scheduler-is-entered-from-the-kernel'],
    'the scheduler was asked outside of the kernel',
  ],
  [
    'S8: a scheduler that is asked while a thread runs',
    ({ world }) => {
      world.core.isInKernel = true;
      world.watch.stepped('pick', undefined);
    },
    ['scheduler-is-entered-from-the-kernel'],
    'the scheduler was asked while t8 ran',
  ],
  [
    'S9: registers below the stack',
    ({ ready }) => {
      ready.savedSp = ready.stack.start - 8;
    },
    ['registers-lie-on-their-stack'],
    't9 has its registers elsewhere',
  ],
  [
    'S9: a page right below a stack',
    ({ ready }) => {
      ready.process.memory.space.mmap({ address: ready.stack.start - PAGE, size: PAGE });
    },
    ['stacks-are-guarded'],
    'something is mapped',
  ],
  [
    'S9: a page among the stacks that is none',
    ({ ready, world }) => {
      const { start } = [...world.core.processes][0]!.stackRange;
      ready.process.memory.space.mmap({ address: start, size: PAGE, protection: 'read' });
    },
    ['stacks-are-guarded'],
    'is mapped and no stack',
  ],
  [
    'S9: registers above the stack, in the moment in which they are saved',
    ({ running, world }) => {
      world.watch.stepped('enter', running);
      running.savedSp = running.stack.end;
      world.watch.stepped('save', running);
    },
    ['registers-lie-on-their-stack'],
    'the registers of t8 were saved outside of its stack',
  ],
  [
    'S6: a register that comes back changed',
    ({ running, world }) => {
      world.core.registers.values.set(running.savedValues!);
      world.core.registers.pc = 77;
      for (const step of ['enter', 'save', 'pick', 'load'] as const)
        world.watch.stepped(step, step === 'load' ? running : undefined);
    },
    ['scheduler-is-entered-from-the-kernel', 'registers-come-back'],
    'register 14 of t8 came back as 77, 0 was saved',
  ],
  [
    'S6: registers that were never saved',
    ({ running, world }) => {
      running.savedValues = undefined;
      for (const step of ['enter', 'save', 'pick', 'load'] as const)
        world.watch.stepped(step, step === 'load' ? running : undefined);
    },
    ['scheduler-is-entered-from-the-kernel', 'registers-come-back'],
    'register 0 of t8 came back as',
  ],
  [
    "S7: a program under another's root",
    ({ waiting, world }) => {
      world.watch.stepped('enter', undefined);
      world.watch.stepped('return', waiting.gate);
    },
    ['root-is-that-of-current'],
    't1 goes on under the root in frame',
  ],
  [
    'S5: idle ticks while a thread was ready',
    ({ ready, running, world }) => {
      const { core } = world;
      // A scheduler that keeps its threads to itself.
      core.scheduler = { ...core.scheduler, ready: [ready], take: () => undefined };
      running.state = 'blocked';
      core.current = undefined;
      core.isInKernel = true;
      world.onStep = () => core.stop();
      core.run();
    },
    ['blocked-thread-waits-once', 'core-idles-only-alone'],
    '98 ticks went by idle while a thread was ready',
  ],
  [
    'S10: a stack that goes before its thread',
    ({ ready }) => {
      const { end, start } = ready.stack;
      ready.process.memory.munmap(start, end - start);
    },
    ['ended-thread-goes-after-the-switch'],
    'a stack of process 8 is not mapped',
  ],
  [
    'S10: a stack that stays without its thread',
    ({ world }) => [...world.core.processes].at(-1)!.stacks.push({ start: 0, end: 0 }),
    ['ended-thread-goes-after-the-switch'],
    'process 8 has 3 stacks for 2 threads',
  ],
  [
    'S10: a thread that is taken away while the core is its own',
    ({ ready, world }) => {
      world.watch.stepped('enter', ready);
      ready.state = 'ended';
      world.core.scheduler.take(0);
      world.watch.stepped('save', ready);
      world.watch.stepped('pick', undefined);
      ready.state = 'ready';
      world.core.scheduler.add(ready, 'new', 0);
    },
    ['scheduler-is-entered-from-the-kernel', 'ended-thread-goes-after-the-switch'],
    't9 was taken away before the core went on',
  ],
  [
    'S11: an address space without a process',
    ({ world }) => world.core.kernel.newSpace({ id: 100 }),
    ['ended-thread-goes-after-the-switch'],
    '8 processes have 9 address spaces',
  ],
  [
    'S11: a process without threads',
    ({ world }) => {
      const process = [...world.core.processes].at(-1)!;
      process.threads.clear();
      process.stacks.splice(0);
    },
    ['stacks-are-guarded', 'ended-thread-goes-after-the-switch'],
    'process 8 has no threads',
  ],
  [
    'S12: a tick that nobody had',
    ({ world }) => {
      world.core.clock += 1;
    },
    ['time-is-conserved'],
    '3 ticks are accounted, the clock says 4',
  ],
  [
    'S12: a sleeper that sleeps on while others have ticks',
    ({ running }) => Object.assign(running, { lastTickAt: 1000 }),
    ['alarms-ring-in-order'],
    't8 had a tick until 1000, an alarm was due at 101',
  ],
  [
    'Q1: an up that is lost',
    ({ gate }) => {
      gate.upsCount += 1;
    },
    ['semaphore-counts'],
    's0 is 0, after 1 ups and 0 downs from 0',
  ],
  [
    'Q2: a unit that nobody takes, although one waits',
    ({ waiting, world }) => {
      const free = world.semaphore(1);
      waiting.gate.waitsIn?.remove(waiting.gate);
      free.waiters.add(waiting.gate);
    },
    ['no-wake-up-is-lost'],
    's2 is 1, 1 threads wait and 0 try',
  ],
  [
    'Q7: a unit that nobody was woken for',
    ({ mesa, running, waiting }) => {
      mesa.up(running);
      waiting.mesa.state = 'blocked';
      mesa.waiters.add(waiting.mesa);
    },
    ['no-wake-up-is-lost'],
    's1 is 1, 1 threads wait and 0 try',
  ],
  [
    'Q4: a ring that writes elsewhere',
    ({ mail }) => {
      mail.write = 1;
    },
    ['ring-is-consistent'],
    'a queue of 2 reads behind 1, writes at 1 and counts 0',
  ],
  [
    'Q4: a ring with too many messages',
    ({ outbox }) => {
      outbox.count = 4;
    },
    ['ring-is-consistent'],
    'a queue of 2 reads behind 1, writes at 0 and counts 4',
  ],
  [
    'Q4: a ring with less than none',
    ({ mail }) => {
      mail.count = -2;
    },
    ['ring-is-consistent'],
    'a queue of 2 reads behind 1, writes at 0 and counts -2',
  ],
  [
    'Q4 Q5: a message that is skipped',
    ({ outbox }) => {
      outbox.receivedCount = 1;
      outbox.receive();
    },
    ['blocked-thread-waits-once', 'ring-is-consistent', 'messages-arrive-in-order'],
    'message 0 came out where number 1 was due',
  ],
  [
    'Q6: a sender that waits for room that is there',
    ({ outbox, waiting, world }) => {
      const empty = world.queue(1);
      outbox.senders.remove(waiting.outbox);
      empty.senders.add(waiting.outbox);
    },
    ['queue-waits-for-a-reason'],
    'a queue with 0 of 1 messages has 1 senders and 0 receivers waiting',
  ],
  [
    'Q6: a receiver that waits for a message that is there',
    ({ mail, outbox, waiting }) => {
      mail.receivers.remove(waiting.mail);
      outbox.receivers.add(waiting.mail);
    },
    ['queue-waits-for-a-reason'],
    'a queue with 2 of 2 messages has 1 senders and 1 receivers waiting',
  ],
  [
    'Q10: a request that nobody waits for',
    ({ disk }) => disk.waiters.take(),
    ['blocked-thread-waits-once', 'request-completes-once'],
    'disk has 1 requests and 0 threads that wait',
  ],
  [
    'Q10: a request of a thread that waits less long',
    ({ disk, waiting }) => {
      waiting.gate.waitsIn?.remove(waiting.gate);
      disk.request(waiting.gate, 1, 0);
      disk.waiters.remove(waiting.disk);
      disk.waiters.add(waiting.disk);
    },
    ['request-completes-once'],
    'disk has 2 requests and 2 threads that wait',
  ],
  [
    'Q10: a request that never completes',
    ({ disk }) => {
      disk.dueAt = Infinity;
    },
    ['request-completes-once'],
    'disk has 1 requests and 1 threads that wait',
  ],
];
