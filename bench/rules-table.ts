import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Rule } from '../src/base/rule.ts';
import { SMALL_ALLOCATOR_INVARIANTS } from '../src/allocators/invariants.ts';
import { LAWS } from '../src/check/law.ts';
import { HEAP_INVARIANTS } from '../src/heap/invariants.ts';
import { THREAD_RULES } from '../src/targets/kernel.ts';
import { MACHINE_RULES } from '../src/targets/machine.ts';
import { type Mutant, MUTANTS } from '../src/targets/mutants/index.ts';
import { CATALOGUE, REQUIREMENTS_COUNT, UNNAMED_ROWS } from './unnamed-rows.ts';

/** Every rule, by what keeps it. */
export const RULE_GROUPS: Readonly<Record<string, readonly Rule[]>> = {
  'Laws: what every allocator owes its caller': LAWS,
  'The reference heap': HEAP_INVARIANTS,
  'The small allocators': SMALL_ALLOCATOR_INVARIANTS,
  'The machine and its address spaces': MACHINE_RULES,
  'Threads on a core': THREAD_RULES,
};

/** Where rules are broken by hand or by a planted line. */
const DAMAGE_FILES: ReadonlySet<string> = new Set([
  'src/targets/mutants/mutants.test.ts',
  'src/heap/invariants.test.ts',
  'src/machine/invariants.test.ts',
  'src/kernel/invariants.test.ts',
  'src/kernel/invariants-planted.test.ts',
  'src/kernel/core-damages.test-helper.ts',
  'src/targets/kernel.test.ts',
]);

/** A file of tests, by its path from the project's root, with `/`. */
export interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** Reads the tests of the project, by path. */
export function readTests(root: string): readonly TestFile[] {
  const folders = ['src', 'properties', 'fuzz', 'cli', 'bench', 'examples'];
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name).replaceAll(sep, '/'),
      ),
    )
    .filter((path) => path.endsWith('.test.ts') || DAMAGE_FILES.has(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** A rule's mutants, the one with the shortest program in front. */
export function mutantsOf(rule: Rule): readonly Mutant[] {
  return MUTANTS.filter(({ law }) => law === rule.name).toSorted(
    (a, b) =>
      opsOf(a.shortest).length - opsOf(b.shortest).length || a.shortest.length - b.shortest.length,
  );
}

/** Files of tests that break a rule without a mutant. */
export function damagesOf(rule: Rule, tests: readonly TestFile[]): readonly string[] {
  return tests
    .filter(({ path, text }) => DAMAGE_FILES.has(path) && text.includes(`'${rule.name}'`))
    .map(({ path }) => path);
}

/** Ids of the catalogue that no rule names. */
export function unnamedIds(): readonly string[] {
  const named = new Set(
    Object.values(RULE_GROUPS).flatMap((rules) => rules.flatMap(({ rows }) => rows.split(' '))),
  );
  return Object.entries(CATALOGUE)
    .flatMap(([letter, { count }]) => Array.from({ length: count }, (_, at) => letter + (at + 1)))
    .filter((id) => !named.has(id));
}

/** Tests whose titles begin with the id of a requirement; where titles are made of tables, what those say. */
export function testsOf(
  id: string,
  tests: readonly TestFile[],
): readonly { readonly path: string; readonly title: string }[] {
  const titles = new RegExp(
    String.raw`(?:\(|\[)\s*(['"${'`'}])(?<own>${id}(?: [A-Z]\d+)*:? .+?)\1\s*,|row: '${id}',\s*says:\s*(['"])(?<says>.+?)\3,\n`,
    'g',
  );
  return tests.flatMap(({ path, text }) =>
    [...text.matchAll(titles)].map(({ groups }) => ({
      path,
      title: (groups?.['own'] ?? `${id} ${groups?.['says']}`).replaceAll(/\\(['"])/g, '$1'),
    })),
  );
}

/** Ids of all requirements: R01, R02, … */
export function requirementIds(): readonly string[] {
  return Array.from({ length: REQUIREMENTS_COUNT }, (_, at) => `R${`${at + 1}`.padStart(2, '0')}`);
}

/** The text of docs/rules.md. */
export function rulesDocument(tests: readonly TestFile[]): string {
  const groups = Object.entries(RULE_GROUPS).map(([title, rules]) => {
    const rows = rules.map((rule) => ruleRow(rule, tests));
    return `## ${title}\n${table(['rule', 'rows', 'what it says', 'broken by', 'shortest program'], rows)}`;
  });
  const unnamed = unnamedIds().map((id) => [id, UNNAMED_ROWS[id]?.why ?? '']);
  const requirements = requirementIds().map((id) => [id, listOfTests(testsOf(id, tests))]);
  return [
    `# Rules\n\nWritten by \`npm run rules\`; a test holds it to the code. ${catalogueSentence()}`,
    `A rule is broken by its mutants (\`npx heapcheck list mutants\`), beside which is the shortest program of the first one, or, where there is none, by hand or by a planted line in the tests that are named.`,
    ...groups,
    `## Rows that no rule names\n${table(['row', 'why'], unnamed)}`,
    `## Requirements and their tests\nRows of the lecture note, with the tests whose titles begin with them; \`%s\` and the like stand for each case of a table.\n\n${table(['row', 'tests'], requirements)}`,
  ]
    .join('\n\n')
    .concat('\n');
}

function catalogueSentence(): string {
  const parts = Object.entries(CATALOGUE).map(
    ([letter, { count, of }]) => `${letter}1 to ${letter}${count} ${of}`,
  );
  return `Rows are ids of the project's catalogue: ${parts.join(', ')}; R01 to R${REQUIREMENTS_COUNT} are what the lecture note asks for.`;
}

function ruleRow(rule: Rule, tests: readonly TestFile[]): readonly string[] {
  const mutants = mutantsOf(rule);
  const broken = mutants.length > 0 ? mutants.map(({ name }) => name) : damagesOf(rule, tests);
  return [
    `\`${rule.name}\``,
    rule.rows,
    rule.says,
    broken.map((name) => `\`${name}\``).join(' '),
    mutants[0] === undefined ? '' : programCell(mutants[0].shortest),
  ];
}

function opsOf(program: string): readonly string[] {
  return program === '' ? [] : program.split('\n');
}

function programCell(program: string): string {
  return program === '' ? 'any, even one without ops' : `\`${opsOf(program).join('; ')}\``;
}

function listOfTests(found: ReturnType<typeof testsOf>): string {
  if (found.length === 0) return 'none';
  const paths = [...new Set(found.map(({ path }) => path))];
  return paths
    .map((path) => {
      const titles = found.filter((each) => each.path === path).map(({ title }) => title);
      return `\`${path}\`: ${titles.join('; ')}`;
    })
    .join('<br>');
}

/** A table in Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
