import { UsageError } from '../src/base/usage-error.ts';
import type { Finding } from '../src/check/finding.ts';
import { LAW } from '../src/check/law.ts';
import type { RunProgram } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { Minimized, MinimizeOptions } from '../src/minimize/minimize.ts';
import { refine, type Refined } from '../src/minimize/refine.ts';
import type { Program } from '../src/program/program.ts';
import type { Found, KeptFinding, ProgramStore } from '../src/store/store.ts';
import { guardedHistories, guardedRun, guardedRunFor } from '../src/supervise/guarded-run.ts';
import type { ReportContext, ShownFinding } from './finding-report.ts';
import { formatMany } from './format.ts';

/** What becomes of findings: who is told, and where they are kept. */
export interface Refining extends ReportContext {
  /** None where no program is drawn. */
  readonly seed?: number;
  readonly store: ProgramStore;
}

/** A search for findings among programs that are drawn: the target that is searched, and what becomes of them. */
export interface Search extends Refining {
  readonly seed: number;
}

/** While a hang is shrunk, this part of the time limit must do: each step on the way waits for it. */
const HANG_LIMIT_PART = 1 / 20;
const HANG_LIMIT_MIN_MS = 50;
/** Where a hang does not show in so short a time, as another process takes longer to be asked, it is given so much more. */
const HANG_LIMIT_STEP = 4;

/**
 * Runs programs under the watchdog so that whatever law they break shows, at its exact step. What breaks none is run
 * in the ways of the laws about whole histories, too: too slow for shrinking, where the law is known.
 */
export function exactRun(makeTarget: MakeTarget, timeLimitMs: number): RunProgram {
  const run = guardedRun(makeTarget, timeLimitMs);
  const runHistories = guardedHistories(makeTarget, timeLimitMs);
  return (program) => run(program) ?? runHistories(program);
}

/** Confirms a finding and shrinks it under the watchdog; what is confirmed is kept. */
export function refineAndKeep(
  search: Refining,
  raw: { readonly finding: Finding; readonly program: Program },
): ShownFinding {
  const { progress } = search.session;
  const refined = refineGuarded(search, raw.program, raw.finding, {
    onProgress: ({ opsCount, runsCount }) => {
      progress.update(
        () => `shrinking ${raw.finding.law}: ${opsCount} ops after ${runsCount} runs`,
      );
    },
  });
  const { finding, program } = refined;
  if (refined.kind === 'flaky') return { finding, program, remark: describeFlaky(refined) };
  const found: Found = {
    seed: search.seed,
    opsCount: refined.opsBefore,
    runsCount: refined.runsCount,
  };
  return {
    finding,
    program,
    found,
    ...(!refined.isMinimal && { remark: describeCut(refined) }),
    ...keep(search.store, { finding, program, found }),
  };
}

/** Keeps a finding. What cannot be kept is shown all the same, with the reason. */
function keep(store: ProgramStore, kept: KeptFinding): Pick<ShownFinding, 'file' | 'remark'> {
  try {
    return { file: store.keep(kept) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { remark: `not kept   ${error.message}` };
  }
}

/** As `refine`; a hang is shrunk with less patience than it was found with. */
export function refineGuarded(
  { target, timeLimitMs }: Pick<ReportContext, 'target' | 'timeLimitMs'>,
  program: Program,
  raw: Finding,
  options: MinimizeOptions,
): Refined {
  const { makeTarget } = target;
  const run = guardedRunFor(makeTarget, timeLimitMs, raw.law);
  if (raw.law !== LAW.answersInTime.name) return refine(run, program, raw, options);
  let limitMs = Math.max(HANG_LIMIT_MIN_MS, timeLimitMs * HANG_LIMIT_PART);
  let refined = refine(guardedRun(makeTarget, limitMs), program, raw, options);
  while (refined.kind === 'flaky' && limitMs < timeLimitMs) {
    limitMs = Math.min(timeLimitMs, limitMs * HANG_LIMIT_STEP);
    refined = refine(guardedRun(makeTarget, limitMs), program, raw, options);
  }
  // What hangs for a short while may only be slow: the full limit has the last word.
  const finding = run(refined.program);
  if (finding?.law === raw.law) return { ...refined, finding };
  return { kind: 'flaky', program, finding: raw, repeatsCount: 0, confirmRunsCount: 1 };
}

function describeCut({ hangsCount, runsCount }: Minimized): string {
  return `cut short  shrinking ended after ${formatMany(runsCount, 'run')}, ${hangsCount} of them stopped by the time limit; 'heapcheck minimize' goes on from the file`;
}

function describeFlaky({
  repeatsCount,
  confirmRunsCount,
}: Extract<Refined, { kind: 'flaky' }>): string {
  return repeatsCount === 0
    ? `flaky      ${formatMany(confirmRunsCount, 'run')} of this program on a fresh heap found nothing: something outlives the heap, or its reset`
    : `flaky      it showed in ${repeatsCount} of ${confirmRunsCount} runs`;
}
