/** A host that is started by Node: loads the native library of its argument, a `NativeSpec` as JSON, and serves it. */
import { UsageError } from '../../base/usage-error.ts';
import { EXIT_USAGE } from '../../supervise/hosts.ts';
import { nativeTarget } from './native-target.ts';
import { parseNativeSpec } from './spec-text.ts';
import { ProgramServer } from './program-server.ts';
import { systemCalls } from './system-calls.ts';

try {
  const system = await systemCalls();
  system.forbidCores();
  const makeTarget = await nativeTarget(parseNativeSpec(process.argv[2]!), 'native');
  new ProgramServer(makeTarget(), system).serve();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}
