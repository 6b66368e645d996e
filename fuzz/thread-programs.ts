import { unreachable } from '../src/base/kit-bug.ts';
import type { Prng } from '../src/base/prng.ts';
import {
  ACCESS_SIZES,
  type AccessSize,
  type Op,
  POLICIES,
  PROTECTIONS,
  SEMAPHORE_PASSINGS,
  type Slot,
  STACK_SIZE,
} from '../src/program/op.ts';
import { type Place, ProcessSketch } from '../src/program/process-sketch.ts';
import type { DrawProgram } from './draw-program.ts';
import { programLength, SHORT_MAX } from './draw-program.ts';
import { type EnginePart, NOTHING } from './parts.ts';
import { drawKind, drawSwarm, fixedSwarm, type Odds, type Swarm } from './swarm.ts';

/** The kinds of op that threads do between their beginning and their end. */
const THREAD_ODDS = {
  spawn: { offOneIn: 2, weightMax: 10 },
  compute: { offOneIn: 3, weightMax: 40 },
  load: { offOneIn: 4, weightMax: 60 },
  store: { offOneIn: 4, weightMax: 60 },
  malloc: { offOneIn: 3, weightMax: 30 },
  free: { offOneIn: 3, weightMax: 30 },
  map: { offOneIn: 3, weightMax: 20 },
  unmap: { offOneIn: 3, weightMax: 15 },
  protect: { offOneIn: 3, weightMax: 15 },
  brk: { offOneIn: 3, weightMax: 10 },
  down: { offOneIn: 3, weightMax: 30 },
  up: { offOneIn: 3, weightMax: 40 },
  send: { offOneIn: 3, weightMax: 30 },
  receive: { offOneIn: 3, weightMax: 30 },
  yield: { offOneIn: 2, weightMax: 20 },
  sleep: { offOneIn: 2, weightMax: 15 },
  io: { offOneIn: 2, weightMax: 40 },
  push: { offOneIn: 3, weightMax: 20 },
  pop: { offOneIn: 3, weightMax: 20 },
  join: { offOneIn: 3, weightMax: 5 },
  exit: { offOneIn: 3, weightMax: 3 },
  quantum: { offOneIn: 2, weightMax: 5 },
  policy: { offOneIn: 2, weightMax: 5 },
} as const satisfies Partial<Record<Op['kind'], Odds>>;

type Kind = keyof typeof THREAD_ODDS;

/** Programs of several threads, for a machine whose pages have so many bytes. */
export function threadPrograms(
  pageSize: number,
  without: ReadonlySet<EnginePart> = NOTHING,
): DrawProgram {
  return (prng, opsMax) => {
    const swarm = without.has('swarm')
      ? fixedSwarm<Kind>(THREAD_ODDS)
      : drawSwarm<Kind>(prng, THREAD_ODDS);
    const draft = new Draft(prng, pageSize, swarm);
    const length = programLength(prng, { opsMax, shortMax: SHORT_MAX });
    return [...draft.opening(), ...Array.from({ length }, () => draft.op())].slice(0, opsMax);
  };
}

/** Bytes that a thread pushes at the most, mostly: its registers need room as well. */
const PUSHED_MAX = 48;
/** How often a draft does what will end a thread, or stop it for good. */
const WILD_ONE_IN = 150;

/** A thread of a draft. */
interface DraftThread {
  readonly slot: Slot;
  readonly process: ProcessSketch;
  /** Bytes of each push that was not popped. */
  readonly pushed: number[];
}

/**
 * A program in the making. Ops are dealt to the threads that were spawned so far; each comes back to the same memory, and
 * mostly to what is there: most threads have to live for the others to meet them.
 */
class Draft {
  readonly #prng: Prng;
  readonly #pageSize: number;
  readonly #swarm: Swarm<Kind>;
  readonly #threadsMax: number;
  readonly #threads: DraftThread[];
  #spawnedCount = 1;
  /** The units of each semaphore, less those that are waited for. */
  readonly #units: number[] = [];
  /** The messages in each queue, less those that are waited for. */
  readonly #messages: number[] = [];

  constructor(prng: Prng, pageSize: number, swarm: Swarm<Kind>) {
    this.#prng = prng;
    this.#pageSize = pageSize;
    this.#swarm = swarm;
    this.#threadsMax = prng.pick([1, 2, 2, 3, 4, 5]);
    this.#threads = [{ slot: 0, process: new ProcessSketch(pageSize), pushed: [] }];
  }

  /** How the program is to be run, what its threads talk by, and most of them. */
  opening(): readonly Op[] {
    const prng = this.#prng;
    const quantum: Op = { kind: 'quantum', ticks: prng.pick([1, 1, 2, 3, 5, 8, 20]) };
    const policy: Op = { kind: 'policy', policy: prng.pick(POLICIES) };
    const [semaphoresCount, queuesCount] = [prng.below(3), prng.below(3)];
    const semaphores = Array.from({ length: semaphoresCount }, (_, semaphore): Op => {
      const value = prng.pick([0, 0, 1, 1, 2]);
      this.#units.push(value);
      return { kind: 'semaphore', semaphore, value, passing: prng.pick(SEMAPHORE_PASSINGS) };
    });
    const queues = Array.from({ length: queuesCount }, (_, queue): Op => {
      this.#messages.push(0);
      return { kind: 'queue', queue, capacity: prng.pick([1, 2, 3]) };
    });
    const isPlain = prng.oneIn(4);
    const spawnsCount = prng.oneIn(4) ? 0 : this.#threadsMax - 1;
    return [
      ...(isPlain ? [] : [quantum]),
      ...(prng.oneIn(2) ? [policy] : []),
      ...semaphores,
      ...queues,
      ...Array.from({ length: spawnsCount }, () => this.#spawn(this.#threads[0]!)),
    ];
  }

  op(): Op {
    const thread = this.#prng.pick(this.#threads);
    const op = this.#own(drawKind(this.#prng, this.#swarm) ?? 'compute', thread);
    return thread.slot === 0 ? op : { ...op, thread: thread.slot };
  }

  #own(kind: Kind, thread: DraftThread): Op {
    const prng = this.#prng;
    switch (kind) {
      case 'spawn':
        return this.#spawn(thread);
      case 'load':
      case 'store':
        return this.#access(kind, thread.process);
      case 'malloc':
      case 'free':
        return this.#blockOp(kind, thread.process);
      case 'map':
      case 'unmap':
      case 'protect':
      case 'brk':
        return this.#memoryCall(kind, thread.process);
      case 'down':
      case 'up':
        return this.#semaphoreOp(kind);
      case 'send':
      case 'receive':
        return this.#queueOp(kind);
      case 'compute':
      case 'sleep':
      case 'io':
        return { kind, ticks: prng.pick([0, 1, 2, 5, 12, 60]) };
      case 'quantum':
        return { kind, ticks: prng.pick([1, 2, 3, 7]) };
      case 'policy':
        return { kind, policy: prng.pick(POLICIES) };
      case 'push':
      case 'pop':
        return this.#stackOp(kind, thread);
      case 'join':
        return this.#join(thread);
      case 'exit':
        return this.#exit(thread);
      case 'yield':
        return { kind };
      default:
        return unreachable(kind);
    }
  }

  get #isWild(): boolean {
    return this.#prng.oneIn(WILD_ONE_IN);
  }

  #spawn(parent: DraftThread): Op {
    const prng = this.#prng;
    const as = prng.oneIn(2) ? 'thread' : 'process';
    const isFull = this.#spawnedCount >= this.#threadsMax;
    const child = isFull ? prng.below(this.#spawnedCount) : this.#spawnedCount;
    const stackSize = prng.oneIn(6) ? prng.pick([8, 128, 136, 512]) : STACK_SIZE;
    if (!isFull) {
      const process = as === 'thread' ? parent.process : new ProcessSketch(this.#pageSize);
      this.#threads.push({ slot: child, process, pushed: [] });
      this.#spawnedCount += 1;
    }
    return { kind: 'spawn', child, as, stackSize };
  }

  #access(kind: 'load' | 'store', process: ProcessSketch): Op {
    const prng = this.#prng;
    const size = prng.pick(ACCESS_SIZES);
    if (this.#isWild) {
      const base = prng.pick([0, 1, 'brk', 'b0'] as const);
      return { kind, base, offset: this.#pageOffset() + prng.pick([0, this.#pageSize - 1]), size };
    }
    const place = placeIn(process, prng, kind, size);
    return place === undefined ? this.#memoryCall('map', process) : { kind, ...place, size };
  }

  #blockOp(kind: 'malloc' | 'free', { blocks }: ProcessSketch): Op {
    const prng = this.#prng;
    const slot = prng.below(4);
    if (kind === 'free') {
      blocks.delete(slot);
      return { kind, slot };
    }
    const size = prng.pick([8, 16, 24, 100, this.#pageSize]);
    if (!blocks.has(slot)) blocks.set(slot, size);
    return { kind, slot, size };
  }

  #memoryCall(kind: 'map' | 'unmap' | 'protect' | 'brk', process: ProcessSketch): Op {
    const prng = this.#prng;
    if (kind === 'brk') {
      const increment = prng.pick([1, -1, 1]) * prng.pick([1, 8, this.#pageSize]);
      process.moveBreak(increment);
      return { kind, increment };
    }
    const [area, size] = [prng.below(2), this.#pageSize * prng.pick([1, 1, 2, 3])];
    const protection = prng.oneIn(3) ? prng.pick(PROTECTIONS) : 'read-write';
    if (kind === 'map') {
      process.map(area, size, protection);
      return { kind, area, size, protection };
    }
    const offset = this.#pageOffset();
    process.change(area, offset, size, kind === 'unmap' ? 'gone' : protection);
    const range = { base: area, offset, size };
    return kind === 'unmap' ? { kind, ...range } : { kind, ...range, protection };
  }

  #pageOffset(): number {
    return this.#pageSize * this.#prng.below(3);
  }

  /** Who waits does so until another thread comes to an up; where there may be none, that comes first. */
  #semaphoreOp(kind: 'down' | 'up'): Op {
    const semaphore = this.#prng.below(Math.max(1, this.#units.length));
    const units = this.#units[semaphore] ?? 0;
    const isDown = kind === 'down' && (units > 0 || this.#mayWait(units));
    this.#units[semaphore] = units + (isDown ? -1 : 1);
    return { kind: isDown ? 'down' : 'up', semaphore };
  }

  #queueOp(kind: 'send' | 'receive'): Op {
    const queue = this.#prng.below(Math.max(1, this.#messages.length));
    const messages = this.#messages[queue] ?? 0;
    const isFree = kind === 'send' ? messages < 1 : messages > 0;
    const asked = isFree || this.#mayWait(messages) ? kind : kind === 'send' ? 'receive' : 'send';
    this.#messages[queue] = messages + (asked === 'send' ? 1 : -1);
    return { kind: asked, queue };
  }

  /** Whether a thread may come to wait for another; now and then although nobody will come. */
  #mayWait(there: number): boolean {
    const isMet = Math.abs(there) < this.#threads.length - 1;
    return (isMet && this.#prng.oneIn(3)) || this.#isWild;
  }

  #stackOp(kind: 'push' | 'pop', { pushed }: DraftThread): Op {
    const bytes = 8 * this.#prng.pick([1, 1, 2, 4]);
    if (this.#isWild) return { kind, bytes: 8 * bytes };
    const last = pushed.at(-1);
    const depth = pushed.reduce((sum, each) => sum + each, 0);
    const isPop = last !== undefined && (kind === 'pop' || depth + bytes > PUSHED_MAX);
    if (!isPop) {
      pushed.push(bytes);
      return { kind: 'push', bytes };
    }
    pushed.pop();
    return { kind: 'pop', bytes: last };
  }

  /** Mostly for a thread that was spawned later: joins that go both ways end in a circle. */
  #join({ slot }: DraftThread): Op {
    const later = this.#threads.filter((other) => other.slot > slot);
    if (later.length === 0 && !this.#isWild) return { kind: 'yield' };
    const child = later.length === 0 ? 0 : this.#prng.pick(later).slot;
    return { kind: 'join', child };
  }

  /** Who exits is dealt no more ops, unless nobody else is left. */
  #exit(thread: DraftThread): Op {
    if (this.#threads.length === 1 && !this.#isWild) return { kind: 'yield' };
    if (this.#threads.length > 1) this.#threads.splice(this.#threads.indexOf(thread), 1);
    return { kind: 'exit' };
  }
}

/** A place that may be accessed, mostly where a page or a block begins or ends; undefined: there is none. */
function placeIn(
  process: ProcessSketch,
  prng: Prng,
  kind: 'load' | 'store',
  size: AccessSize,
): Place | undefined {
  const pages = [...process.pagesFor(kind)];
  const blocks = [...process.blocks].filter(([, bytes]) => bytes >= size);
  const index = prng.below(Math.max(1, pages.length + blocks.length));
  const block = blocks[index - pages.length];
  if (block !== undefined) {
    const [slot, bytes] = block;
    return { base: `b${slot}`, offset: prng.pick([0, bytes - size]) };
  }
  const page = pages[index];
  if (page === undefined) return undefined;
  const { base, offset } = page;
  const [last, across] = [process.pageSize - size, process.pageSize - 1];
  const goesOn = process.allows(kind, { base, offset: offset + across }, size);
  return { base, offset: offset + prng.pick([0, 0, 8, last, goesOn ? across : last]) };
}
