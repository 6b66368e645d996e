import type { Engine } from '../fuzz/engine.ts';
import type { Finding } from '../src/check/finding.ts';
import type { Program } from '../src/program/program.ts';
import { timedOutFinding } from '../src/supervise/guarded-run.ts';
import { TimedOut, withinTime } from '../src/supervise/watchdog.ts';

/** A batch of programs; a hang is a finding of the program that was running. */
export function runBatch(
  engine: Engine,
  { count, hangMs }: { readonly count: number; readonly hangMs: number },
): { readonly program: Program; readonly finding: Finding } | undefined {
  try {
    return withinTime(hangMs, () => engine.run(count));
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    return { program: engine.program, finding: timedOutFinding(engine.runner, hangMs) };
  }
}
