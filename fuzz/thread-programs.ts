import { unreachable } from '../src/base/kit-bug.ts';
import type { Prng } from '../src/base/prng.ts';
import {
  ACCESS_SIZES,
  type Base,
  type Op,
  POLICIES,
  PROTECTIONS,
  type Slot,
  STACK_SIZE,
} from '../src/program/op.ts';
import type { DrawProgram } from './draw-program.ts';
import { programLength } from './draw-program.ts';
import { drawKind, drawSwarm, type Odds, type Swarm } from './swarm.ts';

/** The kinds of op that threads do between their beginning and their end. */
const THREAD_ODDS = {
  spawn: { offOneIn: 0, weightMax: 20 },
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
export function threadPrograms(pageSize: number): DrawProgram {
  return (prng, opsMax) => {
    const draft = new Draft(prng, pageSize, drawSwarm<Kind>(prng, THREAD_ODDS));
    const length = programLength(prng, opsMax);
    return [...draft.opening(), ...Array.from({ length }, () => draft.op())].slice(0, opsMax);
  };
}

/** A program in the making. Ops are dealt to the threads that were spawned so far; each comes back to the same memory. */
class Draft {
  readonly #prng: Prng;
  readonly #pageSize: number;
  readonly #swarm: Swarm<Kind>;
  readonly #threadsMax: number;
  readonly #semaphoresCount: number;
  readonly #queuesCount: number;
  readonly #threads: Slot[] = [0];

  constructor(prng: Prng, pageSize: number, swarm: Swarm<Kind>) {
    this.#prng = prng;
    this.#pageSize = pageSize;
    this.#swarm = swarm;
    this.#threadsMax = prng.pick([1, 2, 2, 3, 4, 5]);
    this.#semaphoresCount = prng.below(3);
    this.#queuesCount = prng.below(3);
  }

  /** How the program is to be run, and what its threads talk by. */
  opening(): readonly Op[] {
    const prng = this.#prng;
    const quantum: Op = { kind: 'quantum', ticks: prng.pick([1, 1, 2, 3, 5, 8, 20]) };
    const policy: Op = { kind: 'policy', policy: prng.pick(POLICIES) };
    const semaphores = Array.from({ length: this.#semaphoresCount }, (_, semaphore): Op => ({
      kind: 'semaphore',
      semaphore,
      value: prng.pick([0, 0, 1, 1, 2]),
      passing: prng.oneIn(2) ? 'hand-off' : 'mesa',
    }));
    const queues = Array.from({ length: this.#queuesCount }, (_, queue): Op => ({
      kind: 'queue',
      queue,
      capacity: prng.pick([1, 2, 3]),
    }));
    const isPlain = prng.oneIn(4);
    return [
      ...(isPlain ? [] : [quantum]),
      ...(prng.oneIn(2) ? [policy] : []),
      ...semaphores,
      ...queues,
    ];
  }

  op(): Op {
    const thread = this.#prng.pick(this.#threads);
    const op = this.#own(drawKind(this.#prng, this.#swarm) ?? 'compute');
    return thread === 0 ? op : { ...op, thread };
  }

  #own(kind: Kind): Op {
    const prng = this.#prng;
    switch (kind) {
      case 'spawn':
        return this.#spawn();
      case 'load':
      case 'store':
        return { kind, ...this.#place(), size: prng.pick(ACCESS_SIZES) };
      case 'malloc':
        return { kind, slot: prng.below(4), size: prng.pick([8, 16, 24, 100, this.#pageSize]) };
      case 'free':
        return { kind, slot: prng.below(4) };
      case 'map': {
        const protection = prng.oneIn(5) ? prng.pick(PROTECTIONS) : 'read-write';
        return { kind, area: prng.below(2), size: this.#pages(), protection };
      }
      case 'unmap':
        return { kind, base: prng.below(2), offset: this.#pageOffset(), size: this.#pages() };
      case 'protect': {
        const protection = prng.pick(PROTECTIONS);
        const [base, offset, size] = [prng.below(2), this.#pageOffset(), this.#pages()];
        return { kind, base, offset, size, protection };
      }
      case 'brk':
        return { kind, increment: prng.pick([1, -1, 1]) * prng.pick([1, 8, this.#pageSize]) };
      case 'down':
      case 'up':
        return { kind, semaphore: prng.below(Math.max(1, this.#semaphoresCount)) };
      case 'send':
      case 'receive':
        return { kind, queue: prng.below(Math.max(1, this.#queuesCount)) };
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
        return { kind, bytes: 8 * prng.pick([1, 1, 2, 8]) };
      case 'join':
        return { kind, child: prng.pick(this.#threads) };
      case 'yield':
      case 'exit':
        return { kind };
      default:
        return unreachable(kind);
    }
  }

  #spawn(): Op {
    const prng = this.#prng;
    const isFull = this.#threads.length >= this.#threadsMax;
    const child = isFull ? prng.pick(this.#threads) : this.#threads.length;
    if (!isFull) this.#threads.push(child);
    const stackSize = prng.oneIn(6) ? prng.pick([8, 128, 136, 512]) : STACK_SIZE;
    return { kind: 'spawn', child, as: prng.oneIn(2) ? 'thread' : 'process', stackSize };
  }

  #pages(): number {
    return this.#pageSize * this.#prng.pick([1, 1, 2, 3]);
  }

  #pageOffset(): number {
    return this.#pageSize * this.#prng.below(3);
  }

  /** A byte of an area, of the break's memory or of a block, mostly where a page begins or ends. */
  #place(): { readonly base: Base; readonly offset: number } {
    const prng = this.#prng;
    const base = prng.pick<Base>([0, 0, 1, 'brk', 'b0', 'b1']);
    const isBlock = typeof base === 'string' && base !== 'brk';
    if (isBlock) return { base, offset: prng.pick([0, 0, 8]) };
    const inPage = prng.pick([0, 0, 8, this.#pageSize - 3, this.#pageSize - 1]);
    return { base, offset: this.#pageOffset() + inPage };
  }
}
