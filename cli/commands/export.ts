import { basename } from 'node:path';
import { UsageError } from '../../src/base/usage-error.ts';
import type { Op } from '../../src/program/op.ts';
import { familyOf } from '../../src/program/program.ts';
import { Losses, TRACE_WRITERS, type TraceWriter } from '../../src/trace-formats/index.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { formatMany } from '../format.ts';
import type { Io } from '../io.ts';
import { openOps, type OpsFile } from '../load-program.ts';
import { openSession } from '../session.ts';
import { writeLines } from '../write-program.ts';

export interface ExportCommandOptions {
  readonly format: TraceWriter;
  readonly output?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** @throws {UsageError} Nothing is written in this format. */
export function parseTraceWriter(text: string): TraceWriter {
  const writer = TRACE_WRITERS.find(({ name }) => name === text);
  if (writer !== undefined) return writer;
  const names = TRACE_WRITERS.map(({ name }) => name).join(', ');
  throw new UsageError(`--format: heapcheck does not write '${text}'; pass one of ${names}.`);
}

/** `heapcheck export`: a program, or a trace of another format, becomes a trace for other programs. */
export function exportTrace(io: Io, path: string, options: ExportCommandOptions): ExitCode {
  const { output } = openSession(io, options);
  const { format } = options;
  const file = openOps(path, io.cwd);
  const losses = new Losses();
  const lines = format.write(() => opsOf(file), losses);
  const written = options.output ?? `${basename(path).replace(/\.[^.]+$/, '')}.${format.name}`;
  const linesCount = writeLines(written, lines, io.cwd);
  output.say(`${written}: ${formatMany(linesCount, 'line')} of ${format.name} from ${path}`);
  for (const { count, what } of losses.list()) output.say(`  ${count} ${what}`);
  output.document({
    command: 'export',
    file: path,
    written,
    format: format.name,
    linesCount,
    losses: losses.list(),
  });
  return EXIT.clean;
}

function opsOf(file: OpsFile): Iterable<Op> {
  if (file.kind === 'trace') return file.read();
  const family = familyOf(file.program);
  if (family === 'blocks') return file.program;
  throw new UsageError(
    `${file.path}: the program is one of ${family}, and traces hold what an allocator is asked; pass a program of blocks.`,
  );
}
