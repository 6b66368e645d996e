import { type CheckedRule, rulesOnPart } from '../base/rule.ts';
import { formatAddress } from '../base/units.ts';
import type { MachineTarget, StepObserver } from '../check/target.ts';
import type { Outcome } from '../check/outcome.ts';
import type { AddressSpaceOptions } from '../kernel/address-space.ts';
import { KERNEL_INVARIANTS } from '../kernel/invariants.ts';
import { kernelState, type KernelState } from '../kernel/kernel-state.ts';
import { Kernel } from '../kernel/kernel.ts';
import { ModelledSpace } from '../kernel/modelled-space.ts';
import { PRESETS, type PresetName } from '../machine/geometry.ts';
import { DIRTY } from '../machine/page-table-entry.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import { isPageOp, type Op, type PageOp } from '../program/op.ts';
import { PageProgram } from './page-program.ts';

/** What a machine is built of, where it is not the default. */
export interface MachineOptions {
  /** Default `machine`, or `machine/` and the preset. */
  readonly name?: string;
  /** Default `x86-64`. */
  readonly preset?: PresetName;
  /** Default 64: few enough that programs run out of them. */
  readonly framesCount?: number;
  /** Of the machine that is looked at. Default 8 entries, so that programs of a few pages evict some. */
  readonly tlb?: Partial<TlbOptions>;
  readonly space?: Pick<AddressSpaceOptions, 'frames' | 'placement' | 'seed'>;
}

const FRAMES_COUNT = 64;
const SMALL_TLB: Partial<TlbOptions> = { sets: 2, ways: 4 };
const NOT_ASKED: Outcome = { kind: 'not asked' };

/**
 * Makes a machine with one address space, which performs programs of page ops against a model of memory.
 *
 * Beside it a second one performs the same program, with a TLB of another size and with everything that is there for
 * speed alone: its answers must be the same.
 */
export function machineTarget(options: MachineOptions = {}): () => MachineTarget {
  const { preset = 'x86-64' } = options;
  const name = options.name ?? (preset === 'x86-64' ? 'machine' : `machine/${preset}`);
  const { pageSize } = PRESETS[preset];
  return () => {
    const pair = new MachinePair(options);
    return {
      name,
      promises: {},
      performs: 'page-ops',
      pageSize,
      events: () => pair.events,
      invariants: { rules: MACHINE_RULES, read: () => pair.read() },
      perform: (program, observer) => pair.perform(program, observer),
      end: () => pair.end(),
    };
  };
}

/** The machine that is looked at, and what the other one did otherwise. */
interface PairState {
  readonly watched: KernelState;
  readonly difference: string | undefined;
}

/** What a machine is asked: the rules of its kernel, and that its answers do not depend on what only costs. */
export const MACHINE_RULES: readonly CheckedRule<PairState>[] = [
  ...rulesOnPart(KERNEL_INVARIANTS, ({ watched }: PairState) => watched),
  {
    name: 'dirty-bit-tells-of-stores',
    says: 'A page is marked dirty if a store was granted there since it was mapped, and only then.',
    rows: 'P16',
    source: 'Intel SDM, volume 3, "Accessed and Dirty Flags"; Linux, _PAGE_CHG_MASK.',
    check: ({ watched }) => dirtyProblem(watched),
  },
  {
    name: 'answers-do-not-depend-on-tlb',
    says: 'A machine with another TLB answers the same, and so does one whose hits take a shortcut.',
    rows: 'T16',
    source:
      'Intel SDM, volume 3, "Operations that Invalidate TLBs and Paging-Structure Caches": the processor may invalidate more; Syeda and Klein, the chain of refinements.',
    check: ({ difference }) => difference,
  },
];

/** What was stored since a page was mapped is what its model has bytes for. There is one address space, or none. */
function dirtyProblem({ spaces: [own] }: KernelState): string | undefined {
  if (own === undefined) return undefined;
  const { log } = own.model!;
  for (const [page, { entry }] of own.tree.leaves) {
    const isDirty = (entry & DIRTY) !== 0;
    if (isDirty === log.contents.has(page) || (isDirty && log.halfStored.has(page))) continue;
    return `the page at ${formatAddress(page)} is ${isDirty ? 'dirty, and nothing' : 'clean, and something'} was stored there`;
  }
  return undefined;
}

/** Two machines that perform the same program. */
class MachinePair {
  readonly #watched: ModelledMachine;
  readonly #plain: ModelledMachine;
  #difference: string | undefined;

  constructor(options: MachineOptions) {
    this.#watched = new ModelledMachine(options, { tlb: SMALL_TLB, watch: 'on' });
    this.#plain = new ModelledMachine({ ...options, tlb: {} }, { tlb: {}, watch: 'off' });
  }

  read(): PairState {
    const problem = this.#difference ?? Object.values(this.#plain.model.problems)[0];
    return { watched: this.#watched.read(), difference: problem };
  }

  get events(): Readonly<Record<string, number>> {
    return this.#watched.events;
  }

  perform(program: Iterable<Op>, observer: StepObserver): void {
    let step = 0;
    for (const op of program) {
      observer.began(op, step);
      const outcome = isPageOp(op) ? this.#send(op, step) : NOT_ASKED;
      if (observer.ended(op, step, outcome) === 'stop') return;
      step += 1;
    }
  }

  end(): void {
    this.#watched.end();
    this.#plain.end();
  }

  #send(op: PageOp, step: number): Outcome {
    const outcome = this.#watched.send(op, step);
    const other = this.#plain.send(op, step);
    const [a, b] = [outcome, other].map((each) => JSON.stringify(each));
    if (a !== b)
      this.#difference ??= `${op.kind} came to ${a} with a small TLB, to ${b} with a large one`;
    return outcome;
  }
}

/** A machine, its address space with a model, and the slots of the program that is performed. */
class ModelledMachine {
  readonly model: ModelledSpace;
  readonly #kernel: Kernel;
  readonly #program: PageProgram;

  constructor(
    { framesCount = FRAMES_COUNT, preset = 'x86-64', space, tlb }: MachineOptions,
    own: { readonly tlb: Partial<TlbOptions>; readonly watch: 'on' | 'off' },
  ) {
    this.#kernel = new Kernel({
      preset,
      framesCount,
      tlb: { ...own.tlb, ...tlb },
      watch: own.watch,
    });
    this.model = new ModelledSpace(
      this.#kernel,
      this.#kernel.newSpace({ placement: 'up', ...space }),
    );
    this.#program = new PageProgram(this.model, this.#kernel.mmu.geometry.pageSize);
    this.model.space.activate();
  }

  /** What happened, of what only some programs come to. */
  get events(): Readonly<Record<string, number>> {
    const { faults, tlbEvictions, tlbFlushes } = this.#kernel.mmu.meter;
    return {
      tlbEvictions,
      tlbFlushes,
      pagesFaultedIn: faults['not-mapped'],
      storesToReadOnly: faults['read-only'],
      accessesToNobodys: faults['kernel-only'],
      nonCanonical: faults['non-canonical'],
    };
  }

  read(): KernelState {
    return kernelState(this.#kernel, [this.model]);
  }

  end(): void {
    this.#kernel.endSpace(this.model.space);
  }

  /** @param step What a store stores follows from it. */
  send(op: PageOp, step: number): Outcome {
    return this.#program.perform(op, step);
  }
}
