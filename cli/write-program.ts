import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';

/** So many characters are written at a time. */
const CHUNK_LENGTH = 64 * 1024;

/**
 * Writes a new program file.
 *
 * @throws {UsageError} It cannot be written, or there is such a file already: that may be somebody's work.
 */
export function writeProgram(path: string, text: string, cwd: string): void {
  writeText(path, [text], cwd);
}

/**
 * Writes lines to a new file as they come, in memory that does not grow with their number. What ends early leaves none.
 *
 * @returns How many there were.
 * @throws {UsageError} As `writeProgram`.
 */
export function writeLines(path: string, lines: Iterable<string>, cwd: string): number {
  let linesCount = 0;
  function* chunks(): Generator<string, undefined, undefined> {
    let chunk = '';
    for (const line of lines) {
      linesCount += 1;
      chunk += `${line}\n`;
      if (chunk.length < CHUNK_LENGTH) continue;
      yield chunk;
      chunk = '';
    }
    yield chunk;
  }
  writeText(path, chunks(), cwd);
  return linesCount;
}

function writeText(path: string, chunks: Iterable<string>, cwd: string): void {
  const file = resolve(cwd, path);
  let handle: number | undefined;
  try {
    handle = openSync(file, 'wx');
    for (const chunk of chunks) writeFileSync(handle, chunk);
    closeSync(handle);
  } catch (error) {
    if (handle !== undefined) {
      closeSync(handle);
      unlinkSync(file);
    }
    throw explained(error, path);
  }
}

function explained(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  return new UsageError(
    error.code === 'EEXIST'
      ? `${path}: there is such a file already; pass another with -o, or remove it.`
      : `${path}: the program cannot be written (${String(error.code)}); pass another file with -o.`,
  );
}
