import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import type { Io } from './io.ts';
import type * as command from './run.ts';

/** The built command, loaded by Node itself and not by vitest: so users' modules fail as they do for users. */
const { run } = createRequire(import.meta.url)('../dist/cli/run.js') as typeof command;

/** What a call of the command left behind. */
export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for one test file: fixtures go in, the command is called from there. */
export class TestFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'heapcheck-cli-')));

  /** Writes a file of the folder; a text is its content. */
  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Calls the command in this process. */
  async call(argv: readonly string[], io: Partial<Io> = {}): Promise<Called> {
    const stdout: string[] = [];
    const stderr: string[] = [];
    const code = await run(argv, {
      stdout: { write: (text) => stdout.push(text) },
      stderr: { write: (text) => stderr.push(text) },
      stdin: new PassThrough(),
      cwd: this.path,
      now: () => performance.now(),
      drawSeed: () => 0x5f1e_22d0,
      ...io,
    });
    return { code, stdout: stdout.join(''), stderr: stderr.join('') };
  }
}

/** Calls the built command as a process of its own. */
export function spawnCommand(argv: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
  const main = join(import.meta.dirname, '../dist/cli/main.js');
  return spawn(process.execPath, [main, ...argv], { cwd });
}

/** What a process left behind, once it has ended. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Called> {
  const closed = once(child, 'close') as Promise<[number]>;
  const [stdout, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = await closed;
  return { code, stdout, stderr };
}
