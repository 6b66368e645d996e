import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { bugOf, type Finding } from '../src/check/finding.ts';
import {
  type Baseline,
  isKnown,
  parseBaseline,
  printBaseline,
  withFindings,
} from '../src/store/baseline.ts';
import { formatMany } from './format.ts';

export interface BaselineOptions {
  /** The file, as it stands on the command line. */
  readonly baseline?: string;
  /** Write what this run finds into it. */
  readonly updateBaseline?: boolean;
}

/** Findings that a project lives with, by its baseline: they are counted, and fail no run. */
export class KnownFindings {
  readonly isUpdated: boolean;
  readonly #path: string | undefined;
  readonly #file: string;
  readonly #baseline: Baseline;
  readonly #seen = new Set<string>();

  /** @throws {UsageError} The file cannot be read as a baseline. */
  constructor({ baseline: path, updateBaseline = false }: BaselineOptions, cwd: string) {
    if (path === undefined && updateBaseline)
      throw new UsageError(
        '--update-baseline: there is no file to write; pass --baseline FILE too.',
      );
    this.isUpdated = updateBaseline;
    this.#path = path;
    this.#file = resolve(cwd, path ?? '');
    this.#baseline =
      path === undefined ? { known: [] } : read(this.#file, { path, updateBaseline });
  }

  /** Whether a finding is known. It counts as seen then. */
  cover(finding: Finding): boolean {
    const isCovered = isKnown(this.#baseline, finding);
    if (isCovered) this.#seen.add(bugOf(finding));
    return isCovered;
  }

  /**
   * Ends a run: writes what was found, if that was asked.
   *
   * @returns What there is to say, if anything.
   * @throws {UsageError} The file cannot be written.
   */
  end(target: string, findings: readonly Finding[]): string | undefined {
    if (this.#path === undefined) return undefined;
    if (this.isUpdated) {
      const updated = withFindings(this.#baseline, findings);
      write(this.#file, this.#path, printBaseline(updated));
      const added = updated.known.length - this.#baseline.known.length;
      return `${this.#path} has ${formatMany(updated.known.length, 'known finding')} now, ${added} of them new`;
    }
    const ofTarget = this.#baseline.known.filter((each) => each.target === target);
    const unseen = ofTarget.filter(({ bug }) => !this.#seen.has(bug)).map(({ bug }) => bug);
    const rest = unseen.length === 0 ? '' : `; not seen in this run: ${unseen.join(', ')}`;
    return `${formatMany(this.#seen.size, 'known finding')} of ${this.#path} seen${rest}`;
  }
}

function read(
  file: string,
  { path, updateBaseline }: { readonly path: string; readonly updateBaseline: boolean },
): Baseline {
  if (updateBaseline && !existsSync(file)) return { known: [] };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--baseline: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); pass a file that --update-baseline wrote, or add --update-baseline to begin one.`,
    );
  }
  return parseBaseline(text, path);
}

function write(file: string, path: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(
      `--baseline: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}); pass a file that can be.`,
    );
  }
}
