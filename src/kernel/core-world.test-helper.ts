/** Threads on a core, and what their programs are made of: what the tests of the core share. */
import { assert } from '../base/kit-bug.ts';
import { importPatched, type Patch } from '../targets/mutants/import-patched.ts';
import type { AccessSize } from './access.ts';
import { CORE_INVARIANTS } from './core-invariants.ts';
import { Core, type CoreOptions, type CoreStep } from './core.ts';
import { Device } from './device.ts';
import { Kernel, type KernelOptions } from './kernel.ts';
import { MessageQueue } from './message-queue.ts';
import { Semaphore } from './semaphore.ts';
import { SwitchWatch } from './switch-watch.ts';
import { type Home, Thread } from './thread.ts';
import type { Action, Call, UserCode } from './user-code.ts';

/** Where the programs of the tests have their pages; all processes use the same addresses. */
export const BASE = 2 ** 46;

/** The modules that a core and what threads wait for come from, as they are or with lines changed. */
export interface CoreModules {
  readonly Core: typeof Core;
  readonly Device: typeof Device;
  readonly Kernel: typeof Kernel;
  readonly MessageQueue: typeof MessageQueue;
  readonly Semaphore: typeof Semaphore;
}

export const HONEST: CoreModules = { Core, Device, Kernel, MessageQueue, Semaphore };

/** The same modules with lines changed. */
export async function planted(patches: readonly Patch[]): Promise<CoreModules> {
  const entries = ['core', 'device', 'kernel', 'message-queue', 'semaphore'];
  const modules = entries.map((entry) => importPatched(`kernel/${entry}`, patches));
  return Object(Object.assign({}, ...(await Promise.all(modules))));
}

export interface CoreWorldOptions extends Omit<CoreOptions, 'watcher'> {
  readonly kernel?: KernelOptions;
}

/** A core whose switches are watched and written down. */
export class CoreWorld {
  readonly kernel: Kernel;
  readonly core: Core;
  readonly watch = new SwitchWatch();
  /** Each step: `save t0`; nobody is `-`. */
  readonly steps: string[] = [];
  /** Looks at each step in its moment. */
  onStep: (step: CoreStep, thread: Thread | undefined) => void = () => {};
  readonly semaphores: Semaphore[] = [];
  readonly queues: MessageQueue[] = [];
  readonly #modules: CoreModules;

  constructor({ kernel = {}, ...options }: CoreWorldOptions = {}, modules: CoreModules = HONEST) {
    this.#modules = modules;
    this.kernel = new modules.Kernel({ framesCount: 256, ...kernel });
    this.core = new modules.Core(this.kernel, {
      ...options,
      watcher: {
        stepped: (step, thread) => {
          this.steps.push(`${step} ${thread === undefined ? '-' : `t${thread.id}`}`);
          this.watch.stepped(step, thread);
          this.onStep(step, thread);
        },
      },
    });
    this.watch.attach(this.core);
  }

  /** A thread in a process of its own. */
  process(code: (thread: Thread) => UserCode, stackSize?: number): Thread {
    return this.#spawned(
      this.core.spawn({ as: 'process', code, ...(stackSize !== undefined && { stackSize }) }),
    );
  }

  /** A thread in the process of another. */
  sibling(of: Thread, code: (thread: Thread) => UserCode): Thread {
    return this.#spawned(this.core.spawn({ as: 'thread', code }, this.core.activities.get(of)));
  }

  /** Threads with the same code, each in a process of its own or all in one. */
  team(as: 'thread' | 'process', codes: readonly ((thread: Thread) => UserCode)[]): Thread[] {
    const threads: Thread[] = [];
    for (const code of codes) {
      const first = threads[0];
      threads.push(
        first === undefined || as === 'process' ? this.process(code) : this.sibling(first, code),
      );
    }
    return threads;
  }

  semaphore(initial: number, kind?: Semaphore['kind']): Semaphore {
    const made = new this.#modules.Semaphore(`s${this.semaphores.length}`, initial, kind);
    this.semaphores.push(made);
    return made;
  }

  queue(capacity: number): MessageQueue {
    const made = new this.#modules.MessageQueue(`q${this.queues.length}`, capacity);
    this.queues.push(made);
    return made;
  }

  device(name = 'disk'): Device {
    return new this.#modules.Device(name);
  }

  /** What each broken invariant says, by name. */
  problems(): Readonly<Record<string, string>> {
    const found = CORE_INVARIANTS.map(({ check, name }) => [name, check(this)] as const);
    return Object.fromEntries(
      found.filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  #spawned(thread: Thread | undefined): Thread {
    assert(thread !== undefined, 'there is room for the thread');
    return thread;
  }
}

/** Threads that no core knows, for what only keeps and orders them. */
export function looseThreads(count: number): Thread[] {
  const process: Home = Object({ number: 0 });
  return Array.from(
    { length: count },
    (_, id) => new Thread({ id, process, stack: { start: 0, end: 4096 } }),
  );
}

export const COMPUTE: Action = { kind: 'compute' };

/** Works for some ticks without memory. */
export function* compute(ticks: number): UserCode {
  for (let tick = 0; tick < ticks; tick += 1) yield COMPUTE;
}

export function ask(call: Call): Action {
  return { kind: 'call', call };
}

export function load(address: number, size: AccessSize = 1): Action {
  return { kind: 'load', address, size };
}

export function store(address: number, value: number, size: AccessSize = 1): Action {
  return { kind: 'store', address, size, value };
}

/** Maps pages from BASE on, by a call of the program that runs. */
export function mapPages(count: number): Action {
  return ask({ name: 'mmap', request: { address: BASE, size: count * 4096 } });
}

/** Performs actions one after the other. */
export function* perform(...actions: readonly Action[]): UserCode {
  for (const action of actions) yield action;
}
