import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../base/usage-error.ts';
import type { Finding } from '../check/finding.ts';
import { parseProgram } from '../program/text.ts';
import { corpusFolder } from './corpus-folder.ts';
import type { KeptFinding } from './store.ts';

let root: string;

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'corpus-')), 'corpus');
});

afterEach(() => {
  rmSync(join(root, '..'), { recursive: true });
});

const PROGRAM = parseProgram('heapcheck program 1\nb0 = malloc 24\nfree b0\n', 'a.ops').program;

/** A finding to keep, of a two-op program. */
function kept(parts: Partial<Finding> = {}, program = PROGRAM): KeptFinding {
  return {
    finding: {
      law: 'blocks-stay-apart',
      target: 'mutants/split-forgets',
      observed: 'this',
      expected: 'that',
      step: 1,
      op: 'free',
      ...parts,
    },
    program,
    found: { seed: 0x5f1e_22d0, opsCount: 211, runsCount: 38 },
  };
}

function writeSeed(name: string, text: string): void {
  mkdirSync(join(root, 'seeds'), { recursive: true });
  writeFileSync(join(root, 'seeds', name), text);
}

describe('keep', () => {
  test('names the file after law, target and program', () => {
    const file = corpusFolder(root).keep(kept());
    expect(file).toBe(
      join(root, 'findings', 'blocks-stay-apart.mutants-split-forgets.6aa9fcfd.ops'),
    );
  });

  test('writes the program under notes that say where it comes from', () => {
    expect(readFileSync(corpusFolder(root).keep(kept()), 'utf8')).toBe(
      [
        'heapcheck program 1',
        '# law: blocks-stay-apart',
        '# found: seed 0x5f1e_22d0 on mutants/split-forgets, shrunk from 211 ops in 38 runs',
        'b0 = malloc 24',
        'free b0',
        '',
      ].join('\n'),
    );
  });

  test('leaves a file of the same name as it is', () => {
    const store = corpusFolder(root);
    const file = store.keep(kept());
    writeFileSync(file, 'heapcheck program 1\n# why: written by hand\n');
    expect(store.keep(kept())).toBe(file);
    expect(readFileSync(file, 'utf8')).toContain('written by hand');
  });

  test('leaves nothing behind but the file', () => {
    corpusFolder(root).keep(kept());
    expect(readdirSync(join(root, 'findings'))).toHaveLength(1);
  });

  test('stays inside its folder, whatever a target and its invariants are called', () => {
    const file = corpusFolder(root).keep(kept({ law: '../../a.b', target: '..\\c: d/../ü.js' }));
    expect(file).toMatch(/findings[/\\]------a-b\.\.\.-c--d-\.\.-ü\.js\.[0-9a-f]{8}\.ops$/);
    expect(corpusFolder(root).findingsOf('..\\c: d/../ü.js')).toHaveLength(1);
  });

  test('says what to pass where it cannot write', () => {
    writeFileSync(root, 'a file where the folder belongs');
    expect(() => corpusFolder(root).keep(kept())).toThrow(UsageError);
    expect(() => corpusFolder(root).keep(kept())).toThrow(
      /cannot be written \((ENOTDIR|EEXIST)\); pass a corpus folder that can be\.$/,
    );
  });
});

describe('findingsOf', () => {
  test('has none where there is no folder', () => {
    expect(corpusFolder(root).findingsOf('reference')).toEqual([]);
  });

  test('reads back what was kept, notes and law with it', () => {
    const store = corpusFolder(root);
    const file = store.keep(kept());
    const [stored, ...more] = store.findingsOf('mutants/split-forgets');
    expect(more).toEqual([]);
    expect(stored).toMatchObject({ file, program: PROGRAM, law: 'blocks-stay-apart' });
    expect(stored?.notes.map(([key]) => key)).toEqual(['law', 'found']);
  });

  test('goes by name of the file', () => {
    const store = corpusFolder(root);
    const files = ['malloc-aligns', 'calloc-zeroes', 'calls-return'].map((law) =>
      store.keep(kept({ law })),
    );
    const stored = store.findingsOf('mutants/split-forgets');
    expect(stored.map(({ file }) => file)).toEqual(files.toSorted());
  });

  test.each([
    ['split-forgets', 'a target whose name ends alike'],
    ['forgets.ops', 'a target with a dot'],
    ['mutants', 'a target whose name starts alike'],
  ])('of %s has nothing of %s', (target) => {
    const store = corpusFolder(root);
    store.keep(kept());
    store.keep(kept({ target: 'more.forgets.ops' }));
    expect(store.findingsOf(target)).toEqual([]);
  });

  test('leaves out files of other names', () => {
    const store = corpusFolder(root);
    store.keep(kept());
    writeFileSync(join(root, 'findings', 'README.md'), 'not a program');
    writeFileSync(join(root, 'findings', 'a.mutants-split-forgets.xyz.ops'), 'not a hash');
    expect(store.findingsOf('mutants/split-forgets')).toHaveLength(1);
  });

  test('names file and line of a program that does not parse', () => {
    const store = corpusFolder(root);
    const file = store.keep(kept());
    writeFileSync(file, 'heapcheck program 1\nb0 = mallok 24\n');
    const place = `${file}:2: 'b0 = mallok 24' is no op`;
    expect(() => store.findingsOf('mutants/split-forgets')).toThrow(place);
  });

  test('says what to pass where the folder is a file', () => {
    mkdirSync(root);
    writeFileSync(join(root, 'findings'), '');
    expect(() => corpusFolder(root).findingsOf('reference')).toThrow(
      /findings cannot be read \(ENOTDIR\); pass a folder that can/,
    );
  });
});

describe('seeds', () => {
  test('are the programs of their folder, a law only where the notes name one', () => {
    writeSeed('b.ops', 'heapcheck program 1\nfree null\n');
    writeSeed('a.ops', 'heapcheck program 1\n# law: calloc-zeroes\n');
    writeSeed('a.txt', 'no program');
    expect(corpusFolder(root).seeds()).toMatchObject([
      { program: [], law: 'calloc-zeroes' },
      { program: [{ kind: 'free', slot: null }], law: undefined },
    ]);
  });

  test('that are no files are refused', () => {
    mkdirSync(join(root, 'seeds', 'folder.ops'), { recursive: true });
    expect(() => corpusFolder(root).seeds()).toThrow(
      /folder\.ops cannot be read \(EISDIR\); make it readable, or move it out of the corpus\.$/,
    );
  });
});
