import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Finding } from '../src/check/finding.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import type { Trace, TraceStep } from '../src/check/trace.ts';
import { emitProof, type ProofTarget } from '../src/emit/emit.ts';
import type { Op } from '../src/program/op.ts';
import { parseProgram } from '../src/program/text.ts';

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
  link: resolve('bench/proofs/toy.c'),
};
const WITH_USABLE: ProofTarget = { ...LIBRARY, usableSize: 'toy_usable' };

/** A number of the toy's, the law that it breaks, and a program that shows it, or that does in its closing frees. */
interface ProofCase {
  readonly broken: number;
  readonly law: string;
  readonly program: string;
  readonly shows?: 'at the end' | 'by a crash' | 'by a refusal' | 'by its answer';
  readonly by?: ProofTarget;
}

const CASES: readonly ProofCase[] = [
  { broken: 1, law: 'malloc-aligns', program: 'b0 = malloc 8' },
  { broken: 2, law: 'blocks-stay-apart', program: 'b0 = malloc 24; b1 = malloc 8' },
  { broken: 2, law: 'contents-survive', program: 'b0 = malloc 200; b1 = malloc 8; free b0' },
  { broken: 3, law: 'zero-size-keeps-promise', program: 'b0 = malloc 0', shows: 'by its answer' },
  { broken: 4, law: 'impossible-request-is-refused', program: 'b0 = malloc 4294967312' },
  { broken: 5, law: 'answers-in-time', program: 'b0 = malloc 40', shows: 'by a crash' },
  { broken: 6, law: 'calls-return', program: 'b0 = malloc 40', shows: 'by a crash' },
  { broken: 19, law: 'calls-return', program: 'b0 = malloc 40', shows: 'by a crash' },
  { broken: 7, law: 'blocks-stay-inside', program: 'b0 = malloc 65536' },
  {
    broken: 8,
    law: 'failed-request-changes-nothing',
    program: 'b0 = malloc 65536',
    shows: 'by a refusal',
  },
  { broken: 9, law: 'malloc-aligns', program: 'b0 = aligned 256 8' },
  { broken: 10, law: 'usable-size-covers-request', program: 'b0 = malloc 8', by: WITH_USABLE },
  {
    broken: 11,
    law: 'usable-size-stays',
    program: 'b0 = malloc 8; b1 = malloc 80',
    by: WITH_USABLE,
  },
  { broken: 12, law: 'slack-is-bounded', program: 'b0 = malloc 8', by: WITH_USABLE },
  { broken: 13, law: 'free-null-does-nothing', program: 'free null' },
  { broken: 14, law: 'contents-survive', program: 'b0 = malloc 8; b1 = malloc 8; free b0' },
  {
    broken: 14,
    law: 'contents-survive',
    program: 'b0 = malloc 8; b1 = malloc 8',
    shows: 'at the end',
  },
  { broken: 15, law: 'calls-return', program: 'b0 = malloc 8; free b0', shows: 'by a crash' },
  { broken: 15, law: 'calls-return', program: 'b0 = malloc 8', shows: 'at the end' },
  { broken: 16, law: 'freed-space-returns', program: 'b0 = malloc 65000', shows: 'at the end' },
  {
    broken: 17,
    law: 'calloc-zeroes',
    program: 'b0 = malloc 64; free b0; b0 = calloc 4 16',
  },
  { broken: 18, law: 'realloc-keeps-prefix', program: 'b0 = malloc 200; b1 = realloc b0 180' },
  {
    broken: 18,
    law: 'realloc-keeps-prefix',
    program: 'b0 = malloc 200; b0 = realloc b0 300',
    by: WITH_USABLE,
  },
];

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
  for (const each of CASES) {
    const shown = outcomeOf(each, each.broken, folder);
    const fine = outcomeOf(each, 0, folder);
    const isRight = fine === 'status 0' && !['status 0', 'no program'].includes(shown);
    if (!isRight) wrongCount += 1;
    console.log(
      `  ${each.law.padEnd(32)} ${each.program.padEnd(46)} ${shown}, of the correct one ${fine}${isRight ? '' : '   WRONG'}`,
    );
  }
  rmSync(folder, { recursive: true });
  console.log(`\n  ${wrongCount} of ${CASES.length} wrong\n`);
  return wrongCount;
}

/** How the program of a case ends, built against the toy with this number. */
function outcomeOf(each: ProofCase, broken: number, folder: string): string {
  const { by = LIBRARY } = each;
  const proof = emitProof(provenBy(each), by, 'c');
  if ('why' in proof) return proof.why;
  const source = join(folder, 'proof.c');
  const program = join(folder, 'proof');
  writeFileSync(source, proof.text);
  const flags = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-fno-builtin', `-DBROKEN=${broken}`];
  const toy = resolve('bench/proofs/toy.c');
  const built = spawnSync('cc', [...flags, source, toy, '-o', program], { encoding: 'utf8' });
  if (built.status !== 0) return `no program: ${built.stderr}`;
  const { signal, status } = spawnSync(program);
  return signal === null ? `status ${status}` : signal;
}

/** The finding of a case as a run would tell it, with the outcome of each step. */
function provenBy({ law, program: text, shows, by = LIBRARY }: ProofCase): {
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
  return { finding, trace, target: targetOf(by) };
}

function stepOf(op: Op, step: number, shows: ProofCase['shows']): TraceStep {
  if (shows === 'by a refusal') return { op, step, outcome: { kind: 'refused' } };
  if (shows === 'by its answer') return { op, step, outcome: { kind: 'stopped' } };
  if (shows === 'by a crash') return { op, step, outcome: { kind: 'crashed' } };
  if (op.kind === 'free') return { op, step, outcome: { kind: 'freed' } };
  return { op, step, outcome: { kind: 'granted', address: 0, size: 0 } };
}

/** What the toy promises; nothing of it is called here. */
function targetOf(by: ProofTarget): AllocatorTarget {
  return {
    name: 'toy',
    promises: { alignment: 16, zeroSize: 'block', slack: 15, recovers: 65_000 },
    malloc: () => null,
    free: () => true,
    ...('usableSize' in by && { usableSize: () => 0 }),
  };
}
