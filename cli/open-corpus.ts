import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { corpusFolder } from '../src/store/corpus-folder.ts';
import type { ProgramStore } from '../src/store/store.ts';

/**
 * Opens the folder where findings are kept; the first one creates it.
 *
 * @throws {UsageError} Something else is there: better said now than with the first finding in hand.
 */
export function openCorpus(path: string, cwd: string): ProgramStore {
  const folder = resolve(cwd, path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new UsageError(`--corpus: ${path} is a file; pass a folder, which need not exist yet.`);
  }
  return corpusFolder(folder);
}
