import { basename } from 'node:path';
import { UsageError } from '../../src/base/usage-error.ts';
import { printProgram } from '../../src/program/text.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { formatMany } from '../format.ts';
import type { Io } from '../io.ts';
import { openOps, readWholeTrace } from '../load-program.ts';
import { openSession } from '../session.ts';
import { sayTraceSummary } from '../trace-summary.ts';
import { writeProgram } from '../write-program.ts';

export interface ImportCommandOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `heapcheck import`: a trace becomes a program file. */
export function importTrace(io: Io, path: string, options: ImportCommandOptions): ExitCode {
  const { output } = openSession(io, options);
  const file = openOps(path, io.cwd);
  if (file.kind === 'program') {
    throw new UsageError(
      `${path}: the file is a program already; 'heapcheck replay' runs it as it is.`,
    );
  }
  const { program, summary } = readWholeTrace(file);
  const written = options.output ?? `${basename(path).replace(/\.[^.]+$/, '')}.ops`;
  const text = printProgram(program, [['from', `${basename(path)}, a ${file.format.name} trace`]]);
  writeProgram(written, text, io.cwd);
  output.say(
    `${written}: ${formatMany(summary.opsCount, 'op')} from ${path} (${file.format.name})`,
  );
  sayTraceSummary(output, summary);
  output.document({ command: 'import', file: path, written, format: file.format.name, summary });
  return EXIT.clean;
}
