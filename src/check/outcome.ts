import { formatAddress } from '../base/units.ts';

/** What became of one op: sent and answered, or why it was not; a run is stopped by its finding. */
export type Outcome =
  | { readonly kind: 'granted'; readonly address: number; readonly size: number }
  /** `why` is said where a target says it. */
  | { readonly kind: 'refused'; readonly why?: string }
  /** A load, a store or a call that has no answer but that it was done. */
  | { readonly kind: 'done'; readonly value?: number }
  | { readonly kind: 'faulted'; readonly why: string }
  /** A thread still waits when no thread can go on. */
  | { readonly kind: 'blocked'; readonly why: string }
  | { readonly kind: 'freed' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'not asked' }
  /** The target stopped on purpose, as it promises of misuse. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'stopped' };

/** An outcome as the last column of a step: an address, or a word and what is known beside it: `refused EINVAL`. */
export function formatOutcome(outcome: Outcome): string {
  if (outcome.kind === 'granted') return formatAddress(outcome.address);
  const detail = detailOf(outcome);
  if (detail === undefined) return outcome.kind;
  // What a thread waits for is a sentence.
  return `${outcome.kind}${outcome.kind === 'blocked' ? ':' : ''} ${detail}`;
}

function detailOf(outcome: Outcome): string | number | undefined {
  if (outcome.kind === 'done') return outcome.value;
  return 'why' in outcome ? outcome.why : undefined;
}
