import { readFileSync, writeFileSync } from 'node:fs';
import type { Finding } from '../src/check/finding.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, printOp, PROGRAM_HEADER } from '../src/program/text.ts';

/** The shortest program that is known for one mutant, law and kind of op. */
export interface KnownProgram {
  /** Name of the mutant, or of a bug that is planted for a benchmark. */
  readonly mutant: string;
  /** The law that it breaks and the kind of op, which shrinking keeps: what ends otherwise is no measure. */
  readonly ending: string;
  readonly program: Program;
}

const FILE = 'bench/known-programs.txt';
const HEAD = `# The shortest program known for each mutant, law and kind of op: name | law and op | program. Written by
# npm run bench:shrink -- --keep`;

/** Reads the shortest programs that are known. */
export function readKnownPrograms(): readonly KnownProgram[] {
  return readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [mutant = '', ending = '', text = ''] = line.split(' | ');
      const { program } = parseProgram(
        `${PROGRAM_HEADER}\n${text.replaceAll('; ', '\n')}`,
        `${FILE}: ${mutant}`,
      );
      return { mutant, ending, program };
    });
}

/** What a program ends in, as the file tells it: the law and the kind of op. */
export function endingOf({ law, op }: Finding): string {
  return `${law} ${op}`;
}

/** Keeps the shorter of what is known and what was found, a line an ending. */
export function keepShorter(found: readonly KnownProgram[]): void {
  const lines = shortestOfEach([...readKnownPrograms(), ...found]).map(
    ({ mutant, ending, program }) =>
      `${mutant} | ${ending} | ${program.map((op) => printOp(op)).join('; ')}`,
  );
  writeFileSync(FILE, `${[HEAD, ...lines.toSorted((a, b) => (a < b ? -1 : 1))].join('\n')}\n`);
}

function shortestOfEach(programs: readonly KnownProgram[]): readonly KnownProgram[] {
  const shortest = new Map<string, KnownProgram>();
  for (const each of programs) {
    const key = `${each.mutant} | ${each.ending}`;
    const known = shortest.get(key);
    if (known === undefined || each.program.length < known.program.length) shortest.set(key, each);
  }
  return [...shortest.values()];
}

/** Lengths of the shortest programs of a mutant, by what they end in. */
export type KnownLengths = ReadonlyMap<string, number>;

export function lengthsOf(known: readonly KnownProgram[], mutant: string): KnownLengths {
  const own = known.filter((each) => each.mutant === mutant);
  return new Map(own.map(({ ending, program }) => [ending, program.length]));
}

/** @returns Ops of the shortest program that ends so, or undefined when none is known. */
export function shortestOf(lengths: KnownLengths, finding: Finding): number | undefined {
  return lengths.get(endingOf(finding));
}

/** How shrunk programs compare with the shortest: as long, an op over, more. */
export function formatExcess(excess: readonly number[]): string {
  const count = (is: (more: number) => boolean): number => excess.filter((more) => is(more)).length;
  const equalCount = count((more) => more <= 0);
  const share = ((100 * equalCount) / Math.max(1, excess.length)).toFixed(1);
  return `${equalCount} as short as the shortest known (${share} %), ${count((more) => more === 1)} an op over, ${count((more) => more > 1)} more`;
}
