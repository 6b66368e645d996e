import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { isMeantFor, type MakeTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import { addKept, readKept } from '../src/store/kept-programs.ts';

/** Folders of programs that a search goes on from: all are read, the first is written. */
export interface ProgramFolders {
  /** Those of the target's family, each once. */
  readonly known: readonly Program[];
  /** Adds programs to the first folder. @returns How many were not there; undefined where no folder was named. */
  add(programs: readonly Program[]): number | undefined;
}

/** @throws {UsageError} A folder is none, or a file in it is no program. */
export function openFolders(
  folders: readonly string[],
  makeTarget: MakeTarget,
  cwd: string,
): ProgramFolders {
  const target = makeTarget();
  const paths = folders.map((folder) => {
    const path = resolve(cwd, folder);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== false) return path;
    throw new UsageError(
      `${folder}: this is a file; pass a folder of programs, which need not exist.`,
    );
  });
  const programs = paths.flatMap((path) => readKept(path).map(({ program }) => program));
  const known = programs.filter((program) => isMeantFor(program, target));
  const [first] = paths;
  return { known, add: (more) => (first === undefined ? undefined : addKept(first, more)) };
}
