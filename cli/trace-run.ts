import type { Size } from '../src/base/units.ts';
import type { Finding } from '../src/check/finding.ts';
import type { RunCounts } from '../src/check/run-counts.ts';
import { Runner } from '../src/check/runner.ts';
import { type AllocatorTarget, isMachine, type MakeTarget } from '../src/check/target.ts';
import type { Op } from '../src/program/op.ts';
import { printOp } from '../src/program/text.ts';
import type { TraceSummary } from '../src/trace-formats/index.ts';

/** What came of running a trace. */
export interface TraceRun {
  readonly finding: Finding | undefined;
  /** The op at which a finding showed, as text. */
  readonly op: string | undefined;
  /** What the trace says of itself; undefined when a finding ended the run before its end. */
  readonly summary: TraceSummary | undefined;
  readonly counts: Readonly<RunCounts>;
  /** How many requests were refused, by the reason. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** A heap of a real program is large: it is walked less often than that of a fuzzed one. */
const CHECK_EVERY = 16_384;

/** Runs a trace as it is read, in memory that grows with its live blocks only. */
export function runTrace(
  makeTarget: MakeTarget,
  ops: Generator<Op, TraceSummary, undefined>,
): TraceRun {
  const refusals = new Map<string, number>();
  const makeNoting: MakeTarget = () => {
    const target = makeTarget();
    return isMachine(target) ? target : noteRefusals(target, refusals);
  };
  const runner = new Runner(makeNoting, { checkEvery: CHECK_EVERY });
  let summary: TraceSummary | undefined;
  function* all(): Generator<Op, void, undefined> {
    summary = yield* ops;
  }
  const finding = runner.run(all());
  const { op } = runner.at;
  return { finding, op: op && printOp(op), summary, counts: runner.counts, refusals };
}

/** The target with a note of each request that it refuses. */
function noteRefusals(target: AllocatorTarget, refusals: Map<string, number>): AllocatorTarget {
  const note = (size: Size, answer: number | null): number | null => {
    if (answer === null && size !== 0) {
      const reason = refusalReason(target, size);
      refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    }
    return answer;
  };
  const noting: Partial<AllocatorTarget> = {
    malloc: (size) => note(size, target.malloc(size)),
    ...(target.calloc && {
      calloc: (count, size) => note(Number(count) * Number(size), target.calloc!(count, size)),
    }),
    ...(target.realloc && {
      realloc: (address, size) => note(size, target.realloc!(address, size)),
    }),
    ...(target.aligned && {
      aligned: (alignment, size) => note(size, target.aligned!(alignment, size)),
    }),
  };
  // Everything else, bounds that grow among them, is the target's own.
  return Object.assign(Object.create(target) as AllocatorTarget, noting);
}

function refusalReason({ bounds }: AllocatorTarget, size: Size): string {
  if (bounds === undefined) return 'the target has no room';
  return size > bounds.end - bounds.start ? 'larger than the arena' : 'no room left in the arena';
}
