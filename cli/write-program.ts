import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';

/**
 * Writes a new program file.
 *
 * @throws {UsageError} It cannot be written, or there is such a file already: that may be somebody's work.
 */
export function writeProgram(path: string, text: string, cwd: string): void {
  try {
    writeFileSync(resolve(cwd, path), text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'EEXIST'
        ? `${path}: there is such a file already; pass another with -o, or remove it.`
        : `${path}: the program cannot be written (${code}); pass another file with -o.`,
    );
  }
}
