import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';

/** An allocator of `examples/broken.c`. */
export interface BrokenAllocator {
  readonly malloc: string;
  /** What it breaks, one of these. */
  readonly laws: readonly string[];
  /** Ops of the shortest program that shows it. */
  readonly opsCount: number;
}

export const BROKEN: readonly BrokenAllocator[] = [
  { malloc: 'overlap_malloc', laws: ['blocks-stay-apart', 'contents-survive'], opsCount: 2 },
  { malloc: 'segfault_malloc', laws: ['calls-return'], opsCount: 1 },
  { malloc: 'endless_malloc', laws: ['answers-in-time'], opsCount: 1 },
];

/**
 * Builds `examples/broken.c` in a folder that lives as long as it is used.
 *
 * @throws {UsageError} There is no C compiler.
 */
export async function withBrokenLibrary(
  use: (library: string, folder: string) => Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-'));
  const library = join(folder, 'libbroken.so');
  try {
    compile(library);
    return await use(library, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(library: string): void {
  try {
    execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, 'examples/broken.c'], {
      stdio: 'pipe',
    });
  } catch (error) {
    throw new UsageError(
      `cc cannot build examples/broken.c, ${String(error).split('\n')[0]}; apt-get install gcc libc6-dev.`,
    );
  }
}
