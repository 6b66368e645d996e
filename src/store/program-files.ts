import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fold } from '../base/prng.ts';
import { UsageError } from '../base/usage-error.ts';
import type { Program } from '../program/program.ts';
import { parseProgram, printProgram } from '../program/text.ts';
import type { StoredProgram } from './store.ts';

/** A program's hash, as the names of files have it. */
export function hashOf(program: Program): string {
  return fold(printProgram(program)).toString(16).padStart(8, '0');
}

/** Reads the programs of a folder whose names are wanted, by name; none from a folder that is not there. */
export function readPrograms(
  folder: string,
  isWanted: (name: string) => boolean,
): readonly StoredProgram[] {
  const names = listFolder(folder).filter(isWanted);
  return names.toSorted().map((name) => readProgram(join(folder, name)));
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new UsageError(
      `corpus: ${folder} cannot be read (${codeOf(error)}); pass a folder that can, or one that does not exist yet.`,
    );
  }
}

function readProgram(file: string): StoredProgram {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `corpus: ${file} cannot be read (${codeOf(error)}); make it readable, or move it out of the corpus.`,
    );
  }
  const { notes, program } = parseProgram(text, file);
  return { file, program, notes, law: notes.find(([key]) => key === 'law')?.[1] };
}

/** Writes a file so that it is there as a whole or not at all: in a folder of its own first, then moved. */
export function writeProgram({
  folder,
  path,
  text,
}: {
  folder: string;
  path: string;
  text: string;
}): void {
  let draft: string | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    draft = mkdtempSync(join(folder, '.draft-'));
    const draftFile = join(draft, 'program');
    writeFileSync(draftFile, text);
    renameSync(draftFile, path);
  } catch (error) {
    throw new UsageError(
      `corpus: ${path} cannot be written (${codeOf(error)}); pass a corpus folder that can be.`,
    );
  } finally {
    if (draft !== undefined) rmSync(draft, { recursive: true, force: true });
  }
}

/** What the operating system calls an error: `EACCES`. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
