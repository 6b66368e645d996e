import { UsageError } from '../base/usage-error.ts';
import { bugOf, type Finding } from '../check/finding.ts';

/*
 * A baseline lists bugs that are known, so that a project with an open bug keeps a green run and still sees a new one.
 * It is a file to be committed and read in a diff: one bug a line, between the lines that make it JSON.
 */

const FORMAT = 'baseline 1';

/** A bug as a baseline names it: what tells one bug from another. */
interface KnownBug {
  /** Name of the target. */
  readonly target: string;
  /** The bug, as `bugOf` says it. */
  readonly bug: string;
  /** For people: a ticket, or why it stays. */
  readonly why?: string | undefined;
}

export interface Baseline {
  readonly known: readonly KnownBug[];
}

export function isKnown({ known }: Baseline, finding: Finding): boolean {
  const bug = bugOf(finding);
  return known.some((each) => each.target === finding.target && each.bug === bug);
}

/** The baseline with these findings, by target and bug; what stood there before keeps its reason. */
export function withFindings(baseline: Baseline, findings: readonly Finding[]): Baseline {
  const more = findings
    .filter((finding) => !isKnown(baseline, finding))
    .map((finding): KnownBug => ({ target: finding.target, bug: bugOf(finding) }));
  const known = new Map([...baseline.known, ...more].map((each) => [keyOf(each), each]));
  return { known: [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each) };
}

function keyOf({ bug, target }: KnownBug): string {
  return `${target}\n${bug}`;
}

export function printBaseline({ known }: Baseline): string {
  const lines = known.map((each) => `    ${JSON.stringify(each)}`);
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n  "heapcheck": "${FORMAT}",\n  "known": ${list}\n}\n`;
}

/** @throws {UsageError} The text is no baseline; the place is named. */
export function parseBaseline(text: string, file: string): Baseline {
  const refuse = (place: string, got: unknown, mend: string): never => {
    throw new UsageError(`${file}: ${place}: got ${JSON.stringify(got)}; ${mend}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${file}: this is no JSON (${(error as Error).message}); pass a file that --update-baseline wrote.`,
    );
  }
  const { heapcheck, known } = fieldsOf(value);
  if (heapcheck !== FORMAT)
    refuse(
      'heapcheck',
      heapcheck,
      `"${FORMAT}" is read here; write the file anew with --update-baseline.`,
    );
  if (!Array.isArray(known)) return refuse('known', known, 'pass a list of bugs.');
  return {
    known: known.map((each: unknown, index): KnownBug => {
      const { bug, target, why } = fieldsOf(each);
      if (typeof target !== 'string')
        return refuse(`known[${index}].target`, target, 'pass the name of a target.');
      if (typeof bug !== 'string')
        return refuse(
          `known[${index}].bug`,
          bug,
          'pass what --update-baseline writes: the law and the kind of op.',
        );
      return { target, bug, ...(typeof why === 'string' && { why }) };
    }),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
