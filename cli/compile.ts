import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';

const atExit: string[] = [];

/** A folder for what is compiled, that is gone when heapcheck ends. */
export function buildFolder(): string {
  if (atExit.length === 0)
    process.on('exit', () => {
      for (const each of atExit) rmSync(each, { recursive: true, force: true });
    });
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-build-'));
  atExit.push(folder);
  return folder;
}

export interface CompileOptions {
  /** What is compiled, as it was named on the command line. */
  readonly spec: string;
  /** What it is: `a handout`. */
  readonly kind: string;
  readonly cwd: string;
}

/**
 * Calls the system's C compiler.
 *
 * @throws {UsageError} There is none, or it does not compile; the message has the compiler's first error.
 */
export function compile(args: readonly string[], { cwd, kind, spec }: CompileOptions): void {
  const { error, status, stderr } = spawnSync('cc', args, { cwd, encoding: 'utf8' });
  if (error !== undefined)
    throw new UsageError(
      `${spec}: ${kind} needs a C compiler, and there is no 'cc' (${error.message}); apt-get install gcc.`,
    );
  if (status === 0) return;
  throw new UsageError(
    `${spec}: ${explainCompiler(stderr, { isNarrow: args.includes('-m32'), cwd })}`,
  );
}

/** Headers and libraries that only a 32-bit toolchain has. */
const NO_TOOLCHAIN =
  /gnu\/stubs-32\.h|bits\/libc-header-start\.h|asm\/\w+\.h|skipping incompatible .*libgcc|cannot find S?crt1\.o/i;
/** What a linker or a compiler says that was built without a sanitizer. */
const NO_SANITIZER =
  /(?:cannot find|no such file).*?lib(?:clang_rt\.)?([tau]|ub)san|-fsanitize=.*(?:not supported|unsupported)/i;
const ERROR = /^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.+)$/m;
const MISSING = /undefined reference to [`'](\w+)'|"_(\w+)", referenced from/;

/** What the compiler's errors come to, in a sentence that says how to mend them. */
export function explainCompiler(
  stderr: string,
  { cwd, isNarrow }: { readonly cwd: string; readonly isNarrow: boolean },
): string {
  if (isNarrow && NO_TOOLCHAIN.test(stderr))
    return "it is built with -m32, and cc has no 32-bit toolchain; apt-get install gcc-multilib, or pass --cflags='-O2'.";
  if (NO_SANITIZER.test(stderr))
    return 'cc has no such sanitizer here; apt-get install libtsan2 or libasan8, or leave out --sanitize.';
  const [, file, line, problem] = ERROR.exec(stderr) ?? [];
  if (file !== undefined)
    return `it does not compile, ${relative(cwd, file)}:${line}: ${problem}; mend it, or pass other --cflags.`;
  const [, missing, missingOnMac] = MISSING.exec(stderr) ?? [];
  const name = missing ?? missingOnMac;
  if (name !== undefined)
    return `it does not link, there is no ${name}; add it, or name the files with --mm and --memlib.`;
  return `cc fails: ${stderr.trim().split('\n')[0]}; mend it, or pass other --cflags.`;
}
