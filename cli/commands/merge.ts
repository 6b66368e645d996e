import type { Io } from '../io.ts';
import { mergePrograms } from '../../fuzz/merge.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { formatMany } from '../format.ts';
import { loadTarget } from '../load-target.ts';
import { openFolders } from '../program-folders.ts';
import { openSession } from '../session.ts';
import { type TargetOptions, targetOptionsOf } from '../target-options.ts';

export interface MergeCommandOptions extends TargetOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `heapcheck merge`: adds to one folder what the programs of others show and its own do not. */
export async function merge(
  io: Io,
  {
    from,
    into,
    spec,
  }: { readonly spec: string; readonly into: string; readonly from: readonly string[] },
  options: MergeCommandOptions,
): Promise<ExitCode> {
  const { output } = openSession(io, options);
  const target = await loadTarget(spec, { ...targetOptionsOf(options), cwd: io.cwd });
  const { makeTarget } = target;
  const kept = openFolders([into], makeTarget, io.cwd);
  const others = openFolders(from, makeTarget, io.cwd).known;
  const addedCount = kept.add(mergePrograms(makeTarget, others, kept.known))!;
  output.say(
    `${into}: ${formatMany(addedCount, 'program')} added of ${others.length}; the others show nothing else on ${target.name}`,
  );
  output.document({
    command: 'merge',
    target: target.name,
    into,
    addedCount,
    readCount: others.length,
  });
  return EXIT.clean;
}
