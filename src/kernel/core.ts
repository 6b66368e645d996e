import { Registers } from '../machine/registers.ts';
import { Alarms } from './alarms.ts';
import { ContextSwitch } from './context-switch.ts';
import { answerCall, type CallSurroundings, type SwitchKind } from './core-calls.ts';
import type { Device } from './device.ts';
import { execute, type OwnAction } from './execute.ts';
import type { Kernel } from './kernel.ts';
import { makeScheduler } from './policies.ts';
import { PlainMemory } from './process-memory.ts';
import { type Activity, ProcessTable, type ProcessTableOptions } from './process-table.ts';
import type { Process } from './process.ts';
import type { PolicyName, ReadyReason, Scheduler } from './scheduler.ts';
import type { Thread } from './thread.ts';
import {
  type Call,
  type CallName,
  noThreadCalls,
  type SpawnRequest,
  ThreadFault,
} from './user-code.ts';

/** What the kernel's own work takes, in ticks of the clock. */
export interface KernelTicks {
  readonly call: number;
  readonly interrupt: number;
  readonly switch: number;
}

export interface CoreOptions extends Partial<ProcessTableOptions> {
  /** Ticks of user work after which the timer strikes. Default 10. */
  readonly quantum?: number;
  /** Default `rr`. */
  readonly policy?: PolicyName;
  /** Default: the kernel's work takes no time. */
  readonly ticks?: KernelTicks;
  /** Sees each step of each switch. */
  readonly watcher?: CoreWatcher;
}

/** A step on the way into the kernel, from one thread to another, and back to a program. */
export type CoreStep = 'enter' | 'save' | 'pick' | 'set-root' | 'load' | 'return';

/** Whoever sees the steps of switches. A port of the core. */
export interface CoreWatcher {
  stepped(step: CoreStep, thread: Thread | undefined): void;
}

/** Where the clock's ticks went. */
export interface CoreAccounts {
  user: number;
  kernel: number;
  switching: number;
  idle: number;
}

/** How a run ended: all threads have, none that is left can ever go on, or somebody stopped it. */
export type CoreEnd = 'all ended' | 'deadlock' | 'stopped';

/**
 * One core and the kernel on it: processes with address spaces of their own, threads that share one, and a timer.
 *
 * There is one way from a thread to another, whatever the reason: its registers are saved on its own stack, through its
 * own page table; the scheduler picks; the root is set, if the process is another; the registers of the next thread
 * are loaded from its stack, through its page table; and its program goes on.
 *
 * Time is counted in ticks: an access or a step of computing takes one, the kernel's work what it is told to. A timer
 * strikes after so many ticks of user work of a slice. The kernel itself is never interrupted.
 *
 * Source: N. Tuck, "Simple Malloc", lecture notes, 2025, "Page Table follow-up: Context Switches".
 */
export class Core implements CallSurroundings {
  readonly kernel: Kernel;
  readonly registers = new Registers();
  readonly contextSwitch: ContextSwitch;
  readonly alarms = new Alarms();
  readonly accounts: CoreAccounts = { user: 0, kernel: 0, switching: 0, idle: 0 };
  /** How often the core went from one thread to another, by the reason. */
  readonly switches: Record<SwitchKind, number> = {
    preemption: 0,
    yield: 0,
    exit: 0,
    semaphore: 0,
    queue: 0,
    io: 0,
    sleep: 0,
    join: 0,
  };
  /** How often threads made each call. One that has to be made again when its thread runs counts once. */
  readonly calls: Record<CallName, number> = noThreadCalls();
  /** Switches that set another root. */
  rootsSet = 0;
  timerStrikes = 0;
  /** Idle ticks in which a thread was ready. */
  idleWhileReady = 0;
  clock = 0;
  quantum: number;
  scheduler: Scheduler;
  /** The thread that runs. */
  current: Thread | undefined;
  /** Whether the kernel is at work, so that no interrupt is taken. */
  isInKernel = true;
  readonly #ticks: KernelTicks;
  readonly #watcher: CoreWatcher | undefined;
  readonly #table: ProcessTable;
  readonly #devices = new Set<Device>();
  #sliceTicks = 0;
  #sliceEnd = 0;
  /** The thread that ran last, and why it does no longer. */
  #last: Thread | undefined;
  #leftFor: SwitchKind = 'yield';
  #isStopped = false;

  constructor(kernel: Kernel, options: CoreOptions = {}) {
    this.kernel = kernel;
    this.contextSwitch = new ContextSwitch(kernel.mmu, this.registers);
    this.#table = new ProcessTable(kernel, this.contextSwitch, {
      space: options.space ?? {},
      makeMemory: options.makeMemory ?? ((owner, space) => new PlainMemory(owner.mmu, space)),
    });
    this.quantum = options.quantum ?? 10;
    this.scheduler = makeScheduler(options.policy ?? 'rr');
    this.#ticks = options.ticks ?? { call: 0, interrupt: 0, switch: 0 };
    this.#watcher = options.watcher;
  }

  /** The threads that have not ended. */
  get activities(): ReadonlyMap<Thread, Activity> {
    return this.#table.activities;
  }

  get processes(): ReadonlySet<Process> {
    return this.#table.processes;
  }

  /** Threads that have ended and whose stacks are still there. */
  get dying(): readonly Activity[] {
    return this.#table.dying;
  }

  get devices(): ReadonlySet<Device> {
    return this.#devices;
  }

  /** Makes the first thread, in a process of its own. @returns Undefined: there are no frames for it. */
  boot(request: Omit<SpawnRequest, 'as'>): Thread | undefined {
    return this.spawn({ ...request, as: 'process' });
  }

  /** Runs until all threads have ended, none can go on, or it is stopped. */
  run(): CoreEnd {
    this.#isStopped = false;
    while (!this.#isStopped) {
      this.#takeInterrupts();
      if (this.current !== undefined) this.#step(this.current);
      else if (!this.#dispatch()) {
        const due = this.#nextDue();
        if (due === Infinity) return this.activities.size === 0 ? 'all ended' : 'deadlock';
        this.#idleUntil(due);
      }
    }
    return 'stopped';
  }

  /** Makes `run` return after the step at hand. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Ends every thread, and takes back all that their processes had. */
  shutDown(): void {
    this.current = undefined;
    this.#last = undefined;
    this.isInKernel = true;
    for (const activity of this.activities.values()) {
      activity.thread.waitsIn?.remove(activity.thread);
      this.#table.end(activity);
    }
    this.scheduler = makeScheduler(this.scheduler.policy);
    this.#devices.clear();
    this.alarms.clear();
    this.#table.bury();
  }

  /** What a thread waited for came: it is ready. */
  wake(thread: Thread | undefined): void {
    if (thread !== undefined) this.#makeReady(thread, 'woken');
  }

  /** The thread that ran lets others go first. */
  giveWay(thread: Thread): void {
    this.#makeReady(thread, 'yielded');
  }

  /** @returns The new thread, ready to run, or undefined: there is no room for it. */
  spawn(request: SpawnRequest, parent?: Activity): Thread | undefined {
    const thread = this.#table.spawn(request, parent?.process);
    if (thread !== undefined) this.#makeReady(thread, 'new');
    return thread;
  }

  /** A device's interrupts are taken from now on. */
  connect(device: Device): void {
    this.#devices.add(device);
  }

  usePolicy(policy: PolicyName): void {
    const threads = this.scheduler.ready;
    this.scheduler = makeScheduler(policy);
    for (const thread of threads) this.scheduler.add(thread, 'new', this.clock);
  }

  #makeReady(thread: Thread, reason: ReadyReason): void {
    thread.state = 'ready';
    this.scheduler.add(thread, reason, this.clock);
  }

  /** When the next interrupt comes that is not the timer's. */
  #nextDue(): number {
    let due = this.alarms.dueAt;
    for (const device of this.#devices) due = Math.min(due, device.dueAt);
    return due;
  }

  #idleUntil(due: number): void {
    const ticks = due - this.clock;
    if (this.scheduler.ready.length > 0) this.idleWhileReady += ticks;
    this.#spend('idle', ticks);
  }

  /** Devices that are done and sleepers whose time has come make threads ready; an interrupt takes time as well. */
  #takeInterrupts(): void {
    while (this.#nextDue() <= this.clock) {
      while (this.alarms.dueAt <= this.clock) {
        this.#spend('kernel', this.#ticks.interrupt);
        this.wake(this.alarms.take());
      }
      for (const device of this.#devices) {
        while (device.dueAt <= this.clock) {
          this.#spend('kernel', this.#ticks.interrupt);
          this.wake(device.complete(device.dueAt));
        }
      }
    }
  }

  #spend(account: keyof CoreAccounts, ticks: number): void {
    this.accounts[account] += ticks;
    this.clock += ticks;
  }

  /** One action of the thread that runs. */
  #step(thread: Thread): void {
    const activity = this.activities.get(thread)!;
    const { pending } = activity;
    if (pending !== undefined) {
      activity.pending = undefined;
      return this.#call(activity, pending);
    }
    const { answer, answerRegister } = thread;
    const next = activity.code.next(
      answerRegister < 0 ? answer : this.registers.values[answerRegister],
    );
    if (next.done === true) return this.#leaveForGood(activity);
    thread.answerRegister = -1;
    thread.answer = undefined;
    this.registers.pc += 1;
    if (next.value.kind !== 'call') return this.#work(activity, next.value);
    this.calls[next.value.call.name] += 1;
    this.#call(activity, next.value.call);
  }

  /** A tick of what a program does by itself. */
  #work(activity: Activity, action: OwnAction): void {
    const { thread } = activity;
    const fault = execute(action, thread, this.registers);
    this.#spend('user', 1);
    thread.userTicks += 1;
    thread.lastTickAt = this.clock;
    this.#sliceTicks += 1;
    if (fault !== undefined) this.#fault(activity, fault);
    else if (this.#sliceTicks >= this.#sliceEnd) this.#strike(activity);
  }

  /** The timer: the slice of the thread that runs is over. */
  #strike(activity: Activity): void {
    this.timerStrikes += 1;
    this.#enter(activity.thread);
    this.#spend('kernel', this.#ticks.interrupt);
    this.#leave(activity, 'preemption', () => this.#makeReady(activity.thread, 'preempted'));
  }

  /** A system call. */
  #call(activity: Activity, call: Call): void {
    this.#enter(activity.thread);
    this.#spend('kernel', this.#ticks.call);
    const result = answerCall(this, activity, call);
    if (result.kind === 'leave') return this.#leave(activity, result.why, result.wait);
    if (result.kind === 'end') return this.#leaveForGood(activity);
    activity.thread.answer = result.answer;
    this.#return(activity.thread);
  }

  #enter(thread: Thread): void {
    if (this.isInKernel) return;
    this.isInKernel = true;
    this.#watcher?.stepped('enter', thread);
  }

  #return(thread: Thread): void {
    this.isInKernel = false;
    this.#watcher?.stepped('return', thread);
  }

  /** The thread that runs goes off the core: its registers are saved, then it waits or is ready. */
  #leave(activity: Activity, why: SwitchKind, wait: () => void): void {
    const { thread } = activity;
    const fault = this.contextSwitch.save(thread);
    if (fault !== undefined) return this.#fault(activity, fault);
    this.#watcher?.stepped('save', thread);
    this.#offCore(thread, why);
    wait();
  }

  #offCore(thread: Thread, why: SwitchKind): void {
    this.#last = thread;
    this.#leftFor = why;
    this.current = undefined;
  }

  /** A fault ends the thread that made it; its program hears why. */
  #fault(activity: Activity, why: string): void {
    const { code, thread } = activity;
    thread.fault = why;
    try {
      code.throw(new ThreadFault(why));
    } catch (error) {
      if (!(error instanceof ThreadFault)) throw error;
    }
    this.#leaveForGood(activity);
  }

  /** A thread ends. What it had is taken away when the core is no longer its own. */
  #leaveForGood(activity: Activity): void {
    const { joiners, thread } = activity;
    this.#enter(thread);
    this.#table.end(activity);
    for (let joiner = joiners.take(); joiner !== undefined; joiner = joiners.take())
      this.wake(joiner);
    this.#offCore(thread, 'exit');
  }

  /** Goes on with the thread that the scheduler picks. @returns False: none is ready, and the core is idle. */
  #dispatch(): boolean {
    const thread = this.scheduler.take(this.clock);
    this.#watcher?.stepped('pick', thread);
    if (thread === undefined) {
      this.#table.bury();
      return false;
    }
    if (thread !== this.#last && this.#last !== undefined) {
      this.switches[this.#leftFor] += 1;
      this.#spend('switching', this.#ticks.switch);
    }
    const { space } = thread.process.memory;
    if (!space.isActive) {
      this.rootsSet += 1;
      space.activate();
      this.#watcher?.stepped('set-root', thread);
    }
    this.#table.bury();
    this.#load(thread);
    return true;
  }

  #load(thread: Thread): void {
    const fault = this.contextSwitch.restore(thread);
    thread.state = 'running';
    this.current = thread;
    this.#sliceTicks = 0;
    this.#sliceEnd = this.scheduler.sliceOf(thread, this.quantum);
    if (fault !== undefined) return this.#fault(this.activities.get(thread)!, fault);
    this.#watcher?.stepped('load', thread);
    this.#return(thread);
  }
}
