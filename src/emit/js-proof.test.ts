import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { LAWS } from '../check/law.ts';
import { Runner } from '../check/runner.ts';
import type { MakeAllocatorTarget } from '../check/target.ts';
import type { Finding } from '../check/finding.ts';
import type { Trace } from '../check/trace.ts';
import type { Program } from '../program/program.ts';
import { parseProgram } from '../program/text.ts';
import { TimedOut, withinTime } from '../supervise/watchdog.ts';
import { type MakeAllocator, objectTarget } from '../targets/object.ts';
import { BREAKS, type Break, CORRECT } from './allocators.test-helper.ts';
import { emitProof } from './emit.ts';

const folder = mkdtempSync(join(tmpdir(), 'heapcheck-proofs-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'correct.mjs'), CORRECT);

describe.concurrent('an emitted program', () => {
  test.each(BREAKS.map((each, index) => ({ ...each, index })))(
    '$index shows $law by $program, and nothing of an allocator that keeps it',
    async ({ index, law, program: text, ...patch }) => {
      const broken = `broken-${index}.mjs`;
      writeFileSync(join(folder, broken), patched({ law, program: text, ...patch }));
      const make = await load(broken);
      const program = parse(text);
      const { finding, trace } = find(make, program);
      expect(finding.law).toBe(law);
      const proof = emitProof({ finding, trace, target: make() }, moduleAt(broken), 'js');
      const source = 'text' in proof ? proof.text : '';
      writeFileSync(join(folder, `fine-${index}.mjs`), source.replaceAll(broken, 'correct.mjs'));
      // A test cannot wait as long as a reader.
      writeFileSync(join(folder, `proof-${index}.mjs`), source.replaceAll(/\b2000\b/g, '200'));
      const run = law === 'answers-in-time' ? inProcess : inThread;
      const [shown, fine] = await Promise.all([
        run(`proof-${index}.mjs`),
        run(`fine-${index}.mjs`),
      ]);
      expect(fine).toBe(0);
      expect(shown).toBe(1);
    },
  );
});

test('every law is shown by a program, or it is said why not', () => {
  const shown = new Set(BREAKS.map(({ law }) => law));
  const rest = LAWS.map(({ name }) => name).filter((name) => !shown.has(name));
  expect(rest).toEqual(['same-program-same-addresses']);
});

function patched({ find: old, replace }: Break): string {
  const parts = CORRECT.split(old);
  expect(parts).toHaveLength(2);
  return parts.join(replace);
}

async function load(file: string): Promise<MakeAllocatorTarget> {
  const { default: make } = (await import(join(folder, file))) as { default: MakeAllocator };
  return objectTarget('toy', make);
}

function parse(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll('; ', '\n')}\n`, 'a.ops').program;
}

function find(make: MakeAllocatorTarget, program: Program): { finding: Finding; trace: Trace } {
  const runner = new Runner(make, { checkEvery: 1, record: 'outcomes' });
  try {
    const finding = withinTime(300, () => runner.run(program))!;
    return { finding, trace: runner.trace };
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    const { op, step } = runner.at;
    const finding = {
      law: 'answers-in-time',
      target: 'toy',
      step,
      op: op!.kind,
      observed: '',
      expected: '',
    };
    return { finding, trace: [...runner.trace, { op: op!, step, outcome: { kind: 'stopped' } }] };
  }
}

function moduleAt(file: string): { kind: 'module'; specifier: string } {
  return { kind: 'module', specifier: `./${file}` };
}

/** A thread starts sooner than a process, and ends with a status as well. */
function inThread(file: string): Promise<number> {
  return new Promise((resolve) => {
    const thread = new Worker(join(folder, file), { stdout: true, stderr: true });
    thread.on('error', () => undefined);
    thread.on('exit', resolve);
  });
}

function inProcess(file: string): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(folder, file)], () =>
      resolve(child.exitCode ?? -1),
    );
  });
}
