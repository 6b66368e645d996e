import type { Op } from '../program/op.ts';
import type { WalkedBlock } from './target.ts';

/** What became of one op: sent and answered, or why it was not; a run is stopped by its finding. */
export type Outcome =
  | { readonly kind: 'granted'; readonly address: number; readonly size: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'freed' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'not asked' }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'stopped' };

/** One step of a run. `blocks` is the target's own view after the step, where it offers one and it was asked for. */
export interface TraceStep {
  readonly op: Op;
  readonly outcome: Outcome;
  readonly blocks?: readonly WalkedBlock[] | undefined;
}

/** What happened in a run: plain data, so that report and viewer need to know no target. */
export type Trace = readonly TraceStep[];
