import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proofOfWasm } from '../cli/wasm-proof.ts';
import { formatMany } from '../cli/format.ts';
import type { Finding } from '../src/check/finding.ts';
import { Runner } from '../src/check/runner.ts';
import { emitProof } from '../src/emit/emit.ts';
import { parseProgram } from '../src/program/text.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';
import { plainCalls } from '../src/targets/wasm/plain-calls.ts';
import { wasmTarget } from '../src/targets/wasm/wasm-target.ts';
import { PROOF_CASES, type ProofCase, TOY, TOY_PROMISES } from './proof-cases.ts';

/** What the toy calls its calls; the last only where it is asked. */
const SYMBOLS = {
  malloc: 'toy_malloc',
  free: 'toy_free',
  calloc: 'toy_calloc',
  realloc: 'toy_realloc',
  aligned: 'toy_aligned',
};
const HANG_MS = 500;
/** Cases that break a law here: the others need bounds, or sizes of 64 bits, which there are none of. */
const SHOWN_MIN = 17;

/**
 * JavaScript programs that show what a run of the toy in WebAssembly found, run with the module as it is and with the one
 * that keeps every law.
 *
 * @returns How many did not show it, or showed it where it is not; and one more where too few findings were made.
 */
export function campaignOnWasmProofs(): number {
  console.log('programs in JavaScript that show a finding of a module of WebAssembly\n');
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-proofs-'));
  const ends = PROOF_CASES.map((each) => endOf(each, folder));
  rmSync(folder, { recursive: true });
  const shownCount = ends.filter((end) => end !== 'nothing to show').length;
  const wrongCount = ends.filter((end) => end === 'wrong').length;
  console.log(`\n  ${formatMany(shownCount, 'finding')}, ${wrongCount} wrong\n`);
  return wrongCount + Number(shownCount < SHOWN_MIN);
}

function endOf(each: ProofCase, folder: string): 'right' | 'wrong' | 'nothing to show' {
  const module = join(folder, 'toy.wasm');
  build(each.broken, module);
  const proof = proofOf(each, module);
  if (proof === undefined) return 'nothing to show';
  const { law, why, text = '' } = proof;
  const program = join(folder, 'proof.mjs');
  writeFileSync(program, text);
  const shown = spawnSync(process.execPath, [program]).status;
  build(0, module);
  const fine = spawnSync(process.execPath, [program]).status;
  const isRight = why === undefined && shown !== 0 && fine === 0;
  console.log(
    `  ${law.padEnd(32)} ${each.program.padEnd(46)} ${why ?? `status ${shown}, of the correct one ${fine}`}${isRight ? '' : '   WRONG'}`,
  );
  return isRight ? 'right' : 'wrong';
}

/** What shows the finding that a case's program makes; undefined: it makes none here. */
function proofOf(
  { isUsableTold, program: text }: ProofCase,
  module: string,
): { readonly law: string; readonly text?: string; readonly why?: string } | undefined {
  const bytes = new Uint8Array(readFileSync(module));
  const symbols = { ...SYMBOLS, ...(isUsableTold && { usableSize: 'toy_usable' }) };
  const options = { symbols, promises: TOY_PROMISES };
  const makeTarget = wasmTarget('toy', bytes, options);
  const { program } = parseProgram(
    `heapcheck program 1\n${text.replaceAll('; ', '\n')}\n`,
    'case.ops',
  );
  const runner = new Runner(makeTarget, { checkEvery: 1, record: 'outcomes' });
  const found = findingOf(runner, () => runner.run(program));
  if (found === undefined) return undefined;
  const by = proofOfWasm('./toy.wasm', plainCalls('toy', bytes, options));
  const target = makeTarget();
  return { law: found.finding.law, ...emitProof({ ...found, target }, by, 'js') };
}

function findingOf(
  runner: Runner,
  run: () => Finding | undefined,
): Pick<Parameters<typeof emitProof>[0], 'finding' | 'trace'> | undefined {
  try {
    const finding = withinTime(HANG_MS, run);
    return finding && { finding, trace: runner.trace };
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    const { op, step } = runner.at;
    const said = { observed: 'no answer', expected: 'an answer' };
    const finding = { law: 'answers-in-time', target: 'toy', step, op: op!.kind, ...said };
    return { finding, trace: [...runner.trace, { op: op!, step, outcome: { kind: 'stopped' } }] };
  }
}

function build(broken: number, file: string): void {
  const exported = [...Object.values(SYMBOLS), 'toy_usable'].map((name) => `-Wl,--export=${name}`);
  const target = ['--target=wasm32-wasi', '-O1', '-mexec-model=reactor', '-fno-builtin'];
  execFileSync('clang', [...target, ...exported, `-DBROKEN=${broken}`, TOY, '-o', file], {
    stdio: 'pipe',
  });
}
