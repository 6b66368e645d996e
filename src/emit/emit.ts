import { unreachable } from '../base/kit-bug.ts';
import { type CLibrary, emitC } from './c-proof.ts';
import { emitJs, type JsModule } from './js-proof.ts';
import type { Proof, Proven } from './proof.ts';
import { emitForWasm, type WasmModule } from './wasm-proof.ts';

/** How a program of its own gets at a target. */
export type ProofTarget =
  | ({ readonly kind: 'module' } & JsModule)
  | ({ readonly kind: 'wasm' } & WasmModule)
  | ({ readonly kind: 'library' } & CLibrary);

export const PROOF_LANGUAGES = ['c', 'js'] as const;
export type ProofLanguage = (typeof PROOF_LANGUAGES)[number];

/**
 * Writes a program of the fewest calls that shows a finding without heapcheck: it ends with a status other than 0 when
 * the bug shows, and with 0 where it does not.
 */
export function emitProof(proven: Proven, by: ProofTarget, language: ProofLanguage): Proof {
  const { name } = proven.target;
  switch (by.kind) {
    case 'library':
      return language === 'c'
        ? emitC(proven, by)
        : { why: `${name} is a library, so pass --emit c` };
    case 'module':
    case 'wasm':
      if (language === 'c') return { why: `${name} is a module, so pass --emit js` };
      return by.kind === 'wasm' ? emitForWasm(proven, by) : emitJs(proven, by);
    default:
      return unreachable(by);
  }
}
