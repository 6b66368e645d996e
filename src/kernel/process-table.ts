import { roundUp } from '../base/bits.ts';
import type { AddressSpaceOptions } from './address-space.ts';
import { type ContextSwitch, FRAME_SIZE } from './context-switch.ts';
import type { Kernel } from './kernel.ts';
import type { ProcessMemory } from './process-memory.ts';
import { Process } from './process.ts';
import { Thread } from './thread.ts';
import type { Call, SpawnRequest, UserCode } from './user-code.ts';
import { WaitQueue } from './wait-queue.ts';

/** A thread that has not ended, and what the kernel keeps of it. */
export interface Activity {
  readonly thread: Thread;
  readonly process: Process;
  readonly code: UserCode;
  /** Those who wait for its end. */
  readonly joiners: WaitQueue;
  /** A call that it has to make again when it runs. */
  pending: Call | undefined;
}

export interface ProcessTableOptions {
  /** Of each process's address space. */
  readonly space: Omit<AddressSpaceOptions, 'id'>;
  /** Makes the memory of a process. */
  readonly makeMemory: (kernel: Kernel, space: ProcessMemory['space']) => ProcessMemory;
}

/** The processes and threads of a core: they are made here, and here what they had is taken away. */
export class ProcessTable {
  readonly #kernel: Kernel;
  readonly #contextSwitch: ContextSwitch;
  readonly #options: ProcessTableOptions;
  readonly #activities = new Map<Thread, Activity>();
  readonly #processes = new Set<Process>();
  /** Threads that have ended and not been taken away, since the core was still theirs. */
  readonly #dying: Activity[] = [];
  #threadsMade = 0;
  #processesMade = 0;

  constructor(kernel: Kernel, contextSwitch: ContextSwitch, options: ProcessTableOptions) {
    this.#kernel = kernel;
    this.#contextSwitch = contextSwitch;
    this.#options = options;
  }

  /** The threads that have not ended. */
  get activities(): ReadonlyMap<Thread, Activity> {
    return this.#activities;
  }

  get processes(): ReadonlySet<Process> {
    return this.#processes;
  }

  /** Threads that have ended and whose stacks are still there. */
  get dying(): readonly Activity[] {
    return this.#dying;
  }

  /** A thread has ended; what it had stays until `bury`. */
  end(activity: Activity): void {
    const { process, thread } = activity;
    thread.state = 'ended';
    this.#activities.delete(thread);
    process.threads.delete(thread);
    this.#dying.push(activity);
  }

  /** Takes away what ended threads had: their stacks, and with the last thread the process. */
  bury(): void {
    for (const { process, thread } of this.#dying.splice(0)) {
      process.stacks.splice(process.stacks.indexOf(thread.stack), 1);
      if (process.threads.size > 0) {
        const { end, start } = thread.stack;
        process.memory.munmap(start, end - start);
      } else if (this.#processes.delete(process)) {
        this.#kernel.endSpace(process.space);
      }
    }
  }

  /** Makes a thread, in a process of its own or in that of its parent. @returns Undefined: there is no room for it. */
  spawn({ as, code, stackSize }: SpawnRequest, parent: Process | undefined): Thread | undefined {
    const process = as === 'thread' ? parent! : this.#openProcess();
    if (process === undefined) return undefined;
    const thread = this.#makeThread(process, stackSize);
    if (thread === undefined) {
      if (process !== parent) this.#closeProcess(process);
      return undefined;
    }
    const joiners = new WaitQueue(`the end of t${thread.id}`);
    this.#activities.set(thread, {
      thread,
      process,
      code: code(thread),
      joiners,
      pending: undefined,
    });
    this.#threadsMade += 1;
    return thread;
  }

  #openProcess(): Process | undefined {
    const ids = new Set([...this.#processes].map(({ space }) => space.id));
    let id = 0;
    while (ids.has(id)) id += 1;
    const space = this.#kernel.openSpace({ placement: 'up', ...this.#options.space, id });
    if (space === null) return undefined;
    const { addressLimit, pageSize } = this.#kernel.mmu.geometry;
    const end = space.breakRange.start;
    const stackRange = { start: Math.max(pageSize, end - addressLimit / 8), end };
    const memory = this.#options.makeMemory(this.#kernel, space);
    const process = new Process(this.#processesMade, memory, stackRange);
    this.#processesMade += 1;
    this.#processes.add(process);
    return process;
  }

  #closeProcess(process: Process): void {
    this.#processes.delete(process);
    this.#kernel.endSpace(process.space);
  }

  #makeThread(process: Process, stackSize = 2 * FRAME_SIZE): Thread | undefined {
    const { pageSize } = this.#kernel.mmu.geometry;
    const size = roundUp(Math.max(stackSize, FRAME_SIZE), pageSize);
    const stack = process.placeForStack(size, pageSize);
    if (stack === undefined) return undefined;
    const mapped = process.memory.mmap({ address: stack.start, size });
    if (mapped !== stack.start) return undefined;
    const thread = new Thread({ id: this.#threadsMade, process, stack });
    if (!this.#contextSwitch.forge(thread)) {
      process.memory.munmap(stack.start, size);
      return undefined;
    }
    process.stacks.push(stack);
    process.threads.add(thread);
    return thread;
  }
}
