import { unreachable } from '../base/kit-bug.ts';
import type { Alarms } from './alarms.ts';
import type { Device } from './device.ts';
import type { Activity } from './process-table.ts';
import type { PolicyName } from './scheduler.ts';
import type { Answer, Thread } from './thread.ts';
import type { Call, SpawnRequest } from './user-code.ts';
import type { WaitQueue } from './wait-queue.ts';

/** Why the core goes from one thread to another. */
export type SwitchKind =
  | 'preemption'
  | 'yield'
  | 'exit'
  | 'semaphore'
  | 'queue'
  | 'io'
  | 'sleep'
  | 'join';

/** What a call came to: an answer; the end of the thread; or a wait, which begins when its registers are saved. */
export type CallResult =
  | { readonly kind: 'done'; readonly answer?: Answer }
  | { readonly kind: 'end' }
  | { readonly kind: 'leave'; readonly why: SwitchKind; readonly wait: () => void };

/** What calls need of the core. */
export interface CallSurroundings {
  readonly clock: number;
  readonly alarms: Alarms;
  readonly activities: ReadonlyMap<Thread, Activity>;
  quantum: number;
  wake(thread: Thread | undefined): void;
  giveWay(thread: Thread): void;
  spawn(request: SpawnRequest, activity: Activity): Thread | undefined;
  connect(device: Device): void;
  usePolicy(policy: PolicyName): void;
}

const DONE: CallResult = { kind: 'done' };

/** Does what a thread asks of the kernel. Whatever has to wait goes off the core in one and the same way. */
export function answerCall(core: CallSurroundings, activity: Activity, call: Call): CallResult {
  const { thread } = activity;
  const { memory } = activity.process;
  switch (call.name) {
    case 'exit':
      return { kind: 'end' };
    case 'yield':
      return { kind: 'leave', why: 'yield', wait: () => core.giveWay(thread) };
    case 'sleep':
      return leave('sleep', () => core.alarms.set(thread, core.clock + call.ticks));
    case 'join':
      return waitIn(core.activities.get(call.thread)?.joiners, thread, 'join');
    case 'spawn':
      return { kind: 'done', answer: core.spawn(call.request, activity)?.id ?? 'ENOMEM' };
    case 'down':
    case 'up':
      return answerSemaphore(core, activity, call);
    case 'send':
    case 'receive':
      return answerQueue(core, thread, call);
    case 'io':
      core.connect(call.device);
      return leave('io', () => call.device.request(thread, call.ticks, core.clock));
    case 'quantum':
      core.quantum = call.ticks;
      return DONE;
    case 'policy':
      core.usePolicy(call.policy);
      return DONE;
    case 'mmap':
      return { kind: 'done', answer: memory.mmap(call.request) };
    case 'munmap':
      return { kind: 'done', answer: memory.munmap(call.address, call.size) };
    case 'mprotect':
      return { kind: 'done', answer: memory.protect(call.address, call.size, call.protection) };
    case 'brk':
      return { kind: 'done', answer: memory.sbrk(call.increment) };
    default:
      return unreachable(call);
  }
}

function leave(why: SwitchKind, wait: () => void): CallResult {
  return { kind: 'leave', why, wait };
}

function waitIn(queue: WaitQueue | undefined, thread: Thread, why: SwitchKind): CallResult {
  return queue === undefined ? DONE : leave(why, () => queue.add(thread));
}

/** Who waits for a unit is given it; under Mesa, it tries again when it runs. */
function answerSemaphore(
  core: CallSurroundings,
  activity: Activity,
  call: Extract<Call, { name: 'down' | 'up' }>,
): CallResult {
  const { semaphore } = call;
  const { thread } = activity;
  if (call.name === 'up') {
    core.wake(semaphore.up(thread));
    return DONE;
  }
  if (semaphore.down(thread)) return DONE;
  return leave('semaphore', () => {
    semaphore.waiters.add(thread);
    if (semaphore.kind === 'mesa') activity.pending = call;
  });
}

function answerQueue(
  core: CallSurroundings,
  thread: Thread,
  call: Extract<Call, { name: 'send' | 'receive' }>,
): CallResult {
  const { queue } = call;
  const passed = call.name === 'send' ? queue.send(call.message) : queue.receive();
  if (passed.kind === 'done') {
    core.wake(passed.woken);
    return { kind: 'done', answer: passed.value };
  }
  return call.name === 'send'
    ? leave('queue', () => queue.sendLater(thread, call.message))
    : waitIn(queue.receivers, thread, 'queue');
}
