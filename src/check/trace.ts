import type { Op } from '../program/op.ts';
import type { Outcome } from './outcome.ts';
import type { WalkedBlock } from './target.ts';

/** One step of a run. `blocks` is the target's own view after the step, where it offers one and it was asked for. */
export interface TraceStep {
  readonly op: Op;
  /** Its place in the program. */
  readonly step: number;
  readonly outcome: Outcome;
  readonly blocks?: readonly WalkedBlock[] | undefined;
}

/** What happened in a run: plain data, so that report and viewer need to know no target. */
export type Trace = readonly TraceStep[];
