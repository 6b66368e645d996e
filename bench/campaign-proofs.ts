import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../src/check/finding.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import type { Trace, TraceStep } from '../src/check/trace.ts';
import { emitProof, type ProofTarget } from '../src/emit/emit.ts';
import type { Op } from '../src/program/op.ts';
import { parseProgram } from '../src/program/text.ts';
import { PROOF_CASES, type ProofCase, TOY, TOY_PROMISES } from './proof-cases.ts';

/** The toy in `bench/proofs/toy.c`, as a caller sees it. */
const LIBRARY: ProofTarget = {
  kind: 'library',
  malloc: 'toy_malloc',
  free: 'toy_free',
  calloc: 'toy_calloc',
  realloc: 'toy_realloc',
  aligned: 'toy_aligned',
  systemInit: 'toy_begin',
  init: 'toy_init',
  bounds: ['toy_first', 'toy_last'],
  footprint: 'toy_taken',
  link: TOY,
};
const WITH_USABLE: ProofTarget = { ...LIBRARY, usableSize: 'toy_usable' };

/**
 * C programs that show a finding, built with the system's compiler against a small allocator that breaks the law, and
 * against the same one as it should be.
 *
 * @returns How many did not show it, or showed it where it is not.
 */
export function campaignOnProofs(): number {
  console.log('programs in C that show a finding\n');
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-proofs-'));
  let wrongCount = 0;
  for (const each of PROOF_CASES) {
    const shown = outcomeOf(each, each.broken, folder);
    const fine = outcomeOf(each, 0, folder);
    const isRight = fine === 'status 0' && !['status 0', 'no program'].includes(shown);
    if (!isRight) wrongCount += 1;
    console.log(
      `  ${each.law.padEnd(32)} ${each.program.padEnd(46)} ${shown}, of the correct one ${fine}${isRight ? '' : '   WRONG'}`,
    );
  }
  rmSync(folder, { recursive: true });
  console.log(`\n  ${wrongCount} of ${PROOF_CASES.length} wrong\n`);
  return wrongCount;
}

/** How the program of a case ends, built against the toy with this number. */
function outcomeOf(each: ProofCase, broken: number, folder: string): string {
  const by = each.isUsableTold ? WITH_USABLE : LIBRARY;
  const proof = emitProof(provenBy(each), by, 'c');
  if ('why' in proof) return proof.why;
  const source = join(folder, 'proof.c');
  const program = join(folder, 'proof');
  writeFileSync(source, proof.text);
  const flags = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-fno-builtin', `-DBROKEN=${broken}`];
  const built = spawnSync('cc', [...flags, source, TOY, '-o', program], { encoding: 'utf8' });
  if (built.status !== 0) return `no program: ${built.stderr}`;
  const { signal, status } = spawnSync(program);
  return signal === null ? `status ${status}` : signal;
}

/** The finding of a case as a run would tell it, with the outcome of each step. */
function provenBy({ isUsableTold, law, program: text, shows }: ProofCase): {
  readonly finding: Finding;
  readonly trace: Trace;
  readonly target: AllocatorTarget;
} {
  const { program } = parseProgram(
    `heapcheck program 1\n${text.replaceAll('; ', '\n')}\n`,
    'case.ops',
  );
  const isAtEnd = shows === 'at the end';
  const step = isAtEnd ? program.length : program.length - 1;
  const trace = program.map((op, index) => stepOf(op, index, index === step ? shows : undefined));
  const finding: Finding = {
    law,
    target: 'toy',
    step,
    op: isAtEnd ? 'end' : program[step]!.kind,
    observed: 'as it was observed',
    expected: 'as it was expected',
    ...(law === 'calls-return' && { crash: 'a signal' }),
  };
  return { finding, trace, target: targetOf(isUsableTold) };
}

function stepOf(op: Op, step: number, shows: ProofCase['shows']): TraceStep {
  if (shows === 'by a refusal') return { op, step, outcome: { kind: 'refused' } };
  if (shows === 'by its answer') return { op, step, outcome: { kind: 'stopped' } };
  if (shows === 'by a crash') return { op, step, outcome: { kind: 'crashed' } };
  if (op.kind === 'free') return { op, step, outcome: { kind: 'freed' } };
  return { op, step, outcome: { kind: 'granted', address: 0, size: 0 } };
}

/** What the toy promises; nothing of it is called here. */
function targetOf(isUsableTold = false): AllocatorTarget {
  return {
    name: 'toy',
    promises: TOY_PROMISES,
    malloc: () => null,
    free: () => true,
    ...(isUsableTold && { usableSize: () => 0 }),
  };
}
