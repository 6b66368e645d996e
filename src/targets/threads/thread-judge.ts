import { overlaps } from '../../base/range.ts';
import { HostDied } from '../../check/host-died.ts';
import { type Broken, type Finding, formatCall } from '../../check/finding.ts';
import { LAW } from '../../check/law.ts';
import type { Slot } from '../../program/op.ts';
import type { StepRecord, ThreadRun } from './thread-log.ts';
import type { PlanStep, ThreadPlan } from './thread-plan.ts';

/** What is broken, and the step of the program at which it showed. */
export type ThreadVerdict = Broken & Pick<Finding, 'crash' | 'law' | 'step'>;

export interface ThreadJudgeOptions {
  /** Milliseconds that a run was given. */
  readonly limitMs: number;
  /** What was said before an end by a signal, and where. */
  readonly said?: { readonly said?: string | undefined; readonly site?: string | undefined };
}

/**
 * Judges one run of several threads by its log. Nothing is known of the order of their calls but what hand-overs and
 * stamps say, so only what no order allows is a finding: two blocks that were live at once for sure and share a byte, a
 * block that somebody else has written to, a call that did not return.
 *
 * An overlap comes first, as damage and crashes come of it.
 */
export function judgeThreads(
  plan: ThreadPlan,
  run: ThreadRun,
  options: ThreadJudgeOptions,
): ThreadVerdict | undefined {
  const { died } = run;
  // What a sanitizer says names the cause, whatever came of it.
  if (died !== undefined && options.said?.site !== undefined) return judgeEnd(plan, run, options);
  return (
    judgePlaces(plan, run) ??
    judgeContents(plan, run) ??
    (died === undefined ? undefined : judgeEnd(plan, run, options))
  );
}

/** A block of a run: where it lay, and the stamps between which it was live for sure. */
interface Lived {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly born: number;
  readonly died: number;
}

function judgePlaces({ steps }: ThreadPlan, { records }: ThreadRun): ThreadVerdict | undefined {
  const blocks = steps
    .flatMap(({ size }, index) => livedIn(records[index]!, Number(size), index))
    .toSorted((a, b) => a.start - b.start || a.born - b.born);
  for (const [at, block] of blocks.entries()) {
    for (let next = at + 1; next < blocks.length && blocks[next]!.start < block.end; next += 1) {
      const other = blocks[next]!;
      if (!overlaps(block, other) || !liveAtOnce(block, other)) continue;
      const [early, late] = block.born < other.born ? [block, other] : [other, block];
      return overlapOf(steps, early, late);
    }
  }
  return undefined;
}

/** A block without bytes counts as 1 byte, since its address must be its own. */
function livedIn(
  { address, born, died }: StepRecord,
  size: number,
  index: number,
): readonly Lived[] {
  if (address === null) return [];
  const end = address + Math.max(1, size);
  return [{ index, start: address, end, born, died: died === 0 ? Infinity : died }];
}

function liveAtOnce(a: Lived, b: Lived): boolean {
  return a.born < b.died && b.born < a.died;
}

function overlapOf(steps: readonly PlanStep[], early: Lived, late: Lived): ThreadVerdict {
  const { op, step } = steps[late.index]!;
  const other = { slot: slotOf(steps[early.index]!), start: early.start, end: early.end };
  const broken = LAW.blocksStayApart.check(op, late.start, late.end - late.start, other)!;
  return { law: LAW.blocksStayApart.name, step, ...broken };
}

function judgeContents({ steps }: ThreadPlan, { records }: ThreadRun): ThreadVerdict | undefined {
  for (const [index, { damage, wrong }] of records.entries()) {
    const planned = steps[index]!;
    const { op, size, source, step } = planned;
    if (damage !== undefined) {
      const broken = LAW.contentsSurvive.check(slotOf(planned), damage)!;
      return { law: LAW.contentsSurvive.name, step, ...broken };
    }
    if (wrong === undefined) continue;
    if (op.kind === 'calloc')
      return { law: LAW.callocZeroes.name, step, ...LAW.callocZeroes.check(op, wrong)! };
    const kept = Math.min(Number(size), Number(steps[source!]!.size));
    return {
      law: LAW.reallocKeepsPrefix.name,
      step,
      ...LAW.reallocKeepsPrefix.check(op, wrong, kept)!,
    };
  }
  return undefined;
}

/** The process ended in a call, or did not end in time. */
function judgeEnd(
  { steps }: ThreadPlan,
  { died, records }: ThreadRun,
  { limitMs, said }: ThreadJudgeOptions,
): ThreadVerdict {
  const underWay = steps.filter((_, index) => records[index]!.state === 'begun');
  const step = (underWay[0] ?? steps.at(-1))?.step ?? 0;
  const death = new HostDied({ ...died, ...said, limitMs });
  if (death.isHang)
    return { law: LAW.answersInTime.name, step, ...LAW.answersInTime.check(limitMs, 'timed out')! };
  const calls = underWay.map(({ op, thread }) => `t${thread}: ${formatCall(op)}`).join(', ');
  const call = underWay.length === 0 ? 'freeing what was live' : calls;
  return {
    law: LAW.callsReturn.name,
    step,
    observed: `${call} ${death.message}`,
    expected: 'an answer',
    crash: death.site,
  };
}

/** The slot that a step's block lies in. */
function slotOf({ op }: PlanStep): Slot {
  return op.slot ?? 0;
}
