import { UsageError } from '../src/base/usage-error.ts';
import { EXIT } from '../cli/exit-code.ts';

/** From here on a script that was called wrongly ends with the sentence that says so, without a stack. */
export function tellUsageErrors(): void {
  process.once('uncaughtException', (error: Error) => {
    const isUsage =
      error instanceof UsageError ||
      ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    process.stderr.write(`${isUsage ? error.message : error.stack}\n`);
    process.exitCode = isUsage ? EXIT.usage : EXIT.failure;
  });
}
