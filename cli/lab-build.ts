import { join } from 'node:path';
import { MALLOC_LAB_HOST } from '../src/targets/remote/malloc-lab.ts';
import { buildFolder, compile } from './compile.ts';
import type { Handout } from './lab-handout.ts';

/** How the linkers of Linux give mm.c the host's mem_sbrk, which refuses memory when it is told to. Others cannot. */
const WRAPPED = process.platform === 'linux' ? ['-DWRAPS_SBRK', '-Wl,--wrap=mem_sbrk'] : [];

/**
 * Compiles a handout with the host.
 *
 * @returns The program's path.
 * @throws {UsageError} It does not compile; the message has the compiler's first error.
 */
export function buildHandout({ flags, folder, sources, spec }: Handout, cwd: string): string {
  const program = join(buildFolder(), 'host');
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
    ...WRAPPED,
  ];
  compile(args, { spec, kind: 'a handout', cwd });
  return program;
}
