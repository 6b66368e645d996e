import { unreachable } from '../base/kit-bug.ts';
import type { Range } from '../base/range.ts';
import type { Outcome } from '../check/outcome.ts';
import type { StepObserver } from '../check/target.ts';
import type { HeapOptions } from '../heap/options.ts';
import type { Core, CoreEnd } from '../kernel/core.ts';
import { describeDeadlock } from '../kernel/deadlock.ts';
import { Device } from '../kernel/device.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { MessageQueue } from '../kernel/message-queue.ts';
import { Semaphore } from '../kernel/semaphore.ts';
import type { Answer, Thread } from '../kernel/thread.ts';
import { type Action, type Call, ThreadFault, type UserCode } from '../kernel/user-code.ts';
import {
  type Base,
  type BlockOp,
  isPageOp,
  isThreadOp,
  type Op,
  type PageOp,
  type Slot,
  type ThreadOp,
} from '../program/op.ts';
import { answered } from './page-program.ts';
import { ProcessHeap } from './process-heap.ts';
import { storedBy } from './stored-by.ts';

/** What a program runs on. */
export interface Surroundings {
  readonly kernel: Kernel;
  readonly core: Core;
  /** Options of each process's heap. */
  readonly heap: Partial<HeapOptions>;
  /** Where each process's heap lies. */
  readonly heapRange: Range;
}

/** An op with its place in the program. */
interface NumberedOp {
  readonly op: Op;
  readonly step: number;
}

/** What a process's threads share: the slots of areas and blocks, and a heap. */
interface Shared {
  readonly areas: Map<Slot, number>;
  readonly blocks: Map<Slot, Range>;
  /** Slots for which a thread is inside malloc. */
  readonly awaited: Set<Slot>;
  readonly heap: ProcessHeap;
}

const SKIPPED: Outcome = { kind: 'skipped' };
const NOT_ASKED: Outcome = { kind: 'not asked' };
const DONE: Outcome = { kind: 'done' };

/** How the core ended, and who waits for whom in a deadlock. */
export interface ThreadProgramEnd {
  readonly end: CoreEnd;
  readonly why?: string;
}

/** The steps of an op, and what it came to. */
type Work = Generator<Action, Outcome, Answer>;

/** A program of ops as the code of threads: each does the ops that name it, in their order. */
export class ThreadProgram {
  readonly semaphores: Semaphore[] = [];
  readonly queues: MessageQueue[] = [];
  readonly heaps: ProcessHeap[] = [];
  readonly #surroundings: Surroundings;
  readonly #observer: StepObserver;
  readonly #ops: readonly NumberedOp[];
  /** The ops of each thread. */
  readonly #parts = new Map<Slot, NumberedOp[]>();
  readonly #ended = new Set<number>();
  /** The op that each thread is at. */
  readonly #at = new Map<Slot, NumberedOp>();
  readonly #threads = new Map<Slot, Thread>();
  readonly #shared = new Map<Thread['process'], Shared>();
  readonly #semaphoreAt = new Map<Slot, Semaphore>();
  readonly #queueAt = new Map<Slot, MessageQueue>();
  readonly #device = new Device('the device');

  constructor(surroundings: Surroundings, ops: readonly Op[], observer: StepObserver) {
    this.#surroundings = surroundings;
    this.#observer = observer;
    this.#ops = ops.map((op, step) => ({ op, step }));
    for (const each of this.#ops) {
      const slot = each.op.thread ?? 0;
      if (!this.#parts.has(slot)) this.#parts.set(slot, []);
      this.#parts.get(slot)!.push(each);
    }
  }

  /** Performs the program, to its end or until the observer stops it. @returns What a deadlock is about, if it is one. */
  run(): ThreadProgramEnd {
    const { core } = this.#surroundings;
    const main = core.boot({ code: (thread) => this.#codeOf(0, thread) });
    const end = main === undefined ? 'all ended' : core.run();
    if (end === 'stopped') return { end };
    const why = end === 'deadlock' ? describeDeadlock(core, this.semaphores) : '';
    this.#finish(why);
    return end === 'deadlock' ? { end, why } : { end };
  }

  /**
   * Says what became of the ops that have not ended: a thread still waits in one, and the others were not come to.
   *
   * @param why What those that wait wait for.
   */
  #finish(why: string): void {
    const waiting = new Set(
      [...this.#at]
        .filter(([slot]) => this.#threads.get(slot)?.state === 'blocked')
        .map(([, at]) => at.step),
    );
    for (const { op, step } of this.#ops) {
      if (this.#ended.has(step)) continue;
      const outcome: Outcome = waiting.has(step) ? { kind: 'blocked', why } : SKIPPED;
      if (this.#end({ op, step }, outcome) === 'stop') return;
    }
  }

  *#codeOf(slot: Slot, thread: Thread): UserCode {
    this.#threads.set(slot, thread);
    for (const at of this.#parts.get(slot) ?? []) {
      this.#at.set(slot, at);
      this.#observer.began(at.op, at.step);
      let outcome: Outcome;
      try {
        outcome = yield* this.#do(at, thread);
      } catch (error) {
        if (!(error instanceof ThreadFault)) throw error;
        outcome = { kind: 'faulted', why: error.message };
      }
      if (this.#end(at, outcome) === 'stop') {
        this.#surroundings.core.stop();
        return;
      }
      if (at.op.kind === 'exit' || outcome.kind === 'faulted') return;
    }
  }

  #end({ op, step }: NumberedOp, outcome: Outcome): 'go on' | 'stop' {
    this.#ended.add(step);
    return this.#observer.ended(op, step, outcome);
  }

  #do({ op, step }: NumberedOp, thread: Thread): Work {
    if (isPageOp(op)) return this.#doPageOp(op, step, thread);
    if (isThreadOp(op)) return this.#doThreadOp(op, step, thread);
    return this.#doBlockOp(op, thread);
  }

  *#doBlockOp(op: BlockOp, thread: Thread): Work {
    const { awaited, blocks, heap } = this.#sharedBy(thread);
    if (op.kind === 'malloc') {
      if (blocks.has(op.slot) || awaited.has(op.slot)) return SKIPPED;
      awaited.add(op.slot);
      const address = yield* heap.malloc(thread, Number(op.size));
      awaited.delete(op.slot);
      if (address === null) return { kind: 'refused' };
      blocks.set(op.slot, { start: address, end: address + Number(op.size) });
      return { kind: 'granted', address, size: Number(op.size) };
    }
    if (op.kind !== 'free') return NOT_ASKED;
    const block = op.slot === null ? undefined : blocks.get(op.slot);
    if (block === undefined) return SKIPPED;
    blocks.delete(op.slot!);
    yield* heap.free(thread, block.start);
    return { kind: 'freed' };
  }

  *#doPageOp(op: PageOp, step: number, thread: Thread): Work {
    const { areas } = this.#sharedBy(thread);
    if (op.kind === 'brk') return answered(yield call({ name: 'brk', increment: op.increment }));
    const address = op.kind === 'map' ? undefined : this.#addressOf(op, thread);
    if (op.kind !== 'map' && address === undefined) return SKIPPED;
    if (op.kind === 'map' || op.kind === 'map-at') {
      const { protection, size } = op;
      const request = { protection, size, ...(address !== undefined && { address }) };
      const mapped = yield call({ name: 'mmap', request });
      if (typeof mapped !== 'number') return answered(mapped);
      areas.set(op.area, mapped);
      return { kind: 'granted', address: mapped, size };
    }
    return yield* doInPlace(op, address!, step, this.#surroundings.kernel.mmu.geometry.pageSize);
  }

  *#doThreadOp(op: ThreadOp, step: number, thread: Thread): Work {
    switch (op.kind) {
      case 'spawn':
        return yield* this.#spawn(op);
      case 'join': {
        const other = this.#threads.get(op.child);
        if (other === undefined || other === thread) return SKIPPED;
        yield call({ name: 'join', thread: other });
        return DONE;
      }
      case 'exit':
        return DONE;
      case 'yield':
        yield call({ name: 'yield' });
        return DONE;
      case 'compute':
        for (let tick = 0; tick < op.ticks; tick += 1) yield { kind: 'compute' };
        return DONE;
      case 'sleep':
        yield call({ name: 'sleep', ticks: op.ticks });
        return DONE;
      case 'io':
        yield call({ name: 'io', device: this.#device, ticks: op.ticks });
        return DONE;
      case 'quantum':
        yield call({ name: 'quantum', ticks: op.ticks });
        return DONE;
      case 'policy':
        yield call({ name: 'policy', policy: op.policy });
        return DONE;
      case 'push':
        yield { kind: 'move-stack', by: 0 - op.bytes };
        yield {
          kind: 'store',
          address: this.#surroundings.core.registers.sp,
          size: 8,
          value: step + 1,
        };
        return DONE;
      case 'pop': {
        const value = yield {
          kind: 'load',
          address: this.#surroundings.core.registers.sp,
          size: 8,
        };
        yield { kind: 'move-stack', by: op.bytes };
        return { kind: 'done', value: Number(value) };
      }
      case 'semaphore':
      case 'queue':
        return this.#makeObject(op);
      case 'down':
      case 'up':
      case 'send':
      case 'receive':
        return yield* this.#useObject(op, step);
      default:
        return unreachable(op);
    }
  }

  *#spawn({ as, child, stackSize }: ThreadOp & { kind: 'spawn' }): Work {
    if (child === 0 || this.#threads.has(child)) return SKIPPED;
    const code = (thread: Thread): UserCode => {
      this.#threads.set(child, thread);
      return this.#codeOf(child, thread);
    };
    return answered(yield call({ name: 'spawn', request: { as, code, stackSize } }));
  }

  #makeObject(op: ThreadOp & { kind: 'semaphore' | 'queue' }): Outcome {
    if (op.kind === 'semaphore') {
      if (this.#semaphoreAt.has(op.semaphore)) return SKIPPED;
      const made = new Semaphore(`s${op.semaphore}`, op.value, op.passing);
      this.#semaphoreAt.set(op.semaphore, made);
      this.semaphores.push(made);
      return DONE;
    }
    if (this.#queueAt.has(op.queue)) return SKIPPED;
    const made = new MessageQueue(`q${op.queue}`, op.capacity);
    this.#queueAt.set(op.queue, made);
    this.queues.push(made);
    return DONE;
  }

  *#useObject(op: Extract<ThreadOp, { semaphore: Slot } | { queue: Slot }>, step: number): Work {
    if ('semaphore' in op) {
      const semaphore = this.#semaphoreAt.get(op.semaphore);
      if (semaphore === undefined) return SKIPPED;
      yield call({ name: op.kind === 'down' ? 'down' : 'up', semaphore });
      return DONE;
    }
    const queue = this.#queueAt.get(op.queue);
    if (queue === undefined) return SKIPPED;
    const passed = yield op.kind === 'send'
      ? call({ name: 'send', queue, message: step })
      : call({ name: 'receive', queue });
    return op.kind === 'send' ? DONE : { kind: 'done', value: Number(passed) };
  }

  /**
   * Where an op on pages begins; undefined when its slot is empty, when it does not lie inside its block, or when no number
   * holds the address.
   */
  #addressOf(
    { base, offset, size }: Extract<PageOp, { base: Base }>,
    thread: Thread,
  ): number | undefined {
    const { areas, blocks } = this.#sharedBy(thread);
    if (base === 'brk' || typeof base === 'number') {
      const { breakRange } = thread.process.memory.space;
      const start = base === 'brk' ? breakRange.start : areas.get(base);
      const address = start === undefined ? NaN : start + offset;
      return Number.isSafeInteger(address) ? address : undefined;
    }
    const block = blocks.get(Number(base.slice(1)));
    const isInside = block !== undefined && block.start + offset + size <= block.end;
    return isInside ? block.start + offset : undefined;
  }

  #sharedBy({ process }: Thread): Shared {
    let shared = this.#shared.get(process);
    if (shared === undefined) {
      const { heap: options, heapRange: within, kernel } = this.#surroundings;
      const heap = new ProcessHeap(kernel, process.memory, { options, within });
      this.heaps.push(heap);
      this.semaphores.push(heap.lock);
      shared = { areas: new Map(), blocks: new Map(), awaited: new Set(), heap };
      this.#shared.set(process, shared);
    }
    return shared;
  }
}

function call(asked: Call): Action {
  return { kind: 'call', call: asked };
}

/** An op on memory that is there, or not. */
function* doInPlace(
  op: Exclude<PageOp, { kind: 'map' | 'map-at' | 'brk' }>,
  address: number,
  step: number,
  pageSize: number,
): Work {
  switch (op.kind) {
    case 'unmap':
      return answered(yield call({ name: 'munmap', address, size: op.size }));
    case 'protect': {
      const { protection, size } = op;
      return answered(yield call({ name: 'mprotect', address, size, protection }));
    }
    case 'load': {
      const value = yield { kind: 'load', address, size: op.size };
      return { kind: 'done', value: Number(value) };
    }
    case 'store':
      yield { kind: 'store', address, size: op.size, value: storedBy(step, op.size) };
      return DONE;
    case 'touch': {
      const value = storedBy(step, 1);
      for (let at = address; at < address + op.size; at += pageSize)
        yield { kind: 'store', address: at, size: 1, value };
      return DONE;
    }
    default:
      return unreachable(op);
  }
}
