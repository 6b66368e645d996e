import type { AccessSize } from './access.ts';
import type { MapRequest } from './address-space.ts';
import type { Protection } from './areas.ts';
import type { Device } from './device.ts';
import type { MessageQueue } from './message-queue.ts';
import type { PolicyName } from './scheduler.ts';
import type { Semaphore } from './semaphore.ts';
import type { Answer, Thread } from './thread.ts';

/** What a thread asks of the kernel. */
export type Call =
  | { readonly name: 'yield' }
  | { readonly name: 'exit' }
  | { readonly name: 'sleep'; readonly ticks: number }
  | { readonly name: 'join'; readonly thread: Thread }
  | { readonly name: 'spawn'; readonly request: SpawnRequest }
  | { readonly name: 'down' | 'up'; readonly semaphore: Semaphore }
  | { readonly name: 'send'; readonly queue: MessageQueue; readonly message: number }
  | { readonly name: 'receive'; readonly queue: MessageQueue }
  | { readonly name: 'io'; readonly device: Device; readonly ticks: number }
  | { readonly name: 'quantum'; readonly ticks: number }
  | { readonly name: 'policy'; readonly policy: PolicyName }
  | { readonly name: 'mmap'; readonly request: MapRequest }
  | { readonly name: 'munmap'; readonly address: number; readonly size: number }
  | {
      readonly name: 'mprotect';
      readonly address: number;
      readonly size: number;
      readonly protection: Protection;
    }
  | { readonly name: 'brk'; readonly increment: number };

export type CallName = Call['name'];

/** What is asked for of a kernel, with a count of 0 each. */
export function noThreadCalls(): Record<CallName, number> {
  return {
    yield: 0,
    exit: 0,
    sleep: 0,
    join: 0,
    spawn: 0,
    down: 0,
    up: 0,
    send: 0,
    receive: 0,
    io: 0,
    quantum: 0,
    policy: 0,
    mmap: 0,
    munmap: 0,
    mprotect: 0,
    brk: 0,
  };
}

/** A thread to be made: in the process of the one that asks, or in a new one. */
export interface SpawnRequest {
  readonly as: 'thread' | 'process';
  /** What it will do, once it is known which thread it is. */
  readonly code: (thread: Thread) => UserCode;
  /** Bytes of its stack. Default: two frames of registers. Whole pages are mapped. */
  readonly stackSize?: number;
}

/**
 * One step of a thread, at the end of which the timer may strike. An access and a tick of computing take one tick of
 * the clock; a call takes what kernels take.
 */
export type Action =
  | { readonly kind: 'load'; readonly address: number; readonly size: AccessSize }
  | {
      readonly kind: 'store';
      readonly address: number;
      readonly size: AccessSize;
      readonly value: number;
    }
  | { readonly kind: 'compute' }
  /** Moves the stack pointer, by bytes; down for more stack. */
  | { readonly kind: 'move-stack'; readonly by: number }
  | { readonly kind: 'call'; readonly call: Call };

/**
 * The program of a thread: it yields its next action and gets the answer of the last one. A fault is thrown into it;
 * then it may note that, and ends.
 */
export type UserCode = Generator<Action, void, Answer>;

/** A thread did what ends it: it touched what is not its own, or had no room for its registers. */
export class ThreadFault extends Error {
  override readonly name = 'ThreadFault';
}
