import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Finding } from '../check/finding.ts';
import { Runner } from '../check/runner.ts';
import type { MakeTarget } from '../check/target.ts';
import type { Trace } from '../check/trace.ts';
import type { Program } from '../program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../program/text.ts';
import { TimedOut, withinTime } from '../supervise/watchdog.ts';

/** A folder for emitted programs. */
export class ProofFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'heapcheck-proofs-'));

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name);
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  /** The status that a program ends with. A thread starts sooner than a process, and ends with one as well. */
  run(name: string): Promise<number> {
    return new Promise((resolve) => {
      const thread = new Worker(join(this.path, name), { stdout: true, stderr: true });
      thread.on('error', () => undefined);
      thread.on('exit', resolve);
    });
  }
}

/** The ops of a text with `; ` between them. */
export function programOf(text: string): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${text.replaceAll('; ', '\n')}\n`, 'a.ops').program;
}

/** What a program shows, with each step up to it; a hang is waited for a moment. */
export function shownBy(make: MakeTarget, program: Program): { finding: Finding; trace: Trace } {
  const runner = new Runner(make, { checkEvery: 1, record: 'outcomes' });
  try {
    const finding = withinTime(300, () => runner.run(program))!;
    return { finding, trace: runner.trace };
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    const { op, step } = runner.at;
    const said = { observed: 'no answer', expected: 'an answer' };
    const finding = { law: 'answers-in-time', target: 'toy', step, op: op!.kind, ...said };
    return { finding, trace: [...runner.trace, { op: op!, step, outcome: { kind: 'stopped' } }] };
  }
}
