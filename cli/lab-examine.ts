import { relative } from 'node:path';
import { fold } from '../src/base/prng.ts';
import type { Finding } from '../src/check/finding.ts';
import { Runner, type RunProgram } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { minimize } from '../src/minimize/minimize.ts';
import type { Program } from '../src/program/program.ts';
import type { ShownFinding } from './finding-report.ts';
import { formatShort } from './format.ts';
import { FuzzCampaign } from './fuzz-campaign.ts';
import { interruptible } from './interrupt.ts';
import type { LabTarget } from './lab-target.ts';
import { openOps, readWholeTrace } from './load-program.ts';
import { refineAndKeep, type Search } from './refine-finding.ts';
import { runTrace } from './trace-run.ts';

export interface LabBudget {
  /** Milliseconds that programs are drawn for. */
  readonly budgetMs: number;
  /** Programs at the most. */
  readonly runs: number;
}

export interface LabSearch extends Search {
  readonly target: LabTarget;
}

/** What a handout was asked, and the first finding. */
export interface Examined {
  readonly shown: ShownFinding | undefined;
  readonly programsCount: number;
  readonly opsCount: number;
  /** Traces that were replayed; they come last, for their programs are long. */
  readonly tracesCount: number;
}

/** Asks a handout the laws: random programs first, as they find the shorter ones, then the traces that came with it. */
export async function examineHandout(search: LabSearch, budget: LabBudget): Promise<Examined> {
  const campaign = await fuzzHandout(search, budget);
  const { programsCount, opsCount } = campaign;
  if (campaign.shown !== undefined) return { ...campaign, tracesCount: 0 };
  let tracesCount = 0;
  for (const trace of search.target.handout.traces) {
    tracesCount += 1;
    search.session.progress.update(() => `replaying ${relative(search.session.io.cwd, trace)}`);
    const shown = await interruptible(() => replayTrace(search, trace));
    if (shown !== undefined) return { shown, programsCount, opsCount, tracesCount };
  }
  return { shown: undefined, programsCount, opsCount, tracesCount };
}

async function fuzzHandout(
  search: LabSearch,
  { budgetMs, runs }: LabBudget,
): Promise<Omit<Examined, 'tracesCount'>> {
  const { seed, session, target, timeLimitMs } = search;
  const { io, progress } = session;
  const started = io.now();
  const campaign = new FuzzCampaign(
    target.makeTarget,
    { seed: fold(`${seed} lab`), runs, timeLimitMs, known: [] },
    { now: () => io.now(), run: interruptible },
  );
  let shown: ShownFinding | undefined;
  while (shown === undefined && !campaign.isDone && io.now() - started < budgetMs) {
    const raw = await campaign.next();
    const { opsCount, programsCount } = campaign;
    progress.update(
      () => `${target.name}: ${programsCount} programs, ${formatShort(opsCount)} ops`,
    );
    if (raw !== undefined) shown = await interruptible(() => refineAndKeep(search, raw));
  }
  const { opsCount, programsCount } = campaign;
  return { shown, programsCount, opsCount };
}

/** Runs a trace as it stands; the program that breaks a law is first cut to a size at which every op can be looked at. */
function replayTrace(search: LabSearch, path: string): ShownFinding | undefined {
  const file = openOps(path, search.session.io.cwd);
  if (file.kind !== 'trace') return undefined;
  const { makeTarget } = search.target;
  const { finding } = runTrace(makeTarget, file.read());
  if (finding === undefined) return undefined;
  const program = readWholeTrace(file).program.slice(0, finding.step + 1);
  return refineAndKeep(search, { finding, program: shortened(makeTarget, program, finding) });
}

/** As short as it gets when blocks are looked at now and then only. */
function shortened(makeTarget: MakeTarget, program: Program, raw: Finding): Program {
  const runner = new Runner(makeTarget);
  const run: RunProgram = (candidate) => runner.run(candidate);
  const finding = run(program) ?? raw;
  return minimize(run, program, finding).program;
}
