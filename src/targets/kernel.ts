import { type CheckedRule, rulesOnPart } from '../base/rule.ts';
import type { MachineTarget, StepObserver } from '../check/target.ts';
import type { Outcome } from '../check/outcome.ts';
import { HEAP_INVARIANTS, heapState, type HeapState } from '../heap/invariants.ts';
import type { AddressSpaceOptions } from '../kernel/address-space.ts';
import { CORE_INVARIANTS, type CoreState } from '../kernel/core-invariants.ts';
import { Core } from '../kernel/core.ts';
import { KERNEL_INVARIANTS } from '../kernel/invariants.ts';
import { kernelState, type KernelState } from '../kernel/kernel-state.ts';
import { Kernel } from '../kernel/kernel.ts';
import { ModelledSpace } from '../kernel/modelled-space.ts';
import { SwitchWatch } from '../kernel/switch-watch.ts';
import { PRESETS, type PresetName } from '../machine/geometry.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import type { Op } from '../program/op.ts';
import { layoutOf } from './kernel-layout.ts';
import { heapOptionsOn } from './paged-arena.ts';
import { ThreadProgram } from './thread-program.ts';

/** What a kernel is built of, where it is not the default. */
export interface KernelTargetOptions {
  /** Default `kernel`, with preset and ids where they are not the default. */
  readonly name?: string;
  /** Default `x86-64`. */
  readonly preset?: PresetName;
  /** Default 128: few enough that programs run out of them. */
  readonly framesCount?: number;
  /** Of the machine that is looked at. Default 8 entries without ids. */
  readonly tlb?: Partial<TlbOptions>;
  readonly space?: Pick<AddressSpaceOptions, 'frames' | 'placement' | 'seed'>;
}

const FRAMES_COUNT = 128;
/** Who is ready and who waits is another matter every few ops; to look at it costs about as much as two of them. */
const CHECK_EVERY = 16;
const SMALL_TLB: Partial<TlbOptions> = { sets: 2, ways: 4, policy: 'fifo' };

/**
 * Makes a kernel with one core, which performs programs of threads against models of their memory.
 *
 * Beside it a second one performs the same program, with a TLB of another size and policy, with address-space ids if
 * the first has none, and with everything that is there for speed alone: its answers must be the same.
 */
export function kernelTarget(options: KernelTargetOptions = {}): () => MachineTarget {
  const name = kernelName(options);
  const { pageSize } = PRESETS[options.preset ?? 'x86-64'];
  return () => {
    const pair = new KernelPair(options);
    return {
      name,
      promises: {},
      performs: 'thread-ops',
      checkEvery: CHECK_EVERY,
      pageSize,
      events: () => pair.watched.events,
      invariants: { rules: KERNEL_RULES, read: () => pair.read() },
      perform: (program, observer) => pair.perform(program, observer),
      end: () => pair.watched.end(),
    };
  };
}

/** `kernel`, with the preset where that is not x86-64, and `ids` where the watched machine has them. */
export function kernelName({ name, preset = 'x86-64', tlb }: KernelTargetOptions): string {
  const parts = ['kernel', preset === 'x86-64' ? '' : preset, tlb?.ids === 'on' ? 'ids' : ''];
  return name ?? parts.filter((part) => part !== '').join('/');
}

/** One reading of a kernel: memory, threads, heaps, and what the other one did otherwise. */
interface KernelTargetState {
  readonly memory: KernelState;
  readonly threads: CoreState;
  readonly heaps: readonly HeapState[];
  /** A thread was not alone in a heap. */
  readonly crowd: string | undefined;
  readonly difference: string | undefined;
}

type KernelRule = CheckedRule<KernelTargetState>;

/** The rules of threads, and those of everything together. */
export const THREAD_RULES: readonly KernelRule[] = [
  ...rulesOnPart(CORE_INVARIANTS, ({ threads }: KernelTargetState) => threads),
  {
    name: 'heap-is-locked',
    says: 'While a thread is inside malloc or free, no other thread is in the same heap.',
    rows: 'Q8',
    source: 'xv6, acquire and release; Pintos, lock_held_by_current_thread.',
    check: ({ crowd }) => crowd,
  },
  {
    name: 'values-do-not-depend-on-tlb',
    says: 'With another TLB, with or without ids and shortcuts, a program reads the same; only what it costs differs.',
    rows: 'T16 R14',
    source:
      'Intel SDM, volume 3, "Operations that Invalidate TLBs and Paging-Structure Caches"; Syeda and Klein, the chain of refinements.',
    check: ({ difference }) => difference,
  },
];

/** What a kernel is asked: the rules of memory, of threads, and of each process's heap. */
export const KERNEL_RULES: readonly KernelRule[] = [
  ...rulesOnPart(KERNEL_INVARIANTS, ({ memory }: KernelTargetState) => memory),
  ...THREAD_RULES,
  ...HEAP_INVARIANTS.map((rule) => ({
    ...rule,
    check: ({ heaps }: KernelTargetState) => {
      for (const heap of heaps) {
        const problem = rule.check(heap);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  })),
];

/** Two kernels that perform the same program, one after the other. */
class KernelPair {
  readonly watched: ModelledKernel;
  readonly #plain: ModelledKernel;
  #difference: string | undefined;

  constructor(options: KernelTargetOptions) {
    const hasIds = options.tlb?.ids === 'on';
    const watchedTlb = { ...SMALL_TLB, ...options.tlb };
    const plainTlb = { ids: hasIds ? 'off' : 'on' } as const;
    this.watched = new ModelledKernel(options, watchedTlb, 'on');
    this.#plain = new ModelledKernel(options, plainTlb, 'off');
  }

  read(): KernelTargetState {
    return { ...this.watched.read(), difference: this.#difference };
  }

  perform(program: Iterable<Op>, observer: StepObserver): void {
    const ops = [...program];
    const outcomes = new Map<number, Outcome>();
    let isStopped = false;
    this.watched.perform(ops, {
      began: (op, step) => observer.began(op, step),
      ended: (op, step, outcome) => {
        outcomes.set(step, outcome);
        const next = observer.ended(op, step, outcome);
        isStopped ||= next === 'stop';
        return next;
      },
    });
    if (!isStopped) this.#compare(ops, outcomes);
  }

  #compare(ops: readonly Op[], outcomes: ReadonlyMap<number, Outcome>): void {
    this.#plain.perform(ops, {
      began: () => undefined,
      ended: (op, step, outcome) => {
        const [a, b] = [outcomes.get(step), outcome].map((each) => JSON.stringify(each));
        if (a !== b)
          this.#difference ??= `op ${step}, ${op.kind}, came to ${a} with one TLB, to ${b} with another`;
        return 'go on';
      },
    });
    this.#difference ??= this.#plain.problem;
    this.#plain.end();
  }
}

/** A kernel whose processes have models of their memory, and the program that it performs. */
class ModelledKernel {
  readonly #kernel: Kernel;
  readonly #core: Core;
  readonly #watch = new SwitchWatch();
  readonly #models: ModelledSpace[] = [];
  readonly #preset: PresetName;
  #program: ThreadProgram | undefined;

  constructor(
    { framesCount = FRAMES_COUNT, preset = 'x86-64', space }: KernelTargetOptions,
    tlb: Partial<TlbOptions>,
    watch: 'on' | 'off',
  ) {
    this.#preset = preset;
    this.#kernel = new Kernel({ preset, framesCount, tlb, watch });
    this.#core = new Core(this.#kernel, {
      space: { ...layoutOf(preset).space, ...space },
      watcher: this.#watch,
      makeMemory: (kernel, own) => {
        const model = new ModelledSpace(kernel, own, 'foreign');
        this.#models.push(model);
        return model;
      },
    });
    this.#watch.attach(this.#core);
  }

  get events(): Readonly<Record<string, number>> {
    const { rootsSet, switches, timerStrikes } = this.#core;
    const { tlbEvictions, tlbFlushes } = this.#kernel.mmu.meter;
    return { ...switches, rootsSet, timerStrikes, tlbEvictions, tlbFlushes };
  }

  /** What a model or the watch of switches found wrong. */
  get problem(): string | undefined {
    const found = [...this.#models.map(({ problems }) => problems), this.#watch.problems];
    return found.flatMap((problems) => Object.values(problems))[0];
  }

  read(): Omit<KernelTargetState, 'difference'> {
    const { heaps = [], queues = [], semaphores = [] } = this.#program ?? {};
    const alive = this.#models.filter(({ space }) => this.#kernel.spaces.has(space));
    const resting = heaps.filter(
      ({ isAtRest, memory }) => isAtRest && this.#kernel.spaces.has(memory.space),
    );
    const state = {
      memory: kernelState(this.#kernel, alive),
      threads: { core: this.#core, watch: this.#watch, semaphores, queues },
      heaps: resting.map(({ heap }) => heapState(heap)),
      crowd: heaps.find(({ problem }) => problem !== undefined)?.problem,
    };
    for (const heap of resting) heap.forget();
    return state;
  }

  perform(ops: readonly Op[], observer: StepObserver): void {
    const heap = heapOptionsOn(this.#preset);
    const { heapRange } = layoutOf(this.#preset);
    const surroundings = { kernel: this.#kernel, core: this.#core, heap, heapRange };
    const program = new ThreadProgram(surroundings, ops, observer);
    this.#program = program;
    program.run();
  }

  end(): void {
    this.#core.shutDown();
  }
}
