import type { Trace } from '../../check/trace.ts';
import type { Outcome } from '../../check/outcome.ts';
import type { PlanStep, ThreadPlan } from './thread-plan.ts';

/** What became of a step of a plan. */
export interface StepRecord {
  readonly state: 'not begun' | 'begun' | 'done';
  /** Of the block that it was granted; null where it was refused, or asked for none. */
  readonly address: number | null;
  /**
   * The block lives for sure from one stamp to the other: the first was taken after the call had returned, the second
   * before the one that frees it; 0 where there was none. Stamps count up over all threads of a run.
   */
  readonly born: number;
  readonly died: number;
  /** The first byte of the block that somebody else had changed when it ended. */
  readonly damage?: number | undefined;
  /** Of calloc the first byte that was not zero, of realloc the first that was lost. */
  readonly wrong?: number | undefined;
}

/** One run of a plan. */
export interface ThreadRun {
  readonly records: readonly StepRecord[];
  /** How the process ended in this run, if it did: by a signal, or by itself. */
  readonly died?: { readonly signal?: string; readonly exitCode?: number };
}

/** The bytes of a log: what the library offers as bits, then process after process. Little-endian. */
const OFFERS_BYTES = 4;
const PROCESS_BYTES = 16;
const RECORD_BYTES = 48;
const STATES = ['not begun', 'begun', 'done'] as const;
/** An offset that is none. */
const NOWHERE = 2n ** 64n - 1n;

/** A log as the host writes it. */
export interface ThreadLog {
  /** Bit n is set where the library has the n-th kind of op. */
  readonly offers: number;
  /** The runs of each process, in their order. What was cut off at the end is left out. */
  readonly processes: readonly (readonly ThreadRun[])[];
}

/** @param signalName Names a signal by its number. */
export function readThreadLog(
  bytes: Uint8Array,
  { steps }: ThreadPlan,
  signalName: (signal: number) => string,
): ThreadLog {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const processes: ThreadRun[][] = [];
  const runBytes = steps.length * RECORD_BYTES;
  let at = OFFERS_BYTES;
  while (at + PROCESS_BYTES <= bytes.byteLength) {
    const [signal, exitCode, runsCount] = [0, 4, 8].map((offset) =>
      view.getUint32(at + offset, true),
    ) as [number, number, number];
    at += PROCESS_BYTES;
    if (at + runsCount * runBytes > bytes.byteLength) break;
    const runs: ThreadRun[] = [];
    for (let run = 0; run < runsCount; run += 1, at += runBytes) {
      const start = at;
      const records = steps.map((_, index) => readRecord(view, start + index * RECORD_BYTES));
      runs.push({ records });
    }
    const died =
      signal > 0 ? { signal: signalName(signal) } : exitCode > 0 ? { exitCode } : undefined;
    const last = runs.at(-1);
    if (last !== undefined && died !== undefined) runs[runs.length - 1] = { ...last, died };
    processes.push(runs);
  }
  return { offers: bytes.byteLength < OFFERS_BYTES ? 0 : view.getUint32(0, true), processes };
}

function readRecord(view: DataView, at: number): StepRecord {
  const word = (index: number): bigint => view.getBigUint64(at + index * 8, true);
  const offset = (index: number): number | undefined =>
    word(index) === NOWHERE ? undefined : Number(word(index));
  const address = Number(word(1));
  return {
    state: STATES[Number(word(0))]!,
    address: address === 0 ? null : address,
    born: Number(word(2)),
    died: Number(word(3)),
    damage: offset(4),
    wrong: offset(5),
  };
}

/** A run as reports show it: the ops that were sent, by their places in the program. */
export function traceOfThreads({ steps }: ThreadPlan, { records }: ThreadRun): Trace {
  return steps.map(({ op, size, step, thread }, index) => {
    const shown = thread === 0 ? op : { ...op, thread };
    return { op: shown, step, outcome: outcomeOf(op.kind, Number(size), records[index]!) };
  });
}

function outcomeOf(kind: PlanStep['op']['kind'], size: number, record: StepRecord): Outcome {
  if (record.state === 'not begun') return { kind: 'blocked', why: 'it was not come to' };
  if (record.state === 'begun') return { kind: 'stopped' };
  if (kind === 'free') return { kind: 'freed' };
  const { address } = record;
  return address === null ? { kind: 'refused' } : { kind: 'granted', address, size };
}
