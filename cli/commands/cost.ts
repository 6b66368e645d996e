import { UsageError } from '../../src/base/usage-error.ts';
import { WEIGHTS } from '../../src/kernel/cost.ts';
import type { Op } from '../../src/program/op.ts';
import { lessons } from '../../src/targets/lessons.ts';
import { meteredRun } from '../../src/targets/metered-run.ts';
import { costSettings } from '../cost-settings.ts';
import { type CostColumn, costTable } from '../cost-table.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { formatCount } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { lessonTable } from '../lesson-table.ts';
import { openOps, type OpsFile } from '../load-program.ts';
import type { Output } from '../output.ts';
import { openSession, type Session } from '../session.ts';

export interface CostCommandOptions {
  /** One text a column. */
  readonly with?: readonly string[];
  readonly touch?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const WEIGHTS_SENTENCE = `cost: an access counts ${WEIGHTS.access}, a fault ${WEIGHTS.fault}, a system call ${WEIGHTS.call}`;

/** `heapcheck cost`: what a program makes the machine do, or what the note's claims of cost come to. */
export async function cost(
  io: Io,
  path: string | undefined,
  options: CostCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  if (path === undefined) await costOfLessons(session, options);
  else await costOfFile(session, path, options);
  return EXIT.clean;
}

async function costOfLessons({ output }: Session, options: CostCommandOptions): Promise<void> {
  const stray = (['with', 'touch'] as const).find((name) => options[name] !== undefined);
  if (stray !== undefined)
    throw new UsageError(
      `--${stray}: there is no file to run; pass a program or a trace, or leave --${stray} out.`,
    );
  const all = await interruptible(lessons);
  output.say("What the lecture note's claims of cost come to on the simulated machine\n");
  for (const lesson of all) output.say(`${lessonTable(lesson).join('\n')}\n`);
  output.say(WEIGHTS_SENTENCE);
  output.document({ command: 'cost', weights: WEIGHTS, lessons: all });
}

async function costOfFile(
  { io, output }: Session,
  path: string,
  options: CostCommandOptions,
): Promise<void> {
  const configurations = costSettings(options.with);
  const file = openOps(path, io.cwd);
  const writes = options.touch === true ? 'granted-bytes' : 'nothing';
  const columns: CostColumn[] = [];
  for (const { run, title } of configurations) {
    const metered = await interruptible(() => meteredRun(opsOf(file), { ...run, writes }));
    columns.push({ title, run: metered });
  }
  const written = options.touch === true ? ', each byte that it grants written once' : '';
  output.say(`${path} on the reference heap over the pages of a machine${written}\n`);
  for (const line of costTable(columns)) output.say(line);
  output.say(`\n${WEIGHTS_SENTENCE}`);
  for (const column of columns) tellEarlyEnd(output, column);
  output.document({
    command: 'cost',
    file: path,
    writes,
    weights: WEIGHTS,
    columns: columns.map(({ run, title }) => ({ settings: title, ...run })),
  });
}

function opsOf(file: OpsFile): Iterable<Op> {
  return file.kind === 'program' ? file.program : file.read();
}

function tellEarlyEnd(output: Output, { run, title }: CostColumn): void {
  if (run.earlyEnd === undefined) return;
  const { op, reason, step } = run.earlyEnd;
  output.tell(
    `${title}: the machine ended the program at op ${formatCount(step)}, ${op}: ${reason}. Counted is what happened until then; --with memory=BYTES sets how much there is.`,
  );
}
