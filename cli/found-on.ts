import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { familyOf, type ProgramFamily } from '../src/program/program.ts';
import type { ProgramText } from '../src/program/text.ts';
import { MUTANTS, mutantTargetName } from '../src/targets/mutants/index.ts';
import { isBuiltIn } from './load-built-in.ts';
import { filesOfName } from './load-target.ts';

/** The first target that performs the programs of a family. */
const PERFORMERS: Readonly<Record<ProgramFamily, string>> = {
  blocks: 'reference',
  pages: 'machine',
  threads: 'kernel',
};

/**
 * The target that a program file was found on, by its notes or its name; for one that says nothing, the first that
 * performs its ops: a kernel those of threads, a machine those on pages, the reference the others.
 *
 * @throws {UsageError} The target that it names is not here.
 */
export function targetOfProgram(
  path: string,
  { notes, program }: ProgramText,
  cwd: string,
): string {
  const found = notes.find(([key]) => key === 'found')?.[1] ?? '';
  const name = / on (.+?)(?:, shrunk.*)?$/.exec(found)?.[1] ?? mutantInFileName(path);
  if (name === undefined) return PERFORMERS[familyOf(program)];
  if (isBuiltIn(name)) return name;
  const file = filesOfName(name).find((candidate) => existsSync(resolve(cwd, candidate)));
  if (file !== undefined) return file;
  throw new UsageError(
    `${path}: the program was found on '${name}', which is no module below this folder; pass --target with its path.`,
  );
}

/** Whether that is this target. */
export function isFoundOn(path: string, file: ProgramText, { cwd, spec }: Place): boolean {
  try {
    return targetOfProgram(path, file, cwd) === spec;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

/** A target as it stands on the command line, and from where its path is read. */
interface Place {
  readonly spec: string;
  readonly cwd: string;
}

/** `<law>.mutants-<name>.<hash>.ops` names its mutant. */
function mutantInFileName(path: string): string | undefined {
  const middle = basename(path).split('.')[1];
  return MUTANTS.map(mutantTargetName).find((name) => name.replace('/', '-') === middle);
}
