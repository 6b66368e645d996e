import { type CLibrary, emitC } from './c-proof.ts';
import { emitJs, type JsModule } from './js-proof.ts';
import type { Proof, Proven } from './proof.ts';

/** How a program of its own gets at a target. */
export type ProofTarget =
  | ({ readonly kind: 'module' } & JsModule)
  | ({ readonly kind: 'library' } & CLibrary);

export const PROOF_LANGUAGES = ['c', 'js'] as const;
export type ProofLanguage = (typeof PROOF_LANGUAGES)[number];

/**
 * Writes a program of the fewest calls that shows a finding without heapcheck: it ends with a status other than 0 when
 * the bug shows, and with 0 where it does not.
 */
export function emitProof(proven: Proven, by: ProofTarget, language: ProofLanguage): Proof {
  if (by.kind === 'module' && language === 'js') return emitJs(proven, by);
  if (by.kind === 'library' && language === 'c') return emitC(proven, by);
  const [is, other] = by.kind === 'module' ? ['a module', 'js'] : ['a library', 'c'];
  return { why: `${proven.target.name} is ${is}, so pass --emit ${other}` };
}
