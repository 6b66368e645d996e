import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { UsageError } from '../src/base/usage-error.ts';
import { Column } from '../fuzz/explore/column.ts';
import { States } from '../fuzz/explore/states.ts';
import type { AlphabetOptions, ExplorerProgress } from '../fuzz/index.ts';

/** The first word of a state file, with its version. */
const MAGIC = 'heapcheck explore 2';

/** What a search is of: only one of the same may go on with its states. */
export interface SearchOf extends AlphabetOptions {
  readonly target: string;
}

/** The line in front of the columns of numbers. */
interface Header {
  readonly magic: string;
  readonly of: SearchOf;
  readonly opsMax?: number;
  readonly layerStarts: readonly number[];
  readonly doneCount: number;
  /** Numbers in each column. */
  readonly lengths: readonly number[];
}

/**
 * Reads how far a search came.
 *
 * @returns Undefined when there is no such file.
 * @throws {UsageError} The file holds something else, or the states of another search.
 */
export function readStateFile(path: string, of: SearchOf): ExplorerProgress | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readBytes(path);
  const lineEnd = bytes.indexOf(0x0a);
  const header = parseHeader(bytes.subarray(0, Math.max(0, lineEnd)).toString());
  if (header === undefined)
    throw new UsageError(
      `--resume: ${path} is no state of a search; pass another file, which need not exist yet.`,
    );
  const [here, there] = [describe(of), describe(header.of)];
  if (here !== there)
    throw new UsageError(
      `--resume: ${path} is of ${there}, and this search is of ${here}; pass the same, or another file.`,
    );
  const columns = readColumns(bytes.subarray(lineEnd + 1), header.lengths);
  if (columns === undefined)
    throw new UsageError(`--resume: ${path} is cut off; remove it, and search anew.`);
  const { doneCount, layerStarts, opsMax } = header;
  return { states: new States(columns), layerStarts, doneCount, opsMax };
}

/**
 * Writes how far a search came, as a whole or not at all.
 *
 * @throws {UsageError} The file cannot be written.
 */
export function writeStateFile(path: string, of: SearchOf, progress: ExplorerProgress): void {
  const { doneCount, layerStarts, opsMax, states } = progress;
  const lengths = states.columns.map(({ length }) => length);
  const header: Header = {
    magic: MAGIC,
    of,
    layerStarts,
    doneCount,
    lengths,
    ...(opsMax === undefined ? {} : { opsMax }),
  };
  const parts = states.columns.map((column) => {
    const { buffer, byteOffset, byteLength } = column.values();
    return Buffer.from(buffer, byteOffset, byteLength);
  });
  try {
    const draft = `${path}.draft`;
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...parts]));
    renameSync(draft, path);
  } catch (error) {
    throw new UsageError(
      `--resume: ${path} cannot be written (${codeOf(error)}); pass another file.`,
    );
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--resume: ${path} cannot be read (${codeOf(error)}); pass another file.`);
  }
}

function parseHeader(line: string): Header | undefined {
  try {
    const header = JSON.parse(line) as Header;
    return header.magic === MAGIC ? header : undefined;
  } catch {
    return undefined;
  }
}

function readColumns(bytes: Buffer, lengths: readonly number[]): readonly Column[] | undefined {
  const size = lengths.reduce((sum, length) => sum + length * 4, 0);
  if (bytes.length !== size) return undefined;
  const numbers = new Uint32Array(size / 4);
  new Uint8Array(numbers.buffer).set(bytes);
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return new Column(numbers.slice(start - length, start), length);
  });
}

function describe({ alignment, kinds, sizes, target }: SearchOf): string {
  const aligned = kinds.includes('aligned') ? `, alignment ${alignment}` : '';
  return `${target} with ${kinds.join(', ')} over sizes ${sizes.join(', ')}${aligned}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
