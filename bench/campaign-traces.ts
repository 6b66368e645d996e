import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { openOps } from '../cli/load-program.ts';
import { runTrace } from '../cli/trace-run.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { referenceTarget } from '../src/targets/reference.ts';

/** Room for what a real program asks: addresses for all of it, frames for what it touches. */
const ARENA = { mapSize: 2 ** 40, framesCount: 2 ** 15, watch: 'on' } as const;

/**
 * Every trace of a folder on the reference on pages. Files of other kinds are named and left out.
 *
 * @returns How many traces broke a law.
 */
export function campaignOnTraces(folder: string): number {
  console.log(`traces on the reference on pages, from ${folder}\n`);
  let findingsCount = 0;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .toSorted();
  for (const name of names) {
    const trace = openTrace(join(folder, name), folder);
    if (trace === undefined) continue;
    const start = performance.now();
    const run = runTrace(referenceTarget({ machine: ARENA }), trace.read());
    const { counts, finding, op, refusals } = run;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const refused = [...refusals].map(([why, count]) => `, ${count} refused: ${why}`).join('');
    console.log(`  ${name.padEnd(46)} ${counts.ops} ops, ${seconds} s${refused}`);
    if (finding === undefined) continue;
    findingsCount += 1;
    console.log(
      `FINDING ${finding.law} at ${finding.step}, ${op ?? 'the end'}: ${finding.observed}`,
    );
  }
  console.log(`\n  ${findingsCount} findings\n`);
  return findingsCount;
}

/** A trace; nothing for a file that is none. */
function openTrace(
  file: string,
  folder: string,
): Extract<ReturnType<typeof openOps>, { kind: 'trace' }> | undefined {
  try {
    const ops = openOps(file, process.cwd());
    return ops.kind === 'trace' ? ops : undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.log(`  ${relative(folder, file).padEnd(46)} no trace`);
    return undefined;
  }
}
