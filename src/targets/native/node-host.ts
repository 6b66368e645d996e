/** A host that is started by Node: loads the native library of its argument, a `NativeSpec` as JSON, and serves it. */
import { UsageError } from '../../base/usage-error.ts';
import { EXIT_USAGE } from '../../supervise/hosts.ts';
import { nativeTarget } from './native-target.ts';
import { parseNativeSpec } from './spec-text.ts';
import { ProgramServer } from './program-server.ts';
import { systemCalls } from './system-calls.ts';

const LOAD_LIMIT_MS = 10_000;

try {
  const system = await systemCalls();
  system.forbidCores();
  // What a library does when it is loaded, it does here, and may never end.
  system.alarmAfter(LOAD_LIMIT_MS);
  const makeTarget = await nativeTarget(parseNativeSpec(process.argv[2]!), 'native');
  const target = makeTarget();
  system.alarmAfter(0);
  new ProgramServer(target, system).serve();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}
