import type { Outcome } from '../check/outcome.ts';
import type { HeapOptions } from '../heap/options.ts';
import { Core, type CoreAccounts, type KernelTicks } from '../kernel/core.ts';
import type { SwitchKind } from '../kernel/core-calls.ts';
import { type Cost, costOf } from '../kernel/cost.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { PolicyName } from '../kernel/scheduler.ts';
import type { CallName } from '../kernel/user-code.ts';
import { type MeterReading, subtractReadings } from '../machine/meter.ts';
import type { Op } from '../program/op.ts';
import { layoutOf } from './kernel-layout.ts';
import type { BareMachineOptions } from './metered-pages.ts';
import { heapOptionsOn } from './paged-arena.ts';
import { ThreadProgram } from './thread-program.ts';
import { TlbRefills } from './tlb-refills.ts';

/**
 * What the kernel's own work takes where nothing is said, in ticks. An access takes one, so a call is what it is among
 * the weights of a cost, an interrupt as much, and a switch four times that: about a microsecond.
 */
export const KERNEL_TICKS: KernelTicks = { call: 250, interrupt: 250, switch: 1000 };
/** Ticks of a slice where nothing is said. */
export const SLICE_TICKS = 10_000;

/** The configuration under which a program of threads is counted. */
export interface MeteredThreadsOptions {
  /** Of each process's heap. One that grows by `brk` shares the break with its program. */
  readonly heap?: Partial<HeapOptions>;
  readonly machine?: BareMachineOptions;
  /** When the program starts; it may change it. Default `SLICE_TICKS`. */
  readonly quantum?: number;
  /** When the program starts; it may change it. Default `rr`. */
  readonly policy?: PolicyName;
  /** Default `KERNEL_TICKS`. */
  readonly ticks?: Partial<KernelTicks>;
  /** What each `spawn` makes. Default: what it says. */
  readonly spawns?: 'as-written' | 'processes' | 'threads';
}

/** What became of the ops. */
interface OpCounts {
  ops: number;
  /** Ops that do nothing, since their slots do not allow it, or that no thread came to. */
  skipped: number;
  /** Ops that a kernel does not perform. */
  notSent: number;
  refused: number;
  /** Ops whose thread a fault ended. */
  faulted: number;
  /** Ops in which a thread waits for ever. */
  blocked: number;
}

/** What a program of threads did to the machine, from its first op to its last. */
export interface MeteredThreads {
  readonly counts: Readonly<OpCounts>;
  /** What the threads did themselves. */
  readonly meter: MeterReading;
  /** What saving and restoring their registers added. */
  readonly switching: MeterReading;
  /** The calls of all threads, and the maps of their heaps, which take no ticks. The kernel's own, of stacks, are none. */
  readonly systemCalls: Readonly<Record<CallName, number>>;
  readonly switches: Readonly<Record<SwitchKind, number>>;
  readonly rootsSet: number;
  readonly timerStrikes: number;
  /** Ticks, by what for; and all of them. */
  readonly ticks: Readonly<CoreAccounts & { clock: number }>;
  /** TLB entries that setting a root threw away and that came back, and the reads of the walks for them. */
  readonly refills: { readonly entries: number; readonly reads: number };
  /** Frames of pages and of tables. */
  readonly framesPeak: number;
  readonly cost: Cost;
  /** Why some threads wait for ever. Missing when all have ended. */
  readonly deadlock?: string;
}

/**
 * Runs a program of threads on a fresh kernel with one core, and reads what was counted. Nobody judges, so each access
 * counted is a thread's own, or one that a switch made.
 */
export function meteredThreads(
  program: Iterable<Op>,
  options: MeteredThreadsOptions = {},
): MeteredThreads {
  const { framesCount, preset = 'x86-64', tlb, ...space } = options.machine ?? {};
  const layout = layoutOf(preset);
  const kernel = new Kernel({ preset, ...(framesCount && { framesCount }), ...(tlb && { tlb }) });
  const refills = new TlbRefills(kernel);
  const core = new Core(kernel, {
    quantum: options.quantum ?? SLICE_TICKS,
    policy: options.policy ?? 'rr',
    ticks: { ...KERNEL_TICKS, ...options.ticks },
    space: { ...layout.space, ...space },
    watcher: refills,
  });
  const counts: OpCounts = { ops: 0, skipped: 0, notSent: 0, refused: 0, faulted: 0, blocked: 0 };
  const threads = new ThreadProgram(
    {
      kernel,
      core,
      heap: { ...heapOptionsOn(preset), ...options.heap },
      heapRange: layout.heapRange,
    },
    spawning(program, options.spawns ?? 'as-written'),
    {
      began: () => undefined,
      ended: (_op, _step, outcome) => {
        count(counts, outcome);
        return 'go on';
      },
    },
  );
  const { why } = threads.run();
  return {
    counts,
    ...readingOf(core, threads, refills.count),
    ...(why !== undefined && { deadlock: why }),
  };
}

function readingOf(
  core: Core,
  { heaps }: ThreadProgram,
  entries: number,
): Omit<MeteredThreads, 'counts' | 'deadlock'> {
  const { accounts, calls, clock, contextSwitch, kernel, rootsSet, switches, timerStrikes } = core;
  const switching = contextSwitch.counted;
  const meter = subtractReadings(kernel.mmu.meter.read(), switching);
  const systemCalls = { ...calls };
  for (const heap of heaps) {
    systemCalls.mmap += heap.calls.mmap;
    systemCalls.brk += heap.calls.brk;
  }
  return {
    meter,
    switching,
    systemCalls,
    switches: { ...switches },
    rootsSet,
    timerStrikes,
    ticks: { ...accounts, clock },
    refills: { entries, reads: entries * meter.translationReads.length },
    framesPeak: kernel.frames.ownedPeak,
    cost: costOf(meter, systemCalls),
  };
}

/** The program with each `spawn` as it is to be. */
function spawning(
  program: Iterable<Op>,
  spawns: NonNullable<MeteredThreadsOptions['spawns']>,
): readonly Op[] {
  const ops = [...program];
  if (spawns === 'as-written') return ops;
  const as = spawns === 'processes' ? 'process' : 'thread';
  return ops.map((op) => (op.kind === 'spawn' ? { ...op, as } : op));
}

function count(counts: OpCounts, { kind }: Outcome): void {
  counts.ops += 1;
  if (kind === 'skipped') counts.skipped += 1;
  if (kind === 'not asked') counts.notSent += 1;
  if (kind === 'refused') counts.refused += 1;
  if (kind === 'faulted') counts.faulted += 1;
  if (kind === 'blocked') counts.blocked += 1;
}
