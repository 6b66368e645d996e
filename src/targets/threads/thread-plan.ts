import { sizeProduct, type Size } from '../../base/units.ts';
import { type BlockOp, isPageOp, isThreadOp, type Slot } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';

/** The ops that threads send to an allocator that they share, in the order of the numbers that the host knows them by. */
export const SHARED_KINDS = ['malloc', 'calloc', 'realloc', 'aligned', 'free'] as const;

export type SharedKind = (typeof SHARED_KINDS)[number];

/** One op of a program on a shared heap, as its thread sends it. */
export interface PlanStep {
  readonly op: BlockOp & { readonly kind: SharedKind };
  /** Its place in the program. */
  readonly step: number;
  /** From 0 up, without gaps. */
  readonly thread: number;
  /** The place in the plan of the step whose block it frees or moves. It waits until that one is done. */
  readonly source: number | undefined;
  /** Bytes of the block that it asks for; 0 where it asks for none. */
  readonly size: Size;
}

/** A program of blocks, dealt to its threads. */
export interface ThreadPlan {
  readonly threadsCount: number;
  readonly steps: readonly PlanStep[];
}

/** Whether all of a program is about blocks, so that threads can do it on a heap that they share. */
export function isForSharedHeap(program: Program): boolean {
  return !program.some((op) => isPageOp(op) || isThreadOp(op));
}

/**
 * Deals a program to its threads. An op does something when its slots allow it in the order of the program, every request
 * being granted; a block goes from the thread that asked for it to the one whose op comes next. So each run of the plan is
 * a valid use of the heap, whatever the threads do between two hand-overs.
 *
 * @param offered What the allocator has; what it has not is not asked. Misuse is not asked either.
 */
export function planOf(program: Program, offered: ReadonlySet<SharedKind>): ThreadPlan {
  const threads = new Map<Slot, number>();
  const live = new Map<Slot, number>();
  const steps: PlanStep[] = [];
  for (const [step, { thread = 0, ...op }] of program.entries()) {
    if (!isShared(op) || !offered.has(op.kind)) continue;
    const source = sourceOf(op, live);
    if (source === 'empty') continue;
    if (!threads.has(thread)) threads.set(thread, threads.size);
    if (source !== undefined) live.delete(op.kind === 'realloc' ? op.source! : op.slot!);
    if (op.kind !== 'free') live.set(op.slot, steps.length);
    steps.push({ op, step, thread: threads.get(thread)!, source, size: sizeAsked(op) });
  }
  return { threadsCount: threads.size, steps };
}

/** The program without the ops that do nothing. */
export function opsOf({ steps }: ThreadPlan, program: Program): Program {
  return steps.map(({ step }) => program[step]!);
}

function isShared(op: object): op is PlanStep['op'] {
  return 'kind' in op && SHARED_KINDS.some((kind) => kind === op.kind);
}

/** The step whose block an op takes, none where it needs none; `empty` where its slots do not allow it. */
function sourceOf(
  op: PlanStep['op'],
  live: ReadonlyMap<Slot, number>,
): number | undefined | 'empty' {
  if (op.kind === 'free') return op.slot === null ? undefined : (live.get(op.slot) ?? 'empty');
  if (op.kind === 'realloc' && op.source !== null) {
    if (op.slot !== op.source && live.has(op.slot)) return 'empty';
    return live.get(op.source) ?? 'empty';
  }
  return live.has(op.slot) ? 'empty' : undefined;
}

function sizeAsked(op: PlanStep['op']): Size {
  if (op.kind === 'free') return 0;
  return op.kind === 'calloc' ? sizeProduct(op.count, op.size) : op.size;
}
