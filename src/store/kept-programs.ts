import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program/program.ts';
import { printProgram } from '../program/text.ts';
import { hashOf, readPrograms, writeProgram } from './program-files.ts';
import type { StoredProgram } from './store.ts';

/**
 * Programs that a search keeps from one time to the next, one text file a program, `<8 hex of its hash>.ops`.
 *
 * @returns Those of a folder by name, whatever they are called; none where there is no folder.
 * @throws {UsageError} A file is not readable as a program; file and line are named.
 */
export function readKept(folder: string): readonly StoredProgram[] {
  return readPrograms(folder, (name) => name.endsWith('.ops'));
}

/**
 * Adds programs to a folder, which need not exist.
 *
 * @returns How many were not there.
 * @throws {UsageError} The folder cannot be written.
 */
export function addKept(folder: string, programs: readonly Program[]): number {
  let addedCount = 0;
  for (const program of programs) {
    const path = join(folder, `${hashOf(program)}.ops`);
    if (existsSync(path)) continue;
    writeProgram({ folder, path, text: printProgram(program) });
    addedCount += 1;
  }
  return addedCount;
}
