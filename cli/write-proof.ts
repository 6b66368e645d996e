import { dirname, resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import type { Finding } from '../src/check/finding.ts';
import { isMachine } from '../src/check/target.ts';
import type { Trace } from '../src/check/trace.ts';
import { emitProof, PROOF_LANGUAGES, type ProofLanguage } from '../src/emit/emit.ts';
import type { LoadedTarget } from './loaded-target.ts';
import { writeProgram } from './write-program.ts';

/** @throws {UsageError} Proofs are written in other languages. */
export function parseProofLanguage(text: string): ProofLanguage {
  const language = PROOF_LANGUAGES.find((each) => each === text);
  if (language !== undefined) return language;
  throw new UsageError(
    `--emit: heapcheck writes no programs in '${text}'; pass one of ${PROOF_LANGUAGES.join(', ')}.`,
  );
}

/** A finding that was shown, and the file that its program stands in. */
interface Shown {
  readonly finding: Finding;
  readonly trace: Trace;
  readonly target: LoadedTarget;
  readonly path: string;
  readonly cwd: string;
}

/**
 * Writes a program that shows a finding without heapcheck, beside the file that it was replayed from.
 *
 * @returns Where it was written, or why not, as a line of the report.
 * @throws {UsageError} The file cannot be written.
 */
export function writeProof(shown: Shown, language: ProofLanguage): string {
  const { cwd, finding, path, target, trace } = shown;
  const made = target.makeTarget();
  const by = target.proofFrom?.(dirname(resolve(cwd, path)));
  if (by === undefined || isMachine(made))
    return `no proof   a program of its own cannot get at ${target.name}; pass a module of JavaScript, a library of C, or a module of WebAssembly that exports malloc and free`;
  const proof = emitProof({ finding, trace, target: made }, by, language);
  if ('why' in proof) return `no proof   ${proof.why}`;
  const written = `${path.replace(/\.ops$/, '')}.${language === 'js' ? 'mjs' : language}`;
  writeProgram(written, proof.text, cwd);
  return `proof      ${written}`;
}
