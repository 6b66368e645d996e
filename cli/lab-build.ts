import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { MALLOC_LAB_HOST } from '../src/targets/remote/malloc-lab.ts';
import type { Handout } from './lab-handout.ts';

/**
 * Compiles a handout with the host, in a folder of its own that is gone when heapcheck ends.
 *
 * @returns The program's path.
 * @throws {UsageError} It does not compile; the message has the compiler's first error.
 */
export function buildHandout({ flags, folder, sources, spec }: Handout, cwd: string): string {
  const buildFolder = mkdtempSync(join(tmpdir(), 'heapcheck-lab-'));
  removeAtExit(buildFolder);
  const program = join(buildFolder, 'host');
  // DRIVER is what later years' mm.c go by to name their functions mm_malloc and not malloc.
  const args = [
    ...flags,
    '-DDRIVER',
    '-I',
    folder,
    '-o',
    program,
    MALLOC_LAB_HOST,
    ...sources,
    '-lm',
  ];
  const { error, status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (error !== undefined)
    throw new UsageError(
      `${spec}: a handout needs a C compiler, and there is no 'cc' (${error.message}); apt-get install gcc.`,
    );
  if (status === 0) return program;
  throw new UsageError(
    `${spec}: ${explainCompiler(stderr, { isNarrow: flags.includes('-m32'), cwd })}`,
  );
}

const atExit: string[] = [];

function removeAtExit(folder: string): void {
  if (atExit.length === 0)
    process.on('exit', () => {
      for (const each of atExit) rmSync(each, { recursive: true, force: true });
    });
  atExit.push(folder);
}

/** Headers and libraries that only a 32-bit toolchain has. */
const NO_TOOLCHAIN =
  /gnu\/stubs-32\.h|bits\/libc-header-start\.h|asm\/\w+\.h|skipping incompatible .*libgcc|cannot find S?crt1\.o/i;
const ERROR = /^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.+)$/m;
const MISSING = /undefined reference to [`'](\w+)'|"_(\w+)", referenced from/;

/** What the compiler's errors come to, in a sentence that says how to mend them. */
export function explainCompiler(
  stderr: string,
  { cwd, isNarrow }: { readonly cwd: string; readonly isNarrow: boolean },
): string {
  if (isNarrow && NO_TOOLCHAIN.test(stderr))
    return "it is built with -m32, and cc has no 32-bit toolchain; apt-get install gcc-multilib, or pass --cflags='-O2'.";
  const [, file, line, problem] = ERROR.exec(stderr) ?? [];
  if (file !== undefined)
    return `it does not compile, ${relative(cwd, file)}:${line}: ${problem}; mend it, or pass other --cflags.`;
  const [, missing, missingOnMac] = MISSING.exec(stderr) ?? [];
  const name = missing ?? missingOnMac;
  if (name !== undefined)
    return `it does not link, there is no ${name}; add it, or name the files with --mm and --memlib.`;
  return `cc fails: ${stderr.trim().split('\n')[0]}; mend it, or pass other --cflags.`;
}
