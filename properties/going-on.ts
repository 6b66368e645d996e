import type { Op, Slot } from '../src/program/op.ts';
import { ProcessSketch } from '../src/program/process-sketch.ts';
import type { Program } from '../src/program/program.ts';

/** Bytes that a thread pushes at the most: its registers need room on its stack as well. */
const PUSHED_MAX = 48;

/** An op that was drawn. */
export interface DrawnOp {
  readonly op: Op;
  /** Whether it stays even where its thread does not go on behind it. */
  readonly isWild: boolean;
}

interface ThreadSketch {
  readonly process: ProcessSketch;
  /** Bytes of each push that was not popped. */
  readonly pushed: number[];
}

/**
 * The ops behind which their threads go on: none touches what is not there, waits while nobody else is there who could
 * come, or is of a thread that is not there. So far as the text tells, as if ops ran in its order.
 */
export function goingOn(drawn: readonly DrawnOp[], pageSize: number): Program {
  const sketch = new ProgramSketch(pageSize);
  return drawn.filter(({ isWild, op }) => sketch.goesOn(op) || isWild).map(({ op }) => op);
}

/** What the threads of a program have, and what they talk by. */
class ProgramSketch {
  readonly #pageSize: number;
  readonly #threads: Map<Slot, ThreadSketch>;
  /** Units of semaphores and messages in queues, less those that are waited for: by `s0` and `q0`. */
  readonly #there = new Map<string, number>();

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
    this.#threads = new Map([[0, { process: new ProcessSketch(pageSize), pushed: [] }]]);
  }

  /** Takes an op in. @returns Whether its thread goes on behind it. */
  goesOn(op: Op): boolean {
    const thread = this.#threads.get(op.thread ?? 0);
    if (thread === undefined) return false;
    const { process, pushed } = thread;
    switch (op.kind) {
      case 'load':
      case 'store':
        return process.allows(op.kind, op, op.size);
      case 'touch':
        return process.allows('store', op, op.size);
      case 'push':
        if (sumOf(pushed) + op.bytes > PUSHED_MAX) return false;
        pushed.push(op.bytes);
        return true;
      case 'pop':
        return pushed.at(-1) === op.bytes && pushed.pop() !== undefined;
      case 'spawn':
        return this.#spawn(op, process);
      case 'join':
        return op.child > (op.thread ?? 0) && this.#threads.has(op.child);
      case 'exit':
        return this.#threads.size > 1 && this.#threads.delete(op.thread ?? 0);
      case 'semaphore':
        return this.#make(`s${op.semaphore}`, op.value);
      case 'queue':
        return this.#make(`q${op.queue}`, 0);
      case 'down':
      case 'up':
        return this.#pass(`s${op.semaphore}`, op.kind === 'up' ? 1 : -1);
      case 'send':
      case 'receive':
        return this.#pass(`q${op.queue}`, op.kind === 'send' ? 1 : -1);
      default:
        return changesMemory(op, process);
    }
  }

  #spawn({ as, child }: Op & { kind: 'spawn' }, parent: ProcessSketch): boolean {
    if (this.#threads.has(child)) return false;
    const process = as === 'thread' ? parent : new ProcessSketch(this.#pageSize);
    this.#threads.set(child, { process, pushed: [] });
    return true;
  }

  #make(name: string, count: number): boolean {
    if (this.#there.has(name)) return false;
    this.#there.set(name, count);
    return true;
  }

  /** Nobody waits for more than the others can bring. */
  #pass(name: string, more: 1 | -1): boolean {
    const count = (this.#there.get(name) ?? NaN) + more;
    const othersCount = this.#threads.size - 1;
    const isMet = name.startsWith('s') ? count >= -othersCount : Math.abs(count) <= othersCount;
    if (isMet) this.#there.set(name, count);
    return isMet;
  }
}

/** Takes an op on a process's memory in. @returns Whether it finds what it is to change. */
function changesMemory(op: Op, process: ProcessSketch): boolean {
  switch (op.kind) {
    case 'map':
      process.map(op.area, op.size, op.protection);
      return true;
    case 'map-at':
      return op.base === 'brk' || process.isMapped(Number(op.base), 0, process.pageSize);
    case 'unmap':
    case 'protect': {
      if (!process.isMapped(Number(op.base), op.offset, op.size)) return false;
      const state = op.kind === 'unmap' ? 'gone' : op.protection;
      process.change(Number(op.base), op.offset, op.size, state);
      return true;
    }
    case 'brk':
      process.moveBreak(op.increment);
      return true;
    case 'malloc':
      if (!process.blocks.has(op.slot)) process.blocks.set(op.slot, Number(op.size));
      return true;
    case 'free':
      return process.blocks.delete(op.slot ?? -1);
    default:
      return true;
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
