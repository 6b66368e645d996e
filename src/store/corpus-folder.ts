import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatSeed } from '../base/prng.ts';
import { type Note, printProgram } from '../program/text.ts';
import { hashOf, readPrograms, writeProgram } from './program-files.ts';
import type { KeptFinding, ProgramStore } from './store.ts';

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
      return readPrograms(findings, (name) => {
        const lawEnd = name.indexOf('.');
        const hash = name.slice(lawEnd + middle.length);
        return name.startsWith(middle, lawEnd) && /^[0-9a-f]{8}\.ops$/.test(hash);
      });
    },
    seeds: () => readPrograms(join(root, 'seeds'), (name) => name.endsWith('.ops')),
    keep(kept) {
      const path = join(findings, fileNameOf(kept));
      if (!existsSync(path)) writeProgram({ folder: findings, path, text: textOf(kept) });
      return path;
    },
  };
}

function fileNameOf({ finding, program }: KeptFinding): string {
  return `${lawPart(finding.law)}.${targetPart(finding.target)}.${hashOf(program)}.ops`;
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
