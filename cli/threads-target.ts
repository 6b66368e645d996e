import { existsSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { PRESETS, knownLibrary } from '../src/targets/native/presets.ts';
import { SANITIZER_ENV } from '../src/targets/remote/malloc-lab.ts';
import { ThreadHost, THREADS_HOST } from '../src/targets/threads/thread-host.ts';
import { buildFolder, compile } from './compile.ts';
import { quoted } from './finding-report.ts';
import { isLibrary } from './load-binary.ts';

/** What the command line says of an allocator that threads share, beside where it is. */
export interface ThreadsTargetOptions {
  readonly symbols?: Readonly<Record<string, string>>;
  readonly cflags?: string;
  readonly sanitize?: string;
}

/** The options as they stand on a command line, each with a space in front. */
export function printThreadsOptions({ cflags, sanitize, symbols }: ThreadsTargetOptions): string {
  const pairs = Object.entries(symbols ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    pairs.length === 0 ? '' : ` --symbols ${pairs.join(',')}`,
    cflags === undefined ? '' : ` --cflags ${quoted(cflags)}`,
    sanitize === undefined ? '' : ` --sanitize ${sanitize}`,
  ].join('');
}

/** An allocator that threads share. */
export interface ThreadsTarget {
  readonly name: string;
  readonly host: ThreadHost;
}

/**
 * Compiles the host of threads, and an allocator that is given as a file of C.
 *
 * @param spec The path of a library, or of a .c file.
 * @throws {UsageError} There is no such file, it cannot be compiled or loaded, or there is no compiler.
 */
export function loadThreadsTarget(
  spec: string,
  { cflags = '-O2 -g', sanitize, symbols }: ThreadsTargetOptions,
  cwd: string,
): ThreadsTarget {
  const file = resolve(cwd, spec);
  if (!existsSync(file))
    throw new UsageError(`target: there is no '${spec}'; pass a library of C, or a .c file.`);
  const isSource = extname(file) === '.c';
  if (!isSource && !isLibrary(file))
    throw new UsageError(`target: ${spec} is no library; pass a .so, or a .c file.`);
  if (!isSource && sanitize !== undefined)
    throw new UsageError(
      `--sanitize: ${spec} is built already; pass its .c file, or leave it out.`,
    );
  const folder = buildFolder();
  const flags = [
    ...cflags.split(/\s+/).filter((flag) => flag !== ''),
    ...(sanitize === undefined ? [] : [`-fsanitize=${sanitize}`, '-fno-omit-frame-pointer']),
  ];
  const command = join(folder, 'host');
  const libraries = ['-pthread', '-ldl'];
  const kind = 'an allocator that threads share';
  compile([...flags, '-o', command, THREADS_HOST, ...libraries], { spec, kind, cwd });
  const library = isSource ? join(folder, `lib${basename(file, '.c')}.so`) : file;
  if (isSource)
    compile([...flags, '-shared', '-fPIC', '-o', library, file, '-pthread'], { spec, kind, cwd });
  const name = nameOf(file, cwd);
  const known = knownLibrary(basename(file))?.env;
  const { aligned, calloc, free, malloc, realloc } = { ...PRESETS.libc.symbols, ...symbols };
  const host = new ThreadHost({
    name,
    command,
    library,
    symbols: { malloc, calloc, realloc, aligned, free },
    env: { ...process.env, ...SANITIZER_ENV, ...known },
  });
  return { name, host };
}

/** The path from here, or the file's name alone where that is no path downwards. */
function nameOf(file: string, cwd: string): string {
  const path = relative(cwd, file).replaceAll('\\', '/');
  return path.startsWith('..') ? basename(file) : path;
}
