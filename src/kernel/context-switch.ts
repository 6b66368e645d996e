import { addReadings, type MeterReading, subtractReadings } from '../machine/meter.ts';
import { Registers, REGISTERS_COUNT } from '../machine/registers.ts';
import type { Mmu } from '../machine/mmu.ts';
import type { Thread } from './thread.ts';

/** Bytes that a thread's registers take on its stack. */
export const FRAME_SIZE = REGISTERS_COUNT * 8;

/** Why registers could not be saved: the stack ends before they do. */
export const STACK_OVERFLOW = 'no room on its stack for its registers';
/** Why registers could not be saved: more was popped than pushed, and what lies there is somebody else's. */
export const STACK_UNDERFLOW = 'its stack pointer lies above its stack';

/**
 * Moves registers between the core and the stack of a thread, in kernel mode and through the MMU: what is saved goes
 * through the page table of the thread that ran, what is restored through that of the thread that will, so the root
 * changes in between.
 */
export class ContextSwitch {
  /** All that the meter counted while registers were moved: what switching made itself, apart from the programs. */
  counted: MeterReading;
  readonly #mmu: Mmu;
  readonly #registers: Registers;

  constructor(mmu: Mmu, registers: Registers) {
    this.#mmu = mmu;
    this.#registers = registers;
    const now = mmu.meter.read();
    this.counted = subtractReadings(now, now);
  }

  /** Saves the registers below the stack pointer. @returns Why that could not be, or undefined. */
  save(thread: Thread): string | undefined {
    const start = this.#registers.sp - FRAME_SIZE;
    if (start < thread.stack.start) return STACK_OVERFLOW;
    if (start + FRAME_SIZE > thread.stack.end) return STACK_UNDERFLOW;
    return this.#inKernel(() => {
      for (const [index, value] of this.#registers.values.entries()) {
        const answer = thread.process.memory.store(start + 8 * index, value, 8);
        if (answer.kind === 'faulted') return answer.why;
      }
      thread.savedSp = start;
      thread.savedValues = this.#registers.values.slice();
      return undefined;
    });
  }

  /** Restores the registers from where they were saved. @returns Why that could not be, or undefined. */
  restore(thread: Thread): string | undefined {
    return this.#inKernel(() => {
      for (let index = 0; index < REGISTERS_COUNT; index += 1) {
        const answer = thread.process.memory.load(thread.savedSp + 8 * index, 8);
        if (answer.kind === 'faulted') return answer.why;
        this.#registers.values[index] = answer.value;
      }
      return undefined;
    });
  }

  /**
   * Lays registers on the stack of a thread that never ran, for its first `restore`: all zero, but for the stack
   * pointer. The kernel writes them past TLB and page table, which may be another's just now.
   *
   * @returns False: there is no frame for the stack.
   */
  forge(thread: Thread): boolean {
    const values = new Registers();
    values.sp = thread.stack.end;
    thread.savedSp = thread.stack.end - FRAME_SIZE;
    thread.savedValues = values.values;
    return thread.process.memory.plant(thread.savedSp, values.values);
  }

  #inKernel(move: () => string | undefined): string | undefined {
    const { meter } = this.#mmu;
    const before = meter.read();
    this.#mmu.mode = 'kernel';
    const fault = move();
    this.#mmu.mode = 'user';
    this.counted = addReadings(this.counted, subtractReadings(meter.read(), before));
    return fault;
  }
}
