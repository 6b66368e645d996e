import { UsageError } from '../../src/base/usage-error.ts';
import { WEIGHTS } from '../../src/kernel/cost.ts';
import type { Op } from '../../src/program/op.ts';
import { familyOf, type ProgramFamily } from '../../src/program/program.ts';
import { lessons } from '../../src/targets/lessons.ts';
import { meteredPages } from '../../src/targets/metered-pages.ts';
import { meteredRun, type MeteredRun } from '../../src/targets/metered-run.ts';
import { KERNEL_TICKS, meteredThreads, SLICE_TICKS } from '../../src/targets/metered-threads.ts';
import { blockGroups, pageGroups } from '../cost-counts.ts';
import { checkKind, type CostSettings, costSettings } from '../cost-settings.ts';
import { type CostColumn, costTable } from '../cost-table.ts';
import { threadGroups } from '../cost-thread-counts.ts';
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
  readonly compare?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const WEIGHTS_SENTENCE = `cost: an access counts ${WEIGHTS.access}, a fault ${WEIGHTS.fault}, a system call ${WEIGHTS.call}`;

const TICKS_SENTENCE = `ticks: an access or a step of computing takes 1, and where nothing else is said a system call ${KERNEL_TICKS.call}, an interrupt ${KERNEL_TICKS.interrupt}, a switch ${formatCount(KERNEL_TICKS.switch)}, a slice ${formatCount(SLICE_TICKS)}`;
const REGISTERS_SENTENCE =
  'registers: what saving and restoring them added; the accesses above are those of the threads alone';

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
  const stray = (['with', 'touch', 'compare'] as const).find((name) => options[name] !== undefined);
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
  const settings = costSettings(options.with);
  const file = openOps(path, io.cwd);
  const kind = file.kind === 'trace' ? 'blocks' : familyOf(file.program);
  checkKind(settings, kind, path);
  checkFlags(options, kind, path);
  const told = { output, path };
  if (kind === 'blocks') return costOfBlocks(told, file, { settings, options });
  if (kind === 'pages') return costOfPages(told, opsOf(file), settings);
  const configurations = options.compare === true ? comparedSettings(settings) : settings;
  const common = options.compare === true ? options.with?.[0] : undefined;
  return costOfThreads(told, opsOf(file), { configurations, common });
}

/** Where to say what a file costs. */
interface Told {
  readonly output: Output;
  readonly path: string;
}

function opsOf(file: OpsFile): Iterable<Op> {
  return file.kind === 'program' ? file.program : file.read();
}

/** @throws {UsageError} A flag says nothing of a program of this kind. */
function checkFlags(
  { compare, touch }: CostCommandOptions,
  kind: ProgramFamily,
  path: string,
): void {
  if (touch === true && kind !== 'blocks')
    throw new UsageError(
      `--touch: ${path} is a program of ${kind}, which says itself what it writes; leave --touch out.`,
    );
  if (compare === true && kind !== 'threads')
    throw new UsageError(
      `--compare: ${path} is a program of ${kind}, which spawns nothing; pass a program of threads, or leave --compare out.`,
    );
}

async function costOfBlocks(
  { output, path }: Told,
  file: OpsFile,
  how: { readonly settings: readonly CostSettings[]; readonly options: CostCommandOptions },
): Promise<void> {
  const isTouched = how.options.touch === true;
  const writes = isTouched ? 'granted-bytes' : 'nothing';
  const columns = await columnsOf(how.settings, ({ run }) =>
    meteredRun(opsOf(file), { ...run, writes }),
  );
  const written = isTouched ? ', each byte that it grants written once' : '';
  output.say(`${path} on the reference heap over the pages of a machine${written}\n`);
  for (const line of costTable(columns, blockGroups)) output.say(line);
  output.say(`\n${WEIGHTS_SENTENCE}`);
  for (const column of columns) tellEarlyEnd(output, column);
  tellDocument({ output, path }, columns, { writes });
}

async function costOfPages(
  told: Told,
  program: Iterable<Op>,
  settings: readonly CostSettings[],
): Promise<void> {
  const columns = await columnsOf(settings, ({ pages }) => meteredPages(program, pages));
  const { output, path } = told;
  output.say(`${path} on a machine with one address space\n`);
  for (const line of costTable(columns, pageGroups)) output.say(line);
  output.say(`\n${WEIGHTS_SENTENCE}`);
  tellDocument(told, columns);
}

async function costOfThreads(
  told: Told,
  program: Iterable<Op>,
  how: {
    readonly configurations: readonly ThreadSettings[];
    /** The settings that all columns have. */
    readonly common: string | undefined;
  },
): Promise<void> {
  const { common, configurations } = how;
  const columns = await columnsOf(configurations, ({ threads }) =>
    meteredThreads(program, threads),
  );
  const { output, path } = told;
  output.say(`${path} on a kernel with one core${common === undefined ? '' : `, ${common}`}\n`);
  for (const line of costTable(columns, threadGroups)) output.say(line);
  output.say(`\n${WEIGHTS_SENTENCE}`);
  output.say(TICKS_SENTENCE);
  output.say(REGISTERS_SENTENCE);
  for (const { run, title } of columns)
    if (run.deadlock !== undefined) output.tell(`${title}: threads wait for ever: ${run.deadlock}`);
  tellDocument(told, columns, common === undefined ? {} : { with: common });
}

type ThreadSettings = Pick<CostSettings, 'threads' | 'title'>;

/**
 * The three ways to have several threads of work, on the same machine.
 *
 * @throws {UsageError} The settings leave no room for them.
 */
function comparedSettings([base, ...more]: readonly CostSettings[]): readonly ThreadSettings[] {
  if (base === undefined || more.length > 0)
    throw new UsageError('--compare: it makes three columns of its own; pass --with only once.');
  const { given, threads } = base;
  if (given.some(({ name }) => name === 'ids'))
    throw new UsageError('--compare: ids is what its columns differ in; leave ids out of --with.');
  const column = (
    title: string,
    spawns: 'processes' | 'threads',
    ids: 'on' | 'off',
  ): ThreadSettings => {
    const { machine } = threads;
    const tlb = { ...machine?.tlb, ids };
    return { title, threads: { ...threads, spawns, machine: { ...machine, tlb } } };
  };
  return [
    column('processes', 'processes', 'off'),
    column('processes,ids', 'processes', 'on'),
    column('threads', 'threads', 'off'),
  ];
}

/** A run for each of some configurations. */
async function columnsOf<Settings extends { readonly title: string }, Run>(
  settings: readonly Settings[],
  run: (settings: Settings) => Run,
): Promise<readonly CostColumn<Run>[]> {
  const columns: CostColumn<Run>[] = [];
  for (const each of settings)
    columns.push({ title: each.title, run: await interruptible(() => run(each)) });
  return columns;
}

function tellDocument(
  { output, path }: Told,
  columns: readonly CostColumn<object>[],
  more: Readonly<Record<string, string>> = {},
): void {
  output.document({
    command: 'cost',
    file: path,
    ...more,
    weights: WEIGHTS,
    columns: columns.map(({ run, title }) => ({ settings: title, ...run })),
  });
}

function tellEarlyEnd(output: Output, { run, title }: CostColumn<MeteredRun>): void {
  if (run.earlyEnd === undefined) return;
  const { op, reason, step } = run.earlyEnd;
  output.tell(
    `${title}: the machine ended the program at op ${formatCount(step)}, ${op}: ${reason}. Counted is what happened until then; --with memory=BYTES sets how much there is.`,
  );
}
