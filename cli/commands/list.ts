import { LAWS } from '../../src/check/law.ts';
import type { Rule } from '../../src/base/rule.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { PRESETS } from '../../src/heap/options.ts';
import { HEAP_INVARIANTS } from '../../src/heap/invariants.ts';
import { PROGRAM_HEADER } from '../../src/program/text.ts';
import { MUTANTS, mutantTargetName } from '../../src/targets/mutants/index.ts';
import { THREAD_RULES } from '../../src/targets/kernel.ts';
import { MACHINE_RULES } from '../../src/targets/machine.ts';
import { SMALL_ALLOCATOR_INVARIANTS } from '../../src/allocators/invariants.ts';
import { TRACE_FORMATS, TRACE_WRITERS } from '../../src/trace-formats/index.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { formatColumns } from '../format.ts';
import type { Io } from '../io.ts';
import { KERNEL_NAMES, MACHINE_NAMES, PAGED_NAMES } from '../load-built-in.ts';
import { openSession } from '../session.ts';

/** One line of a list: what a person reads, under the names that machines read. */
type Entry = Readonly<Record<string, string>>;

const LISTS = {
  targets: (): readonly Entry[] => [
    { name: 'reference', says: "heapcheck's own heap: boundary tags, bins, 16-aligned" },
    ...Object.keys(PRESETS)
      .filter((name) => name !== 'default')
      .map((name) => ({
        name: `reference/${name}`,
        says: 'the same with the options of a preset',
      })),
    ...PAGED_NAMES.map((name) => ({
      name,
      says: 'the same on the pages of a simulated machine',
    })),
    { name: 'buddy', says: 'powers of two over a pool of 1 MiB, split and merged' },
    { name: 'slab', says: 'pages cut into cells of 14 classes; big blocks are mapped' },
    { name: 'bump', says: 'a pointer that goes on until nothing is live' },
    ...KERNEL_NAMES.map((name) => ({
      name,
      says: 'a kernel with one core, for programs of threads',
    })),
    ...MACHINE_NAMES.map((name) => ({
      name,
      says: 'the machine alone, for programs that map, protect and touch pages',
    })),
    ...MUTANTS.map((mutant) => ({
      name: mutantTargetName(mutant),
      says: `breaks ${mutant.law}`,
    })),
    { name: 'PATH.js', says: 'a module whose default export makes an allocator' },
  ],
  mutants: (): readonly Entry[] =>
    MUTANTS.map((mutant) => ({
      name: mutantTargetName(mutant),
      law: mutant.law,
      says: mutant.story,
    })),
  laws: (): readonly Entry[] => LAWS.map((law) => ({ ...ruleEntry(law), needs: law.needs })),
  invariants: (): readonly Entry[] =>
    [...HEAP_INVARIANTS, ...SMALL_ALLOCATOR_INVARIANTS, ...MACHINE_RULES, ...THREAD_RULES].map(
      ruleEntry,
    ),
  formats: (): readonly Entry[] => [
    { name: 'program', says: `heapcheck's own programs; their first line is '${PROGRAM_HEADER}'` },
    ...TRACE_FORMATS.map(({ name, says }) => {
      const isWritten = TRACE_WRITERS.some((writer) => writer.name === name);
      return { name, says: isWritten ? `${says}; export writes it` : says };
    }),
  ],
} as const;

type ListName = keyof typeof LISTS;

/** What can be listed. */
export const LIST_NAMES = Object.keys(LISTS) as readonly ListName[];

/** @throws {UsageError} There is no such list. */
export function parseListName(text: string): ListName {
  const name = LIST_NAMES.find((each) => each === text);
  if (name !== undefined) return name;
  throw new UsageError(
    `list: there is no list of '${text}'; pass one of ${LIST_NAMES.join(', ')}.`,
  );
}

/** `heapcheck list`: what there is, as a table. */
export function list(io: Io, name: ListName, options: { readonly json?: boolean }): ExitCode {
  const { output } = openSession(io, options);
  const entries = LISTS[name]();
  if (output.isJson) output.document(entries);
  else for (const line of formatColumns(entries.map((entry) => cellsOf(entry)))) output.say(line);
  return EXIT.clean;
}

function ruleEntry({ name, rows, says, source }: Rule): Entry {
  return { name, rows, says, source };
}

/** The cells of a row, what machines alone want left out. */
function cellsOf({ name, law, says }: Entry): readonly string[] {
  return [name, law, says].filter((cell) => cell !== undefined);
}
