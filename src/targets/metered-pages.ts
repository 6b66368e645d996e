import { type Cost, costOf } from '../kernel/cost.ts';
import { Kernel } from '../kernel/kernel.ts';
import { PlainMemory } from '../kernel/process-memory.ts';
import type { SystemCall } from '../kernel/system-calls.ts';
import type { MeterReading } from '../machine/meter.ts';
import { isPageOp, type Op } from '../program/op.ts';
import { PageProgram } from './page-program.ts';
import type { PagedArenaOptions } from './paged-arena.ts';

/** The machine that a program has for itself, where it is not the default. */
export type BareMachineOptions = Pick<
  PagedArenaOptions,
  'preset' | 'tlb' | 'framesCount' | 'frames' | 'placement' | 'seed'
>;

/** What became of the ops. */
interface OpCounts {
  ops: number;
  /** Ops that do nothing, since their slots do not allow it. */
  skipped: number;
  /** Ops that a machine alone does not perform. */
  notSent: number;
  refused: number;
  faulted: number;
}

/** What a program of ops on pages did to the machine, from its first op to its last. */
export interface MeteredPages {
  readonly counts: Readonly<OpCounts>;
  readonly meter: MeterReading;
  readonly systemCalls: Readonly<Record<SystemCall, number>>;
  /** Frames of pages and of tables. */
  readonly framesPeak: number;
  readonly mappedPeakBytes: number;
  readonly pageSize: number;
  readonly cost: Cost;
}

/**
 * Runs a program of ops on pages on a fresh machine with one address space, and reads what was counted. Nobody judges,
 * so each access counted is the program's own. A fault that nobody mends ends its op and nothing else.
 */
export function meteredPages(
  program: Iterable<Op>,
  options: BareMachineOptions = {},
): MeteredPages {
  const { frames, placement = 'up', seed, ...machine } = options;
  const kernel = new Kernel(machine);
  const space = kernel.newSpace({
    placement,
    ...(frames && { frames }),
    ...(seed !== undefined && { seed }),
  });
  space.activate();
  // Making the machine flushes its TLB once, which is not the program's doing.
  kernel.mmu.meter.reset();
  const { pageSize } = kernel.mmu.geometry;
  const counts = perform(program, new PageProgram(new PlainMemory(kernel.mmu, space), pageSize));
  const meter = kernel.mmu.meter.read();
  const systemCalls = { ...space.calls };
  return {
    counts,
    meter,
    systemCalls,
    framesPeak: kernel.frames.ownedPeak,
    mappedPeakBytes: space.areas.mappedPeak,
    pageSize,
    cost: costOf(meter, systemCalls),
  };
}

function perform(program: Iterable<Op>, pages: PageProgram): OpCounts {
  const counts: OpCounts = { ops: 0, skipped: 0, notSent: 0, refused: 0, faulted: 0 };
  for (const op of program) {
    const { kind } = isPageOp(op) ? pages.perform(op, counts.ops) : { kind: 'not asked' };
    counts.ops += 1;
    if (kind === 'skipped') counts.skipped += 1;
    if (kind === 'not asked') counts.notSent += 1;
    if (kind === 'refused') counts.refused += 1;
    if (kind === 'faulted') counts.faulted += 1;
  }
  return counts;
}
