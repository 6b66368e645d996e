import type { Finding } from '../check/finding.ts';
import type { AllocatorTarget } from '../check/target.ts';
import type { Trace } from '../check/trace.ts';

/** A finding, and what was under test. */
export interface Proven {
  readonly finding: Finding;
  /** Every step up to the finding. */
  readonly trace: Trace;
  /** What it offers and promises is read; nothing of it is called. */
  readonly target: AllocatorTarget;
}

/** A program that shows a finding, or why there is none, as the end of a sentence. */
export type Proof = { readonly text: string } | { readonly why: string };
