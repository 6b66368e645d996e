/**
 * Holds the order of the house: which folder may import which, who may read a clock or the
 * environment, and that imports never lead in a circle.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { Visitor, parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';

/**
 * What each folder may import beside itself and Node's own modules. `src` stands for every folder of
 * the library, `*` for everything; a name that is no folder is a package.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/machine': ['src/base'],
  'src/kernel': ['src/base', 'src/machine'],
  'src/heap': ['src/base'],
  'src/allocators': ['src/base', 'src/heap'],
  'src/program': ['src/base'],
  'src/check': ['src/base', 'src/program'],
  'src/minimize': ['src/base', 'src/program', 'src/check'],
  'src/trace-formats': ['src/base', 'src/program'],
  'src/emit': ['src/base', 'src/program', 'src/check'],
  'src/supervise': ['src/base', 'src/program', 'src/check'],
  'src/targets': [
    'src/base',
    'src/machine',
    'src/kernel',
    'src/heap',
    'src/allocators',
    'src/program',
    'src/check',
    'src/supervise',
    'koffi',
  ],
  'src/store': ['src/base', 'src/program', 'src/check'],
  'src/viewer': ['src/base', 'src/program', 'src/check'],
  'src/index.ts': ['src'],
  properties: ['src', 'fast-check', 'vitest'],
  fuzz: ['src'],
  cli: ['*'],
  bench: ['*'],
  examples: ['*'],
};

/** What makes two runs of one seed differ, and the only folders that may use it. */
const UNREPEATABLE = [
  'Date.now',
  'performance.now',
  'process.hrtime',
  'process.env',
  'Math.random',
];
const MAY_DIFFER = new Set(['src/supervise', 'cli', 'bench', 'examples']);

const ROOT = posix.join(import.meta.dirname, '..');
const PROJECT = readProject();

describe('imports', () => {
  test('follow the table', () => {
    expect(brokenImports(PROJECT)).toEqual([]);
  });

  test.each([
    ['src/heap/a.ts', `import '../base/bits.ts';\nimport { b } from '../machine/b.ts';`, 2],
    ['src/heap/a.ts', `import type { B } from '../check/b.ts';`, 1],
    ['src/heap/a.ts', `export * from '../index.ts';`, 1],
    ['src/heap/a.ts', `\n\nconst b = await import('../targets/mutants/b.ts');`, 3],
    ['src/heap/a.ts', `let b: import('../kernel/b.ts').B;`, 1],
    ['src/check/a.ts', `import fc from 'fast-check';`, 1],
    ['src/index.ts', `export { b } from '../fuzz/b.ts';`, 1],
    ['src/stray/a.ts', `import { b } from '../base/b.ts';`, 1],
    ['fuzz/a.ts', `import { b } from '../properties/b.ts';`, 1],
    ['properties/a.ts', `import { b } from 'commander';`, 1],
  ])('planted in %s as %j are refused', (path, text, line) => {
    const name = /'([^']+)'[^']*$/.exec(text)?.[1];
    const broken = brokenImports([sourceFile(path, text)]);
    expect(broken).toEqual([`${path}:${line} may not import ${name}`]);
  });

  test.each([
    ['src/heap/a.ts', `import { b } from './b.ts';`],
    ['src/heap/a.ts', `// import { b } from '../kernel/b.ts';`],
    ['src/targets/mutants/a.ts', `import { b } from '../reference.ts';`],
    ['src/store/a.ts', `import { readFileSync } from 'node:fs';`],
    ['src/index.ts', `export * from './check/law.ts';`],
    ['properties/suites/a.ts', `import { b } from '../../src/heap/b.ts';`],
    ['cli/a.ts', `import { b } from '../fuzz/b.ts';\nimport 'commander';`],
  ])('planted in %s as %j are accepted', (path, text) => {
    expect(brokenImports([sourceFile(path, text)])).toEqual([]);
  });

  test('never lead in a circle', () => {
    expect(importCycles(PROJECT)).toEqual([]);
  });

  test('that lead in a circle are named from file to file', () => {
    const circle = [
      sourceFile('fuzz/main.ts', `import './a.ts';\nimport './b.ts';`),
      sourceFile('fuzz/a.ts', `import './b.ts';`),
      sourceFile('fuzz/b.ts', `import type { A } from './a.ts';`),
    ];
    expect(importCycles(circle)).toEqual(['fuzz/a.ts -> fuzz/b.ts -> fuzz/a.ts']);
  });
});

describe('below the command', () => {
  test('nothing reads a clock, the environment or unseeded randomness', () => {
    expect(unrepeatableUses(PROJECT)).toEqual([]);
  });

  test.each(UNREPEATABLE)('a planted %s is refused in src and accepted in cli', (name) => {
    const text = `/** Not ${name}. */\nconst a = ${name};`;
    const project = [sourceFile('src/check/a.ts', text), sourceFile('cli/a.ts', text)];
    expect(unrepeatableUses(project)).toEqual([`src/check/a.ts:2 may not use ${name}`]);
  });
});

interface Use {
  readonly line: number;
  readonly name: string;
}

interface SourceFile {
  /** From the project's root, with `/`. */
  readonly path: string;
  /** Imports of values and of types alike. */
  readonly imports: readonly Use[];
  /** Every `object.property` in the code. */
  readonly members: readonly Use[];
}

function brokenImports(project: readonly SourceFile[]): string[] {
  return project.flatMap(({ path, imports }) =>
    imports
      .filter(({ name }) => !isAllowed(path, importedPath(path, name)))
      .map(({ line, name }) => `${path}:${line} may not import ${name}`),
  );
}

function isAllowed(path: string, imported: string): boolean {
  const from = folderOf(path);
  const to = folderOf(imported);
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return false;
  if (imported.startsWith('node:') || from === to) return true;
  return allowed.some((name) => name === '*' || name === to || imported.startsWith(`${name}/`));
}

/** The row of the table: `src/heap/block.ts` lies in `src/heap`, `cli/main.ts` in `cli`. */
function folderOf(path: string): string {
  const [top = '', below = ''] = path.split('/');
  return top === 'src' ? `src/${below}` : top;
}

/** A path from the project's root, or the name of a package or of one of Node's modules. */
function importedPath(path: string, name: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(path), name) : name;
}

/** The cycles that a depth first walk meets, each once. */
function importCycles(project: readonly SourceFile[]): string[] {
  const files = new Map(project.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const cycles: string[] = [];

  function walk(path: string, way: readonly string[]): void {
    if (finished.has(path)) return;
    if (way.includes(path)) {
      cycles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
      return;
    }
    const imports = files.get(path)?.imports ?? [];
    for (const { name } of imports) walk(importedPath(path, name), [...way, path]);
    finished.add(path);
  }

  for (const path of files.keys()) walk(path, []);
  return cycles;
}

function unrepeatableUses(project: readonly SourceFile[]): string[] {
  return project
    .filter(({ path }) => !MAY_DIFFER.has(folderOf(path)))
    .flatMap(({ path, members }) =>
      members
        .filter(({ name }) => UNREPEATABLE.includes(name))
        .map(({ line, name }) => `${path}:${line} may not use ${name}`),
    );
}

/** Every source file but the tests, which may import and use anything. */
function readProject(): SourceFile[] {
  return ['src', 'properties', 'fuzz', 'cli', 'bench', 'examples']
    .filter((folder) => existsSync(posix.join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(posix.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
        .filter((path) => /\.[jt]s$/.test(path) && !/\.(test|test-helper)\.ts$/.test(path)),
    )
    .map((path) => sourceFile(path, readFileSync(posix.join(ROOT, path), 'utf8')));
}

function sourceFile(path: string, text: string): SourceFile {
  const imports: Use[] = [];
  const members: Use[] = [];
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const addImport = (node: { source: object | null }): void => {
    const { source } = node;
    if (source === null || !('value' in source && 'start' in source)) return;
    imports.push({ line: lineAt(Number(source.start)), name: String(source.value) });
  };

  new Visitor({
    ImportDeclaration: addImport,
    ExportNamedDeclaration: addImport,
    ExportAllDeclaration: addImport,
    ImportExpression: addImport,
    TSImportType: addImport,
    MemberExpression: ({ start, end }) => {
      members.push({ line: lineAt(start), name: text.slice(start, end) });
    },
  }).visit(parseSync(path, text).program);
  return { path, imports, members };
}
