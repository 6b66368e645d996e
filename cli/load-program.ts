import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { UsageError } from '../src/base/usage-error.ts';
import type { Op } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER, type ProgramText } from '../src/program/text.ts';
import {
  HEAD_LENGTH,
  splitLines,
  TRACE_FORMATS,
  type TraceFormat,
  type TraceSummary,
} from '../src/trace-formats/index.ts';

/** A file that holds ops: a program as text, or the trace of a real program, read as it is run. */
export type OpsFile =
  | ({ readonly kind: 'program'; readonly path: string } & ProgramText)
  | {
      readonly kind: 'trace';
      readonly path: string;
      readonly format: TraceFormat;
      /** Reads the ops from the start; the generator's return value is the summary. */
      read(): Generator<Op, TraceSummary, undefined>;
    };

const CHUNK_BYTES = 64 * 1024;

/**
 * Opens a file of ops. What it is, its first characters tell.
 *
 * @param path As it was given, for messages.
 * @throws {UsageError} There is no such file, it is neither program nor trace, or the program does not parse.
 */
export function openOps(path: string, cwd: string): OpsFile {
  const file = resolve(cwd, path);
  checkReadable(path, file);
  const head = [...readChunks(file, path, 1)].join('').slice(0, HEAD_LENGTH);
  if (head.trim() === '') {
    throw new UsageError(
      `${path}: the file is empty; a program's first line is '${PROGRAM_HEADER}'.`,
    );
  }
  if (head.startsWith('heapcheck program') || path.endsWith('.ops')) {
    const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    return { kind: 'program', path, ...parseProgram(text, path) };
  }
  const format = TRACE_FORMATS.find((candidate) => candidate.matches(head));
  if (format === undefined) {
    throw new UsageError(
      `${path}: the file is neither a program (its first line would be '${PROGRAM_HEADER}') nor a trace that heapcheck knows; 'heapcheck list formats' shows what it reads.`,
    );
  }
  return {
    kind: 'trace',
    path,
    format,
    read: () => format.read(splitLines(readChunks(file, path)), path),
  };
}

/**
 * All of a trace as a program, and what the trace says of itself.
 *
 * @throws {UsageError} The trace breaks its format.
 */
export function readWholeTrace(trace: OpsFile & { kind: 'trace' }): {
  readonly program: Program;
  readonly summary: TraceSummary;
} {
  const program: Op[] = [];
  const ops = trace.read();
  for (;;) {
    const next = ops.next();
    if (next.done === true) return { program, summary: next.value };
    program.push(next.value);
  }
}

function checkReadable(path: string, file: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(file).isDirectory();
  } catch {
    throw new UsageError(`${path}: there is no such file; pass the path of a program or a trace.`);
  }
  if (isFolder) {
    throw new UsageError(`${path}: this is a folder; pass the files in it, such as ${path}/*.ops.`);
  }
}

/** A file's text in chunks, so that memory does not grow with it. */
function* readChunks(
  file: string,
  path: string,
  chunksMax = Infinity,
): Generator<string, undefined, undefined> {
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const handle = open(file, path);
  try {
    for (let chunks = 0; chunks < chunksMax; chunks += 1) {
      const length = readSync(handle, buffer);
      if (length === 0) break;
      yield decoder.write(buffer.subarray(0, length));
    }
    yield decoder.end();
  } finally {
    closeSync(handle);
  }
}

function open(file: string, path: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`${path}: the file cannot be read (${code}); make it readable.`);
  }
}
