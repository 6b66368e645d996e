import { GENERAL_COUNT, type Registers } from '../machine/registers.ts';
import type { Thread } from './thread.ts';
import type { Action } from './user-code.ts';

/** What a program does by itself. */
export type OwnAction = Exclude<Action, { kind: 'call' }>;

/**
 * Does what the program of the thread that runs does by itself: changes registers and memory. The register that it
 * computes in or loads into follows from the program counter.
 *
 * @returns Why the program may not, or undefined.
 */
export function execute(
  action: OwnAction,
  thread: Thread,
  registers: Registers,
): string | undefined {
  const register = registers.pc % GENERAL_COUNT;
  if (action.kind === 'compute') {
    registers.values[register] = (registers.values[register]! * 31 + registers.pc) % 2 ** 32;
    registers.flags = registers.pc % 8;
    return undefined;
  }
  if (action.kind === 'move-stack') {
    registers.sp += action.by;
    return undefined;
  }
  const { address, size } = action;
  const { memory } = thread.process;
  const answer =
    action.kind === 'load' ? memory.load(address, size) : memory.store(address, action.value, size);
  if (answer.kind === 'faulted') return answer.why;
  if (action.kind === 'load') {
    registers.values[register] = answer.value;
    thread.answerRegister = register;
  }
  return undefined;
}
