import { FRAME_SIZE } from './context-switch.ts';
import type { Core, CoreStep, CoreWatcher } from './core.ts';
import type { Thread } from './thread.ts';

/** The first thing of each kind that went wrong. */
export interface SwitchProblems {
  /** Steps in another order than save, pick, set root, load, return. */
  order?: string;
  /** The scheduler was asked outside of the kernel, or while a thread still ran. */
  entry?: string;
  /** Registers came back otherwise than they were saved. */
  registers?: string;
  /** A program went on under another's page table. */
  root?: string;
  /** Registers were saved outside of the stack of their thread. */
  stack?: string;
  /** What a thread had was taken away while the core was still its own. */
  burial?: string;
}

/** What may follow each step. Where registers cannot be loaded, their thread ends and the next one is picked. */
const NEXT: Readonly<Record<CoreStep, readonly CoreStep[]>> = {
  enter: ['save', 'return', 'pick'],
  save: ['pick'],
  pick: ['set-root', 'load', 'pick'],
  'set-root': ['load', 'pick'],
  load: ['return'],
  return: ['enter', 'pick'],
};

/** Looks at each step of each switch in the moment in which it is made: what goes wrong there may not show later. */
export class SwitchWatch implements CoreWatcher {
  readonly problems: SwitchProblems = {};
  #core: Core | undefined;
  #before: CoreStep = 'pick';
  /** The thread that came into the kernel last. */
  #entered: Thread | undefined;

  /** Looks at a core from now on; it was made with this watcher. */
  attach(core: Core): void {
    this.#core = core;
  }

  stepped(step: CoreStep, thread: Thread | undefined): void {
    const core = this.#core;
    if (core === undefined) return;
    if (!NEXT[this.#before].includes(step))
      this.problems.order ??= `${step} came after ${this.#before}`;
    this.#before = step;
    if (step === 'enter') this.#entered = thread;
    if (step === 'pick') this.#checkEntry(core);
    if (thread === undefined) return;
    if (step === 'save') this.#checkStack(thread);
    if (step === 'load') this.#checkRegisters(core, thread);
    if (step === 'return') this.#checkRoot(core, thread);
  }

  #checkEntry({ activities, dying, isInKernel }: Core): void {
    const entered = this.#entered;
    this.#entered = undefined;
    const isBuried = entered?.state === 'ended' && !dying.some(({ thread }) => thread === entered);
    if (isBuried) this.problems.burial ??= `t${entered.id} was taken away before the core went on`;
    if (!isInKernel) this.problems.entry ??= 'the scheduler was asked outside of the kernel';
    const running = [...activities.keys()].find(({ state }) => state === 'running');
    if (running !== undefined)
      this.problems.entry ??= `the scheduler was asked while t${running.id} ran`;
  }

  #checkStack({ id, savedSp, stack }: Thread): void {
    if (savedSp < stack.start || savedSp + FRAME_SIZE > stack.end)
      this.problems.stack ??= `the registers of t${id} were saved outside of its stack`;
  }

  #checkRegisters({ registers }: Core, { id, savedValues }: Thread): void {
    const index = registers.values.findIndex((value, at) => value !== savedValues?.[at]);
    if (index >= 0)
      this.problems.registers ??= `register ${index} of t${id} came back as ${registers.values[index]}, ${savedValues?.[index]} was saved`;
  }

  #checkRoot({ kernel }: Core, { id, process }: Thread): void {
    const { root } = process.memory.space.table;
    if (kernel.mmu.root !== root)
      this.problems.root ??= `t${id} goes on under the root in frame ${kernel.mmu.root}, its own is ${root}`;
  }
}
