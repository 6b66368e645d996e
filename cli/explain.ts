import { CommanderError } from 'commander';
import { UsageError } from '../src/base/usage-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Interrupted } from './interrupt.ts';
import type { Io } from './io.ts';
import { packageVersion } from './package-version.ts';

/** A call, for what there is to say about its end. */
interface Call {
  readonly io: Io;
  readonly argv: readonly string[];
}

/** Says on stderr why the command ended, in one sentence where the caller can mend it. */
export function explain(error: unknown, call: Call): ExitCode {
  const { stderr } = call.io;
  if (error instanceof CommanderError) return explainCall(error, call);
  if (error instanceof UsageError) {
    stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof Interrupted) {
    stderr.write('stopped by Ctrl-C\n');
    return EXIT.clean;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(
    `${stack}\n\nThis is a failure of heapcheck itself (${packageVersion()}, Node ${process.versions.node}). Please report it with the lines above and the command that led to it.\n`,
  );
  return EXIT.failure;
}

/** What commander says of a call that it cannot read: `error: unknown option '--sed'\n(Did you mean --seed?)`. */
function explainCall(error: CommanderError, { io, argv }: Call): ExitCode {
  if (error.exitCode === 0) return EXIT.clean;
  // The help was printed in place of a sentence.
  if (error.code === 'commander.help') return EXIT.usage;
  const [said = '', hint = ''] = error.message.split('\n');
  const problem = said
    .replace(/^error: /, '')
    .replace(/\. Expected/, ': expected')
    .replace(/\.$/, '');
  const meant = /\(Did you mean (?:one of )?(.+)\?\)/.exec(hint)?.[1];
  const subcommand = error.code === 'commander.unknownCommand' ? '' : `${argv[0]} `;
  const mend =
    meant === undefined
      ? `'heapcheck ${subcommand}--help' shows what there is.`
      : `did you mean ${meant}?`;
  io.stderr.write(`heapcheck: ${problem}; ${mend}\n`);
  return EXIT.usage;
}
