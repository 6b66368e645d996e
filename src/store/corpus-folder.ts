import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fold, formatSeed } from '../base/prng.ts';
import { UsageError } from '../base/usage-error.ts';
import { type Note, parseProgram, printProgram } from '../program/text.ts';
import type { KeptFinding, ProgramStore, StoredProgram } from './store.ts';

/**
 * A store in a folder, one text file a program, made to be committed:
 *
 *     <root>/seeds/<any name>.ops
 *     <root>/findings/<law>.<target, with / as ->.<8 hex of the program's hash>.ops
 *
 * @param root Need not exist; the first finding creates it.
 */
export function corpusFolder(root: string): ProgramStore {
  const findings = join(root, 'findings');
  return {
    findingsOf(target) {
      const middle = `.${targetPart(target)}.`;
      return readFolder(findings, (name) => {
        const lawEnd = name.indexOf('.');
        const hash = name.slice(lawEnd + middle.length);
        return name.startsWith(middle, lawEnd) && /^[0-9a-f]{8}\.ops$/.test(hash);
      });
    },
    seeds: () => readFolder(join(root, 'seeds'), (name) => name.endsWith('.ops')),
    keep(kept) {
      const path = join(findings, fileNameOf(kept));
      if (!existsSync(path)) write({ folder: findings, path, text: textOf(kept) });
      return path;
    },
  };
}

function fileNameOf({ finding, program }: KeptFinding): string {
  const hash = fold(printProgram(program)).toString(16).padStart(8, '0');
  return `${lawPart(finding.law)}.${targetPart(finding.target)}.${hash}.ops`;
}

/** A rule's name as a part of a file's name: without a dot, which ends it. */
function lawPart(law: string): string {
  return law.replaceAll(/[^\p{L}\p{N}_-]/gu, '-');
}

/** A target's name as a part of a file's name, on any file system. */
function targetPart(target: string): string {
  return target.replaceAll(/[^\p{L}\p{N}_.-]/gu, '-');
}

function textOf({ finding, program, found }: KeptFinding): string {
  const { seed, opsCount, runsCount } = found;
  const notes: Note[] = [
    ['law', finding.law],
    [
      'found',
      `${seed === undefined ? 'by explore' : `seed ${formatSeed(seed)}`} on ${finding.target}, shrunk from ${opsCount} ops in ${runsCount} runs`,
    ],
  ];
  return printProgram(program, notes);
}

/** Reads the programs of a folder whose names are wanted, by name; none from a folder that is not there. */
function readFolder(folder: string, isWanted: (name: string) => boolean): readonly StoredProgram[] {
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
function write({ folder, path, text }: { folder: string; path: string; text: string }): void {
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
